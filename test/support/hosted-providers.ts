import { AT_HASH, atJwt, foreign, ISSUED_AT, jwt, NONCE, type ProviderTokens, untyped } from './provider-tokens.js';

const API = 'https://orders.example.com';
const USER = '2f5b1d3e-8c6a-4c1e-9a7b-6d2f1e0c9b8a';
const TENANT = '9d1f2c3b-4a5e-4f60-8b7c-1a2b3c4d5e6f';
const CLIENT = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
const API_ID = '11112222-bbbb-3333-cccc-4444dddd5555';

const PROFILE = { name: 'Alice', email: 'alice@example.com', email_verified: true };

// auth0.com/docs: access token profiles, ID token structure. Refresh tokens are opaque.
const auth0IdToken = jwt({
  ...PROFILE,
  nickname: 'alice',
  picture: 'https://cdn.example.com/alice.png',
  updated_at: '2027-01-15T07:59:00.000Z',
  sub: 'auth0|6553da60a54af58e29493993',
  aud: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja',
  sid: 'xoUmHoIYqDtmDdrOvDCgSEyP-gpMsBwd',
});

const AUTH0: readonly ProviderTokens[] = [
  {
    provider: 'Auth0',
    issuer: 'https://tenant.eu.auth0.com/',
    audience: API,
    access: jwt({
      sub: 'auth0|6553da60a54af58e29493993',
      aud: [API, 'https://tenant.eu.auth0.com/userinfo'],
      scope: 'openid profile read:orders',
      azp: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja',
      permissions: ['read:orders'],
    }),
    seen: {
      subject: 'auth0|6553da60a54af58e29493993',
      clientId: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja',
      scopes: ['openid', 'profile', 'read:orders'],
      audience: [API, 'https://tenant.eu.auth0.com/userinfo'],
    },
    rfc9068: 'token_type_not_allowed',
    foreign: [foreign('ID token', auth0IdToken, { nonce: NONCE })],
  },
  {
    provider: 'Auth0, for a machine',
    issuer: 'https://tenant.eu.auth0.com/',
    audience: API,
    access: jwt({
      sub: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients',
      aud: API,
      gty: 'client-credentials',
      azp: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx',
    }),
    seen: {
      subject: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients',
      clientId: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx',
      scopes: [],
      audience: [API],
    },
    rfc9068: 'token_type_not_allowed',
    foreign: [],
  },
  {
    provider: 'Auth0, RFC 9068 profile',
    issuer: 'https://tenant.eu.auth0.com/',
    audience: API,
    access: atJwt({
      sub: 'auth0|6553da60a54af58e29493993',
      aud: API,
      scope: 'read:orders',
      jti: 'fCGV9iQb9xXHKxhuA3Wu8j',
      client_id: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja',
    }),
    seen: {
      subject: 'auth0|6553da60a54af58e29493993',
      clientId: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja',
      scopes: ['read:orders'],
      audience: [API],
    },
    rfc9068: 'accepted',
    foreign: [],
  },
];

// developer.okta.com: OpenID Connect & OAuth 2.0 API, access token and ID token payload. The header has alg and kid alone.
const OKTA: ProviderTokens = {
  provider: 'Okta',
  issuer: 'https://dev-123.okta.com/oauth2/default',
  audience: 'api://default',
  access: untyped({
    ver: 1,
    jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
    aud: 'api://default',
    cid: '0oa1b2c3d4e5f6g7h8i9',
    uid: '00ujmkLgagxeRrAg20g3',
    scp: ['openid', 'orders'],
    auth_time: ISSUED_AT - 60,
    sub: 'alice@example.com',
  }),
  seen: {
    subject: 'alice@example.com',
    clientId: '0oa1b2c3d4e5f6g7h8i9',
    scopes: ['openid', 'orders'],
    audience: ['api://default'],
  },
  rfc9068: 'token_type_not_allowed',
  foreign: [
    foreign(
      'ID token',
      untyped({
        sub: '00ujmkLgagxeRrAg20g3',
        name: 'Alice',
        email: 'alice@example.com',
        ver: 1,
        aud: '0oa1b2c3d4e5f6g7h8i9',
        jti: 'ID.4eAWJOCMB3SX8XewDfVR4i8aB1v4vjTSWN1JS4Vd5Ss',
        amr: ['pwd'],
        idp: '00o1b2c3d4e5f6g7h8i9',
        preferred_username: 'alice@example.com',
        auth_time: ISSUED_AT - 60,
      }),
      { nonce: NONCE, at_hash: AT_HASH },
    ),
  ],
};

