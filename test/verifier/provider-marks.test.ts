import { describe, expect, it } from 'vitest';
import { covers } from '../support/covers.js';
import {
  AZURE_B2C,
  AZURE_B2C_WITH_NONCE,
  B2C_ID_TOKEN,
  ENTRA_ID_TOKENS,
  HOSTED_PROVIDERS,
} from '../support/hosted-providers.js';
import { ProviderIssuer } from '../support/provider-issuer.js';
import { ISSUED_AT, jwt, type ProviderTokens, type TokenShape } from '../support/provider-tokens.js';
import { reasonOfCall } from '../support/reason-of.js';
import {
  CURITY,
  OPENAM,
  SELF_HOSTED_PROVIDERS,
  SPRING,
  SPRING_ID_TOKEN,
  UAA,
  UAA_REFRESH_TOKEN,
} from '../support/self-hosted-providers.js';

const API = 'https://orders.example.com';

/** Finds the tokens of a provider. */
function tokensOf(provider: string): ProviderTokens {
  const found = [...HOSTED_PROVIDERS, ...SELF_HOSTED_PROVIDERS].find((tokens) => tokens.provider === provider);
  if (found === undefined) throw new Error(`there is no provider ${provider}`);
  return found;
}

/** A library that makes the tokens of an application, which has no authorization server beside it. */
function library(provider: string, claims: TokenShape['claims']): ProviderTokens {
  const { aud = API, ...others } = claims;
  return {
    provider,
    issuer: 'https://app.example.com',
    audience: String(aud),
    access: jwt({ aud, ...others }),
    seen: { subject: '42', clientId: undefined, scopes: [], audience: [String(aud)] },
    rfc9068: 'token_type_not_allowed',
    foreign: [],
  };
}

// hexdocs.pm/guardian: the claim typ is access unless the application says otherwise; aud is iss.
const GUARDIAN = library('Guardian', { sub: '42', jti: 'token-1', nbf: ISSUED_AT - 1, typ: 'access' });
// django-rest-framework-simplejwt.readthedocs.io: TOKEN_TYPE_CLAIM.
const SIMPLE_JWT = library('Simple JWT', { sub: '42', jti: 'token-1', token_type: 'access' });
// flask-jwt-extended.readthedocs.io.
const FLASK_JWT = library('Flask-JWT-Extended', { sub: '42', jti: 'token-1', fresh: false, type: 'access' });
// Casdoor: the access token is the ID token, the refresh token is for the same aud and of the same key.
const CASDOOR = library('Casdoor', {
  sub: '42',
  aud: 'web',
  jti: 'admin/token-1',
  tokenType: 'access-token',
  scope: '',
});

describe('an access token that says so in its own way', () => {
  it.each(
    [AZURE_B2C_WITH_NONCE, GUARDIAN, SIMPLE_JWT, FLASK_JWT, CASDOOR].map(
      (tokens) => [tokens.provider, tokens] as const,
    ),
  )('is accepted from %s', async (_, tokens) => {
    covers('G4');
    const { subject, clientId, scopes, audience } = await new ProviderIssuer(tokens).verify(tokens.access, 'jwt');
    expect({ subject, clientId, scopes, audience }).toEqual(tokens.seen);
  });
});

/** A token that says what the access token says, but for one claim. */
function changed({ access }: ProviderTokens, claims: TokenShape['claims']): TokenShape {
  return { ...access, claims: { ...access.claims, ...claims } };
}

const ENTRA_V1 = tokensOf('Entra v1.0');
const ENTRA_V2 = tokensOf('Entra v2.0, for a client that is the API too');
const LEMONLDAP = tokensOf('LemonLDAP::NG');

describe('a token that is not an access token', () => {
  it.each<[string, ProviderTokens, TokenShape]>([
    ['the ID token of Entra v1.0 without a nonce', ENTRA_V1, ENTRA_ID_TOKENS['v1.0']],
    ['the ID token of Entra v2.0 without a nonce', ENTRA_V2, ENTRA_ID_TOKENS['v2.0']],
    ['the ID token of Azure AD B2C without a nonce', AZURE_B2C, B2C_ID_TOKEN],
    ['the ID token of Spring after a refresh, for the client alone', SPRING, SPRING_ID_TOKEN],
    ['the ID token of Curity without nonce and hash', CURITY, changed(CURITY, { purpose: 'id' })],
    ['the refresh token of UAA', UAA, UAA_REFRESH_TOKEN],
    ['the refresh token of OpenAM', OPENAM, changed(OPENAM, { tokenName: 'refresh_token' })],
    ['the ID token of OpenAM', OPENAM, changed(OPENAM, { tokenName: 'id_token' })],
    ['the refresh token of Casdoor', CASDOOR, changed(CASDOOR, { tokenType: 'refresh-token' })],
    ['the refresh token of Simple JWT', SIMPLE_JWT, changed(SIMPLE_JWT, { token_type: 'refresh' })],
    ['the refresh token of Flask-JWT-Extended', FLASK_JWT, changed(FLASK_JWT, { type: 'refresh' })],
    ['the refresh token of Guardian', GUARDIAN, changed(GUARDIAN, { typ: 'refresh' })],
    [
      'an introspection response of an older draft, without its typ (RFC 9701 §5)',
      LEMONLDAP,
      changed(LEMONLDAP, { token_introspection: { active: true } }),
    ],
  ])('RFC 8725 §3.12: %s is refused', async (_, tokens, shape) => {
    covers('G1', 'G2', 'G4');
    const issuer = new ProviderIssuer(tokens);
    expect(await reasonOfCall(issuer.verify(tokens.access, 'jwt'))).toBe('accepted');
    const aimed = issuer.aimedAtServer(shape);
    expect(await reasonOfCall(issuer.verify(aimed, 'jwt'))).toBe('token_type_not_allowed');
  });
});

// What no provider above issues, and what a wider rule would refuse: tokens without client, scope or session.
describe.each([
  // kubernetes.io: service account tokens.
  library('Kubernetes', {
    sub: '42',
    jti: 'token-1',
    nbf: ISSUED_AT,
    'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'orders', uid: 'uid-1' } },
  }),
  // supabase.com/docs: JWT claims reference.
  library('Supabase', {
    sub: '42',
    aud: 'authenticated',
    email: 'alice@example.com',
    role: 'authenticated',
    aal: 'aal1',
    amr: [{ method: 'password', timestamp: ISSUED_AT }],
    session_id: 'session-1',
    app_metadata: { provider: 'email' },
    user_metadata: {},
  }),
  library('a program that knows sub and aud alone', { sub: '42' }),
  library('a program whose type is about something else', {
    sub: '42',
    type: 'user',
    purpose: 'orders',
    token_type: 'x',
  }),
])('the bearer token of $provider', (tokens) => {
  it('bears no mark, and is taken by profile jwt', async () => {
    covers('G4');
    const { subject } = await new ProviderIssuer(tokens).verify(tokens.access, 'jwt');
    expect(subject).toBe('42');
  });
});
