import {
  AT_HASH,
  atJwt,
  foreign,
  ISSUED_AT,
  jwt,
  logoutToken,
  NONCE,
  type ProviderTokens,
  untyped,
} from './provider-tokens.js';

const API = 'https://orders.example.com';
const USER = '2f5b1d3e-8c6a-4c1e-9a7b-6d2f1e0c9b8a';

// keycloak/keycloak: TokenUtil.java, AccessToken.java. Keycloak 26 gives logout tokens a typ of their own.
const KEYCLOAK = {
  jti: 'onrtac:token-1',
  sub: USER,
  azp: 'web',
  sid: 'session-1',
  acr: '1',
  auth_time: ISSUED_AT,
};
const KEYCLOAK_ACCESS = {
  ...KEYCLOAK,
  aud: [API, 'account'],
  typ: 'Bearer',
  'allowed-origins': ['https://web.example.com'],
  realm_access: { roles: ['offline_access', 'user'] },
  resource_access: { account: { roles: ['view-profile'] } },
  scope: 'openid profile email',
  email_verified: true,
  preferred_username: 'alice',
};
const KEYCLOAK_ISSUER = 'https://login.example.com/realms/shop';
const KEYCLOAK_FOREIGN = [
  foreign('ID token', jwt({ ...KEYCLOAK, aud: 'web' }), { typ: 'ID', at_hash: AT_HASH }),
  foreign('refresh token', jwt({ ...KEYCLOAK, aud: KEYCLOAK_ISSUER, scope: 'openid' }), { typ: 'Refresh' }),
  foreign('offline token', jwt({ ...KEYCLOAK, aud: KEYCLOAK_ISSUER, scope: 'openid' }), { typ: 'Offline' }),
  logoutToken({ aud: 'web', sub: USER }, 'JWT', { typ: 'Logout' }),
  logoutToken({ aud: 'web', sub: USER }, 'logout+jwt', { typ: 'Logout' }),
];
const keycloak: ProviderTokens = {
  provider: 'Keycloak',
  issuer: KEYCLOAK_ISSUER,
  audience: API,
  access: jwt(KEYCLOAK_ACCESS),
  seen: { subject: USER, clientId: 'web', scopes: ['openid', 'profile', 'email'], audience: [API, 'account'] },
  rfc9068: 'token_type_not_allowed',
  foreign: KEYCLOAK_FOREIGN,
};

const KEYCLOAKS: readonly ProviderTokens[] = [
  keycloak,
  // keycloak/keycloak#26893: before 25 the nonce is in every token.
  { ...keycloak, provider: 'Keycloak before 25', access: jwt({ ...KEYCLOAK_ACCESS, nonce: NONCE }) },
  // "Use RFC 9068 access token header type" changes the header; there is no client_id unless a mapper adds it.
  { ...keycloak, provider: 'Keycloak with at+jwt', access: atJwt(KEYCLOAK_ACCESS), rfc9068: 'claim_missing' },
  {
    ...keycloak,
    provider: 'Keycloak with at+jwt and client_id',
    access: atJwt({ ...KEYCLOAK_ACCESS, client_id: 'web' }),
    rfc9068: 'accepted',
  },
];

// Seen on the wire: 1.7.0, ACCESS_TOKEN_GENERATOR by oauthlib, which names no key; ID tokens by the server itself.
const DJANGO_OAUTH_TOOLKIT: ProviderTokens = {
  provider: 'Django OAuth Toolkit',
  issuer: 'https://login.example.com/o',
  audience: API,
  access: jwt({ scope: 'read write', aud: API, client_id: 'svc', iat: undefined }, { typ: 'JWT', kid: undefined }),
  seen: { subject: undefined, clientId: 'svc', scopes: ['read', 'write'], audience: [API] },
  rfc9068: 'token_type_not_allowed',
  foreign: [
    foreign('ID token', jwt({ aud: 'web', sub: '1', auth_time: ISSUED_AT, jti: 'token-2' }), {
      nonce: NONCE,
      at_hash: AT_HASH,
    }),
  ],
};