// MicrosoftDocs/entra-docs: access-token-claims-reference.md, id-token-claims-reference.md. Refresh tokens are opaque.
const ENTRA_V1 = {
  nbf: ISSUED_AT,
  acr: '1',
  aio: 'AUQAu/8TAAAA',
  amr: ['pwd', 'mfa'],
  ipaddr: '192.0.2.1',
  name: 'Alice',
  oid: USER,
  rh: '0.AXYA',
  sub: 'kd_vQkQ1f3Vh2-Qo4a6Xf0',
  tid: TENANT,
  unique_name: 'alice@example.com',
  uti: 'tEVdVNiAw0i_IRn_tWkAAA',
  ver: '1.0',
};
const ENTRA_V2 = {
  nbf: ISSUED_AT,
  aio: 'AXQAi/8TAAAA',
  name: 'Alice',
  oid: USER,
  preferred_username: 'alice@example.com',
  rh: '0.AXYA',
  sub: 'kd_vQkQ1f3Vh2-Qo4a6Xf0',
  tid: TENANT,
  uti: 'tEVdVNiAw0i_IRn_tWkAAA',
  ver: '2.0',
};

/** The ID token of Entra as its token endpoint issues it where the client sent no nonce: with no hash either. */
export const ENTRA_ID_TOKENS = {
  'v1.0': jwt({ ...ENTRA_V1, aud: API_ID }),
  'v2.0': jwt({ ...ENTRA_V2, aud: API_ID }),
} as const;

const ENTRA: readonly ProviderTokens[] = [
  {
    provider: 'Entra v1.0',
    issuer: `https://sts.windows.net/${TENANT}/`,
    audience: `api://${API_ID}`,
    access: jwt(
      { ...ENTRA_V1, aud: `api://${API_ID}`, appid: CLIENT, appidacr: '1', scp: 'Orders.Read Orders.Write' },
      { typ: 'JWT', x5t: 'thumbprint' },
    ),
    seen: {
      subject: 'kd_vQkQ1f3Vh2-Qo4a6Xf0',
      clientId: CLIENT,
      scopes: ['Orders.Read', 'Orders.Write'],
      audience: [`api://${API_ID}`],
    },
    rfc9068: 'token_type_not_allowed',
    foreign: [foreign('ID token', ENTRA_ID_TOKENS['v1.0'], { nonce: NONCE })],
  },
  {
    provider: 'Entra v2.0, for a client that is the API too',
    issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`,
    audience: API_ID,
    access: jwt({ ...ENTRA_V2, aud: API_ID, azp: API_ID, azpacr: '0', scp: 'Orders.Read' }),
    seen: {
      subject: 'kd_vQkQ1f3Vh2-Qo4a6Xf0',
      clientId: API_ID,
      scopes: ['Orders.Read'],
      audience: [API_ID],
    },
    rfc9068: 'token_type_not_allowed',
    foreign: [
      foreign('ID token', ENTRA_ID_TOKENS['v2.0'], { nonce: NONCE }),
      foreign('ID token of the authorization endpoint', ENTRA_ID_TOKENS['v2.0'], {
        nonce: NONCE,
        at_hash: AT_HASH,
        c_hash: AT_HASH,
      }),
    ],
  },
  {
    provider: 'Entra v2.0, for a machine',
    issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`,
    audience: API_ID,
    access: jwt({
      nbf: ISSUED_AT,
      aud: API_ID,
      aio: 'E2ZgYEhP',
      azp: CLIENT,
      azpacr: '1',
      oid: USER,
      rh: '0.AXYA',
      roles: ['Orders.Read.All'],
      sub: USER,
      tid: TENANT,
      uti: 'tEVdVNiAw0i_IRn_tWkAAA',
      ver: '2.0',
    }),
    seen: { subject: USER, clientId: CLIENT, scopes: [], audience: [API_ID] },
    rfc9068: 'token_type_not_allowed',
    foreign: [],
  },
];

// MicrosoftDocs/azure-docs#29240 shows both tokens. The access token has the nonce of the request.
const B2C = {
  nbf: ISSUED_AT,
  aud: API_ID,
  sub: USER,
  oid: USER,
  emails: ['alice@example.com'],
  tfp: 'B2C_1_signin',
  ver: '1.0',
};

/** The ID token of Azure AD B2C where the client sent no nonce. */
export const B2C_ID_TOKEN = jwt({ ...B2C, auth_time: ISSUED_AT });

const b2cAccess = { ...B2C, scp: 'Orders.Read', azp: CLIENT };
const b2cSeen = { subject: USER, clientId: CLIENT, scopes: ['Orders.Read'], audience: [API_ID] };

