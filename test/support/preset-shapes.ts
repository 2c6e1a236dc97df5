import type { IssuerOptions } from '../../src/index.js';
import * as presets from '../../src/presets/index.js';
import { AT_HASH, ISSUED_AT, jwt, type ProviderTokens, type TokenShape, untyped } from './provider-tokens.js';

/** A preset, where its provider has what, and the shape of its tokens: names and forms are the provider's. */
export interface PresetShape {
  readonly provider: string;
  readonly options: IssuerOptions;
  readonly audience: string;
  /** Where the keys are. The metadata are at the well-known place. */
  readonly jwksUri: string;
  readonly algorithm?: 'ES256';
  readonly access: TokenShape;
  readonly seen: ProviderTokens['seen'];
  /** Its tokens have the form of ID tokens. They are accepted where the guesses about kinds can be switched off. */
  readonly looksLikeIdToken?: true;
}

const USER = '2f5b1d3e-8c6a-4c1e-9a7b-6d2f1e0c9b8a';
const API = 'https://orders.example.com';
const BACKEND = '/projects/123456789/global/backendServices/987654321';
const AUD_TAG = '32eafc7626e737136a3ef6d6ba6b1a5b1d1e3b5a4f0c8d7e6f5a4b3c2d1e0f9a';
const nobody = { subject: USER, clientId: undefined, scopes: [] };

// cloud.google.com/iap/docs/signed-headers-howto
const GOOGLE_IAP: PresetShape = {
  provider: 'Google IAP',
  options: presets.googleIap({ audience: BACKEND }),
  audience: BACKEND,
  jwksUri: 'https://www.gstatic.com/iap/verify/public_key-jwk',
  algorithm: 'ES256',
  access: jwt({ aud: BACKEND, sub: 'accounts.google.com:1137', email: 'a@example.com', hd: 'example.com', google: {} }),
  seen: { ...nobody, subject: 'accounts.google.com:1137', audience: [BACKEND] },
};

// developers.cloudflare.com: application token.
const CLOUDFLARE_ACCESS: PresetShape = {
  provider: 'Cloudflare Access',
  options: presets.cloudflareAccess({ domain: 'acme.cloudflareaccess.com' }),
  audience: AUD_TAG,
  jwksUri: 'https://acme.cloudflareaccess.com/cdn-cgi/access/certs',
  access: untyped({
    aud: [AUD_TAG],
    email: 'a@example.com',
    nbf: ISSUED_AT,
    type: 'app',
    identity_nonce: '6ei69kawdKzMIAPF',
    sub: USER,
    country: 'CH',
  }),
  seen: { ...nobody, audience: [AUD_TAG] },
};

// The same page: a service token has no user.
const CLOUDFLARE_MACHINE: PresetShape = {
  ...CLOUDFLARE_ACCESS,
  provider: 'Cloudflare Access, for a machine',
  access: untyped({ aud: [AUD_TAG], type: 'app', common_name: 'e367826f93b8d71185e03fe518aff3b4.access', sub: '' }),
  seen: { subject: undefined, clientId: undefined, scopes: [], audience: [AUD_TAG] },
};

// ory/fosite: claims_jwt.go.
const HYDRA: PresetShape = {
  provider: 'Ory Hydra',
  options: presets.hydra({ issuer: 'https://hydra.example.com/' }),
  audience: API,
  jwksUri: 'https://hydra.example.com/.well-known/jwks.json',
  access: jwt({ aud: [API], client_id: 'web', ext: {}, jti: 'token-1', nbf: ISSUED_AT, scp: ['orders'], sub: USER }),
  seen: { subject: USER, clientId: 'web', scopes: ['orders'], audience: [API] },
};

// goauthentik/authentik: id_token.py. The nonce of the login is copied.
const AUTHENTIK: PresetShape = {
  provider: 'authentik',
  options: presets.authentik({ url: 'https://auth.example.com', application: 'shop' }),
  audience: 'web',
  jwksUri: 'https://auth.example.com/application/o/shop/jwks/',
  access: jwt({
    aud: 'web',
    azp: 'web',
    uid: 'k4Jm0s2ZqT',
    sub: USER,
    auth_time: ISSUED_AT,
    nonce: 'n-0S6',
    scope: 'openid orders',
  }),
  seen: { subject: USER, clientId: 'web', scopes: ['openid', 'orders'], audience: ['web'] },
};

// dexidp.io/docs/configuration/tokens: access tokens are signed ID tokens.
const DEX: PresetShape = {
  provider: 'Dex',
  options: presets.dex({ issuer: 'https://dex.example.com', groups: true }),
  audience: 'orders-api',
  jwksUri: 'https://dex.example.com/keys',
  access: untyped({ aud: 'orders-api', sub: USER, at_hash: AT_HASH, email: 'a@example.com', groups: ['staff'] }),
  seen: { ...nobody, scopes: ['staff'], audience: ['orders-api'] },
  looksLikeIdToken: true,
};

// learn.microsoft.com: AD FS OpenID Connect/OAuth concepts.
const ADFS: PresetShape = {
  provider: 'AD FS',
  // Its name begins with http:, and nothing is fetched from it.
  options: presets.adfs({ host: 'sts.example.com' }),
  audience: API,
  jwksUri: 'https://sts.example.com/adfs/discovery/keys',
  access: jwt({ aud: API, sub: USER, apptype: 'Confidential', appid: 'web', ver: '1.0', scp: 'openid orders' }),
  seen: { subject: USER, clientId: 'web', scopes: ['openid', 'orders'], audience: [API] },
};