// Seen on the wire: both tokens have the same typ, the same key and the same aud.
const LEMONLDAP: ProviderTokens = {
  provider: 'LemonLDAP::NG',
  issuer: 'https://auth.example.com/',
  audience: 'web',
  access: jwt({ sub: 'alice', aud: ['web'], scope: 'openid profile', client_id: 'web', jti: 'token-1' }),
  seen: { subject: 'alice', clientId: 'web', scopes: ['openid', 'profile'], audience: ['web'] },
  rfc9068: 'token_type_not_allowed',
  foreign: [
    foreign(
      'ID token',
      jwt({ sub: 'alice', aud: ['web'], azp: 'web', acr: 'loa-1', auth_time: ISSUED_AT, sid: 'session-1' }),
      { nonce: NONCE, at_hash: AT_HASH },
    ),
  ],
};

// Seen on the wire: oidc-provider 9.13.
const OIDC_PROVIDER: ProviderTokens = {
  provider: 'oidc-provider',
  issuer: 'https://op.example.com',
  audience: API,
  access: atJwt({ jti: 'token-1', sub: 'alice', scope: 'read write', client_id: 'svc', aud: API }),
  seen: { subject: 'alice', clientId: 'svc', scopes: ['read', 'write'], audience: [API] },
  rfc9068: 'accepted',
  foreign: [
    foreign('ID token', untyped({ sub: 'alice', aud: 'web', auth_time: ISSUED_AT }), {
      nonce: NONCE,
      at_hash: AT_HASH,
    }),
    logoutToken({ aud: 'web', sub: 'alice' }, 'logout+jwt'),
    {
      kind: 'introspection response',
      shape: {
        header: { typ: 'token-introspection+jwt' },
        claims: { aud: 'rs-jwt', token_introspection: { active: true, client_id: 'svc', scope: 'read' } },
      },
      marks: { header: { typ: 'token-introspection+jwt' }, claims: {} },
    },
  ].map((token) => ({ ...token, marks: withoutNonce(token.marks) })),
};

/** A nonce is no mark beside a header that says what the token is. */
function withoutNonce<Marks extends ProviderTokens['foreign'][number]['marks']>({ header, claims }: Marks) {
  const { nonce: _, ...others } = claims;
  return { header, claims: others };
}

// Seen on the wire: Authlib 1.2.
const AUTHLIB: readonly ProviderTokens[] = [
  {
    provider: 'Authlib with the claims of RFC 9068',
    issuer: 'https://login.example.com/tenant1',
    audience: API,
    access: atJwt({ aud: API, sub: 'es256', client_id: 'es256', jti: 'token-1', scope: 'read write' }),
    seen: { subject: 'es256', clientId: 'es256', scopes: ['read', 'write'], audience: [API] },
    rfc9068: 'accepted',
    foreign: [],
  },
  {
    provider: 'Authlib, JWTBearerTokenGenerator',
    issuer: 'https://login.example.com',
    audience: false,
    access: jwt({ scope: 'read write', grant_type: 'client_credentials', client_id: 'bare' }),
    seen: { subject: undefined, clientId: 'bare', scopes: ['read', 'write'], audience: [] },
    rfc9068: 'token_type_not_allowed',
    foreign: [],
  },
];

// ory/fosite: claims_jwt.go.
const HYDRA: ProviderTokens = {
  provider: 'Ory Hydra',
  issuer: 'https://hydra.example.com/',
  audience: API,
  access: jwt({
    aud: [API],
    client_id: 'web',
    ext: {},
    jti: 'token-1',
    nbf: ISSUED_AT,
    scp: ['openid', 'orders'],
    sub: USER,
  }),
  seen: { subject: USER, clientId: 'web', scopes: ['openid', 'orders'], audience: [API] },
  rfc9068: 'token_type_not_allowed',
  foreign: [
    foreign(
      'ID token',
      jwt({ aud: ['web'], auth_time: ISSUED_AT, rat: ISSUED_AT, jti: 'token-2', sid: 'session-1', sub: USER }),
      { nonce: NONCE, at_hash: AT_HASH },
    ),
  ],
};