export const AZURE_B2C: ProviderTokens = {
  provider: 'Azure AD B2C',
  issuer: `https://contoso.b2clogin.com/${TENANT}/v2.0/`,
  audience: API_ID,
  access: jwt(b2cAccess),
  seen: b2cSeen,
  rfc9068: 'token_type_not_allowed',
  foreign: [foreign('ID token', B2C_ID_TOKEN, { at_hash: AT_HASH })],
};

/** The same where the client sent a nonce. */
export const AZURE_B2C_WITH_NONCE: ProviderTokens = {
  ...AZURE_B2C,
  provider: 'Azure AD B2C, with a nonce',
  access: jwt({ ...b2cAccess, nonce: 'defaultNonce' }),
};

// docs.aws.amazon.com: Cognito, understanding the access token and the ID token. The refresh token is encrypted.
const COGNITO_CLIENT = '1example23456789';
const COGNITO: readonly ProviderTokens[] = [
  {
    provider: 'Amazon Cognito',
    issuer: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_example',
    audience: false,
    access: untyped({
      sub: USER,
      'cognito:groups': ['admins'],
      version: 2,
      client_id: COGNITO_CLIENT,
      origin_jti: 'origin-1',
      event_id: 'event-1',
      token_use: 'access',
      scope: 'openid aws.cognito.signin.user.admin',
      auth_time: ISSUED_AT,
      jti: 'token-1',
      username: 'alice',
    }),
    seen: {
      subject: USER,
      clientId: COGNITO_CLIENT,
      scopes: ['openid', 'aws.cognito.signin.user.admin'],
      audience: [],
    },
    rfc9068: 'token_type_not_allowed',
    foreign: [
      foreign(
        'ID token',
        untyped({
          sub: USER,
          email_verified: true,
          'cognito:username': 'alice',
          origin_jti: 'origin-1',
          aud: COGNITO_CLIENT,
          event_id: 'event-1',
          auth_time: ISSUED_AT,
          jti: 'token-2',
          email: 'alice@example.com',
          nonce: NONCE,
        }),
        { token_use: 'id', at_hash: AT_HASH },
      ),
    ],
  },
];

// fusionauth.io/docs: OAuth tokens. Since 1.50 the ID token has a scope claim too. Refresh tokens are opaque.
const FUSIONAUTH = {
  aud: CLIENT,
  sub: USER,
  jti: 'token-1',
  authenticationType: 'PASSWORD',
  auth_time: ISSUED_AT,
  email: 'alice@example.com',
  email_verified: true,
  scope: 'openid offline_access',
  sid: 'session-1',
  tid: TENANT,
};
const FUSIONAUTH_TOKENS: ProviderTokens = {
  provider: 'FusionAuth',
  issuer: 'https://auth.example.com',
  audience: CLIENT,
  access: jwt({ ...FUSIONAUTH, applicationId: CLIENT, roles: ['admin'] }, { typ: 'JWT', gty: ['authorization_code'] }),
  seen: { subject: USER, clientId: undefined, scopes: ['openid', 'offline_access'], audience: [CLIENT] },
  rfc9068: 'token_type_not_allowed',
  foreign: [foreign('ID token', jwt(FUSIONAUTH), { at_hash: AT_HASH, c_hash: AT_HASH, nonce: NONCE })],
};

// developer.pingidentity.com: PingOne token claims. at+jwt comes in 2027; until then there is no typ.
const PINGONE: ProviderTokens = {
  provider: 'PingOne',
  issuer: 'https://auth.pingone.eu/environment-1/as',
  audience: API,
  access: untyped({
    client_id: CLIENT,
    jti: 'token-1',
    aud: [API],
    scope: 'orders:read',
    sub: USER,
    sid: 'session-1',
    auth_time: ISSUED_AT,
    acr: 'Single_Factor',
    env: 'environment-1',
    org: 'organization-1',
    'p1.rid': 'request-1',
  }),
  seen: { subject: USER, clientId: CLIENT, scopes: ['orders:read'], audience: [API] },
  rfc9068: 'token_type_not_allowed',
  foreign: [
    foreign('ID token', untyped({ aud: CLIENT, sub: USER, sid: 'session-1', auth_time: ISSUED_AT, acr: 'x' }), {
      at_hash: AT_HASH,
      nonce: NONCE,
    }),
  ],
};

export const HOSTED_PROVIDERS: readonly ProviderTokens[] = [
  ...AUTH0,
  OKTA,
  ...ENTRA,
  AZURE_B2C,
  ...COGNITO,
  FUSIONAUTH_TOKENS,
  PINGONE,
];