// supabase.com/docs/guides/auth/jwt-fields
const SUPABASE: PresetShape = {
  provider: 'Supabase',
  options: presets.supabase({ url: 'https://abcdefghijklmnopqrst.supabase.co' }),
  audience: 'authenticated',
  jwksUri: 'https://abcdefghijklmnopqrst.supabase.co/auth/v1/.well-known/jwks.json',
  algorithm: 'ES256',
  access: jwt({
    aud: 'authenticated',
    sub: USER,
    role: 'authenticated',
    aal: 'aal1',
    amr: [{ method: 'password', timestamp: ISSUED_AT }],
    session_id: 'session-1',
    is_anonymous: false,
    app_metadata: { provider: 'email' },
  }),
  seen: { ...nobody, audience: ['authenticated'] },
};

// zitadel.com/docs/apis/openidoauth/claims
const ZITADEL: PresetShape = {
  provider: 'ZITADEL',
  options: presets.zitadel({ domain: 'acme-a1b2c3.zitadel.cloud', roles: true }),
  audience: '170086363054473473',
  jwksUri: 'https://acme-a1b2c3.zitadel.cloud/oauth/v2/keys',
  access: jwt({
    sub: '170086305556595970',
    aud: ['170086774599581953@shop', '170086363054473473'],
    jti: 'token-1',
    'urn:zitadel:iam:org:project:roles': { clerk: { '170086305556595970': 'acme.zitadel.cloud' } },
  }),
  seen: {
    subject: '170086305556595970',
    clientId: undefined,
    scopes: ['clerk'],
    audience: ['170086774599581953@shop', '170086363054473473'],
  },
};

// docs.kinde.com/build/tokens/about-access-tokens
const KINDE: PresetShape = {
  provider: 'Kinde',
  options: presets.kinde({ domain: 'acme.kinde.com', permissions: true }),
  audience: API,
  jwksUri: 'https://acme.kinde.com/.well-known/jwks',
  access: jwt({
    aud: [API],
    azp: 'client-1',
    jti: 'token-1',
    org_code: 'org_1',
    permissions: ['write:orders'],
    scp: ['openid', 'offline'],
    sub: 'kp_1',
  }),
  seen: {
    subject: 'kp_1',
    clientId: 'client-1',
    scopes: ['openid', 'offline', 'write:orders'],
    audience: [API],
  },
};

// firebase.google.com/docs/auth/admin/verify-id-tokens, and /docs/app-check/custom-resource-backend
const FIREBASE_USERS: PresetShape = {
  provider: 'Firebase Authentication',
  options: presets.firebase({ projectId: 'acme-shop' }),
  audience: 'acme-shop',
  jwksUri: 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
  access: jwt({ aud: 'acme-shop', sub: USER, user_id: USER, auth_time: ISSUED_AT, firebase: { identities: {} } }),
  seen: { ...nobody, audience: ['acme-shop'] },
  looksLikeIdToken: true,
};
const FIREBASE_APPS: PresetShape = {
  provider: 'Firebase App Check',
  options: presets.firebase({ appCheck: '123456789' }),
  audience: 'projects/123456789',
  jwksUri: 'https://firebaseappcheck.googleapis.com/v1/jwks',
  access: jwt({ aud: ['projects/123456789', 'projects/acme-shop'], sub: '1:123456789:web:abc', provider: 'recaptcha' }),
  seen: {
    ...nobody,
    subject: '1:123456789:web:abc',
    audience: ['projects/123456789', 'projects/acme-shop'],
  },
};

// kubernetes.io: service accounts, bound tokens.
const KUBERNETES: PresetShape = {
  provider: 'Kubernetes',
  options: presets.kubernetes({ jwksUri: 'https://kubernetes.default.svc/openid/v1/jwks' }),
  audience: API,
  jwksUri: 'https://kubernetes.default.svc/openid/v1/jwks',
  access: untyped({
    aud: [API],
    sub: 'system:serviceaccount:shop:orders',
    nbf: ISSUED_AT,
    jti: 'token-1',
    'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'orders', uid: USER } },
  }),
  seen: { ...nobody, subject: 'system:serviceaccount:shop:orders', audience: [API] },
};

// docs.github.com/en/actions/reference/security/oidc
const GITHUB_ACTIONS: PresetShape = {
  provider: 'GitHub Actions',
  options: presets.githubActions({ repositories: ['octo-org/octo-repo', 'acme/*'] }),
  audience: API,
  jwksUri: 'https://token.actions.githubusercontent.com/.well-known/jwks',
  access: jwt({
    aud: API,
    sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
    repository: 'octo-org/octo-repo',
    repository_owner: 'octo-org',
    ref: 'refs/heads/main',
    event_name: 'push',
    jti: 'token-1',
    nbf: ISSUED_AT,
  }),
  seen: { ...nobody, subject: 'repo:octo-org/octo-repo:ref:refs/heads/main', audience: [API] },
};

export const PRESET_SHAPES: readonly PresetShape[] = [
  GOOGLE_IAP,
  CLOUDFLARE_ACCESS,
  CLOUDFLARE_MACHINE,
  HYDRA,
  AUTHENTIK,
  DEX,
  ADFS,
  SUPABASE,
  ZITADEL,
  KINDE,
  FIREBASE_USERS,
  FIREBASE_APPS,
  KUBERNETES,
  GITHUB_ACTIONS,
];