// zitadel/oidc: pkg/oidc/token.go.
const ZITADEL: ProviderTokens = {
  provider: 'ZITADEL',
  issuer: 'https://shop.zitadel.cloud',
  audience: '170086363054473473',
  access: jwt({
    sub: '170086305556595970',
    aud: ['170086774599581953@shop', '170086363054473473'],
    nbf: ISSUED_AT,
    jti: 'V2_170086774599581953-at_1',
  }),
  seen: {
    subject: '170086305556595970',
    clientId: undefined,
    scopes: [],
    audience: ['170086774599581953@shop', '170086363054473473'],
  },
  rfc9068: 'token_type_not_allowed',
  foreign: [
    foreign(
      'ID token',
      jwt({
        sub: '170086305556595970',
        aud: ['170086774599581953@shop', '170086363054473473'],
        auth_time: ISSUED_AT,
        amr: ['pwd'],
        azp: '170086774599581953@shop',
        client_id: '170086774599581953@shop',
      }),
      { nonce: NONCE, at_hash: AT_HASH },
    ),
  ],
};

// docs.duendesoftware.com. IdentityServer4 before 3.0 had no at+jwt.
const DUENDE_CLAIMS = {
  nbf: ISSUED_AT,
  aud: API,
  scope: ['openid', 'orders'],
  client_id: 'web',
  sub: USER,
  auth_time: ISSUED_AT,
  idp: 'local',
  amr: ['pwd'],
  sid: 'session-1',
  jti: 'token-1',
};
const DUENDE: ProviderTokens = {
  provider: 'IdentityServer4',
  issuer: 'https://identity.example.com',
  audience: API,
  access: jwt(DUENDE_CLAIMS),
  seen: { subject: USER, clientId: 'web', scopes: ['openid', 'orders'], audience: [API] },
  rfc9068: 'token_type_not_allowed',
  foreign: [
    foreign('ID token', jwt({ nbf: ISSUED_AT, aud: 'web', sid: 'session-1', sub: USER, idp: 'local', amr: ['pwd'] }), {
      nonce: NONCE,
      at_hash: AT_HASH,
    }),
    logoutToken({ aud: 'web', sub: USER }, 'logout+jwt'),
  ],
};

// spring-projects/spring-authorization-server: JwtGenerator.java. Both tokens are for the client.
const SPRING_CLAIMS = { sub: 'alice', aud: 'web', jti: 'token-1' };

/** The ID token of Spring Authorization Server when a refresh token was used, or no nonce was sent. */
export const SPRING_ID_TOKEN = untyped({ ...SPRING_CLAIMS, azp: 'web', auth_time: ISSUED_AT, sid: 'session-1' });

export const SPRING: ProviderTokens = {
  provider: 'Spring Authorization Server',
  issuer: 'https://login.example.com',
  audience: 'web',
  access: untyped({ ...SPRING_CLAIMS, nbf: ISSUED_AT, scope: ['openid', 'orders'] }),
  seen: { subject: 'alice', clientId: undefined, scopes: ['openid', 'orders'], audience: ['web'] },
  rfc9068: 'token_type_not_allowed',
  foreign: [foreign('ID token', SPRING_ID_TOKEN, { nonce: NONCE })],
};

// goauthentik/authentik: id_token.py. An access token is an ID token with azp and uid, the nonce included where there is one.
const AUTHENTIK_CLAIMS = {
  sub: USER,
  aud: 'web',
  auth_time: ISSUED_AT,
  acr: 'goauthentik.io/providers/oauth2/default',
};
const AUTHENTIK: ProviderTokens = {
  provider: 'authentik, without a nonce',
  issuer: 'https://auth.example.com/application/o/shop/',
  audience: 'web',
  access: jwt({ ...AUTHENTIK_CLAIMS, sid: 'session-1', azp: 'web', uid: 'k4Jm0s2ZqT' }),
  seen: { subject: USER, clientId: 'web', scopes: [], audience: ['web'] },
  rfc9068: 'token_type_not_allowed',
  foreign: [foreign('ID token', jwt({ ...AUTHENTIK_CLAIMS, nonce: NONCE }), { at_hash: AT_HASH })],
};

// docs.openidentityplatform.org: stateless OAuth 2.0 tokens. ForgeRock AM and PingAM name them alike.
const OPENAM_CLAIMS = {
  sub: 'demo',
  scope: ['openid', 'profile'],
  nbf: ISSUED_AT,
  authGrantId: 'grant-1',
  auditTrackingId: 'tracking-1',
  realm: '/',
  aud: 'MyClient',
  jti: 'token-1',
  token_type: 'Bearer',
};
export const OPENAM: ProviderTokens = {
  provider: 'OpenAM',
  issuer: 'https://openam.example.com/openam/oauth2',
  audience: 'MyClient',
  access: jwt({ ...OPENAM_CLAIMS, tokenName: 'access_token' }),
  seen: { subject: 'demo', clientId: undefined, scopes: ['openid', 'profile'], audience: ['MyClient'] },
  rfc9068: 'token_type_not_allowed',
  foreign: [],
};

// cloudfoundry/uaa: UaaTokenServices.java, RefreshTokenCreator.java. Its header names the key set.
const UAA_CLAIMS = {
  sub: USER,
  aud: ['orders', 'web'],
  jti: 'token-1',
  client_id: 'web',
  cid: 'web',
  grant_type: 'authorization_code',
  user_id: USER,
  origin: 'uaa',
  user_name: 'alice',
  rev_sig: '56a6f2b1',
  zid: 'uaa',
};
const UAA_HEADER = { typ: 'JWT', jku: 'https://uaa.example.com/token_keys' };

export const UAA_REFRESH_TOKEN = jwt({ ...UAA_CLAIMS, jti: 'token-2-r', granted_scopes: ['orders.read'] }, UAA_HEADER);

export const UAA: ProviderTokens = {
  provider: 'Cloud Foundry UAA',
  issuer: 'https://uaa.example.com/oauth/token',
  audience: 'orders',
  access: jwt({ ...UAA_CLAIMS, azp: 'web', scope: ['orders.read'], auth_time: ISSUED_AT }, UAA_HEADER),
  seen: { subject: USER, clientId: 'web', scopes: ['orders.read'], audience: ['orders', 'web'] },
  rfc9068: 'token_type_not_allowed',
  foreign: [],
};

// Curity's documentation shows the access token; purpose tells the tokens apart.
const CURITY_CLAIMS = {
  sub: USER,
  aud: 'demo-web-client',
  jti: 'token-1',
  nbf: ISSUED_AT,
  delegationId: 'delegation-1',
};
export const CURITY: ProviderTokens = {
  provider: 'Curity',
  issuer: 'https://curity.example.com/oauth/v2/oauth-anonymous',
  audience: 'demo-web-client',
  access: jwt({ ...CURITY_CLAIMS, scope: 'openid', purpose: 'access_token' }),
  seen: { subject: USER, clientId: undefined, scopes: ['openid'], audience: ['demo-web-client'] },
  rfc9068: 'token_type_not_allowed',
  foreign: [
    foreign('ID token', jwt({ ...CURITY_CLAIMS, azp: 'demo-web-client', nonce: NONCE, purpose: 'id' }), {
      at_hash: AT_HASH,
    }),
  ],
};

export const SELF_HOSTED_PROVIDERS: readonly ProviderTokens[] = [
  ...KEYCLOAKS,
  DJANGO_OAUTH_TOOLKIT,
  LEMONLDAP,
  OIDC_PROVIDER,
  ...AUTHLIB,
  HYDRA,
  ZITADEL,
  DUENDE,
  SPRING,
  AUTHENTIK,
  OPENAM,
  UAA,
  CURITY,
];
