import { describe, expect, it } from 'vitest';
import type { Profile } from '../../src/index.js';
import type { RowId } from '../security-matrix/catalogue.js';
import {
  type Attack,
  expectAttackRefused,
  expectNoFetch,
  expectTokenAccepted,
  mutated,
  startAttackApi,
} from '../support/attack-api.js';
import { covers } from '../support/covers.js';
import { expectAnswer, invalidToken } from '../support/expect-answer.js';
import type { Mutation } from '../support/raw-issuer.js';
import type { JsonTexts } from '../support/raw-token.js';

const FOREIGN = invalidToken('token_type_not_allowed');
const JWT = '"JWT"';
const AT_JWT = '"at+jwt"';

const LOGOUT = '{"http://schemas.openid.net/event/backchannel-logout":{}}';
const SECURITY_EVENT = '{"https://schemas.openid.net/secevent/caep/event-type/session-revoked":{}}';
const INTROSPECTION = '{"active":true,"scope":"read","client_id":"test-client"}';

/** What only an ID token has (OpenID Connect Core §2, §3.1.3.6, §3.3.2.11). */
const ID_TOKEN_MARKS: readonly (readonly [name: string, text: string])[] = [
  ['at_hash', '"77QmUPtjPfzWtF2AnpK9RQ"'],
  ['c_hash', '"LDktKdoQak3Pk0cnXxCltA"'],
  ['s_hash', '"bOhtX8F73IMjSPeVAqxyTQ"'],
];

/** Other JWTs that an authorization server signs, or is sent: the type that their documents give them. */
const TYPES: readonly [kind: string, typ: string, claims: JsonTexts, ...ids: RowId[]][] = [
  ['a DPoP proof (RFC 9449 §4.2)', 'dpop+jwt', { htm: '"GET"', htu: '"https://api.test/orders"', ath: '"x"' }],
  ['a logout token (Back-Channel Logout §2.4)', 'logout+jwt', { events: LOGOUT, sid: '"session-1"' }],
  [
    'an introspection response (RFC 9701 §5)',
    'token-introspection+jwt',
    { token_introspection: INTROSPECTION },
    '9701-2',
  ],
  ['a client assertion (draft-ietf-oauth-rfc7523bis)', 'client-authentication+jwt', {}],
  ['an assertion for a grant (draft-ietf-oauth-rfc7523bis)', 'authorization-grant+jwt', {}],
  ['a security event token (RFC 8417 §2.3)', 'secevent+jwt', { events: SECURITY_EVENT }],
  [
    'a status list (draft-ietf-oauth-status-list)',
    'statuslist+jwt',
    { status_list: '{"bits":1,"lst":"eNrbuRgAAhcBXQ"}' },
  ],
  ['a request object (RFC 9101 §10.8)', 'oauth-authz-req+jwt', { response_type: '"code"' }],
  ['a client attestation', 'oauth-client-attestation+jwt', {}],
  ['an entity statement (OpenID Federation)', 'entity-statement+jwt', { jwks: '{"keys":[]}' }],
  ['a credential (SD-JWT VC)', 'dc+sd-jwt', { vct: '"https://credentials.test/id"' }],
  ['a refresh token of OpenIddict', 'oi_reft+jwt', {}],
  ['an authorization code of OpenIddict', 'oi_auc+jwt', {}],
  ['an identity assertion', 'oauth-id-jag+jwt', {}],
  ['a key binding (RFC 9901)', 'kb+jwt', {}],
  ['a PASSporT (RFC 8225)', 'passport', {}],
];

/** The same without a type, told by what they say. */
const CLAIMS: readonly (readonly [kind: string, claims: JsonTexts])[] = [
  ['a logout token of before 2022, without typ', { events: LOGOUT }],
  ['a security event token without typ', { events: SECURITY_EVENT }],
  ['an introspection response without typ', { token_introspection: INTROSPECTION }],
  ['a refresh token of Keycloak', { typ: '"Refresh"' }],
  ['an offline token of Keycloak', { typ: '"Offline"' }],
  ['an ID token of Keycloak', { typ: '"ID"' }],
  ['a logout token of Keycloak', { typ: '"Logout"' }],
  ['an ID token of Cognito', { token_use: '"id"' }],
  ['a refresh token of Ory Hydra', { token_use: '"refresh_token"' }],
  ['an authorization code of OpenIddict', { token_usage: '"authorization_code"' }],
  ['a refresh token of an emulator of Cognito', { token_use: '"refresh"' }],
];

describe('G: a JWT of another kind', () => {
  /** Expects a mutation to be refused by a profile, and the token that it changes to pass. */
  async function expectForeign(
    profile: Profile,
    mutation: Mutation,
    answer: Attack['answer'] = FOREIGN,
    base: Mutation = { header: { typ: profile === 'jwt' ? JWT : AT_JWT } },
  ): Promise<void> {
    const token = mutated({ header: { ...base.header, ...mutation.header }, payload: { ...mutation.payload } });
    await expectAttackRefused(await startAttackApi({ verifier: { profile } }), {
      token,
      control: mutated(base),
      answer,
    });
  }

  /** Expects a type to be refused before anybody is asked for a key. */
  async function expectTypeRefusedUnasked(profile: Profile, mutation: Mutation): Promise<void> {
    const api = await startAttackApi({ verifier: { profile } });
    expectAnswer(await api.send({ token: api.issuer.token(mutation) }), FOREIGN, api.realm);
    expectNoFetch(api);
    await expectForeign(profile, mutation);
  }

  it('RFC 9068 §5: an ID token is no access token by its typ, whatever it is for', async () => {
    covers('G1');
    for (const aud of ['"test-client"', '"https://api.test"', '["test-client","https://api.test"]']) {
      await expectTypeRefusedUnasked('rfc9068', { header: { typ: JWT }, payload: { aud } });
      await expectTypeRefusedUnasked('rfc9068', { header: { typ: undefined }, payload: { aud } });
    }
  });

  it.each(ID_TOKEN_MARKS)(
    'RFC 9068 §5, RFC 8725 §3.12: an ID token with typ JWT and %s is refused by either profile',
    async (name, text) => {
      covers('G1');
      for (const aud of ['"https://api.test"', '["test-client","https://api.test"]']) {
        await expectForeign('jwt', { payload: { aud, [name]: text } });
        await expectForeign('rfc9068', { header: { typ: JWT }, payload: { aud, [name]: text } });
      }
    },
  );

  it.each([JWT, AT_JWT, undefined])('RFC 7519 §4.1.3: an ID token for its client alone, typ %s', async (typ) => {
    covers('G1');
    const base = { header: { typ } };
    await expectForeign('jwt', { payload: { aud: '"test-client"' } }, invalidToken('audience_mismatch'), base);
  });

  it('RFC 9068 §2.2: an ID token that calls itself at+jwt lacks the client_id', async () => {
    covers('G1');
    const idToken = { azp: '"test-client"', client_id: undefined };
    await expectForeign('rfc9068', { payload: idToken }, invalidToken('claim_missing'));
  });

  it.each(ID_TOKEN_MARKS)('%s is refused unless the header says that it is an access token', async (name, text) => {
    covers('G1', 'G4');
    await expectForeign('jwt', { payload: { [name]: text } }, FOREIGN, { header: { typ: undefined } });
    for (const profile of ['rfc9068', 'jwt'] as const) {
      const api = await startAttackApi({ verifier: { profile } });
      await expectTokenAccepted(api, api.issuer.token({ header: { typ: AT_JWT }, payload: { [name]: text } }));
    }
  });

  it('OpenID Connect Core §2: an ID token with a nonce alone, which names no client, scope or role', async () => {
    covers('G1', 'G4');
    const bare = { client_id: undefined, scope: undefined, granted: '"read"' };
    const nonce = '"n-0S6_WzA2Mj"';
    const api = await startAttackApi({ verifier: { profile: 'jwt', scopesFrom: ['granted'] } });
    const control = mutated({ header: { typ: JWT }, payload: bare });
    const token = mutated({ header: { typ: JWT }, payload: { ...bare, nonce } });
    await expectAttackRefused(api, { token, control, answer: FOREIGN });
  });

  it.each(TYPES)('RFC 8725 §3.11, CVE-2026-41164: %s is no access token: %s', async (_kind, typ, claims, ...ids) => {
    covers('G2', ...ids);
    for (const profile of ['rfc9068', 'jwt'] as const) {
      await expectTypeRefusedUnasked(profile, { header: { typ: JSON.stringify(typ) } });
      await expectTypeRefusedUnasked(profile, { header: { typ: JSON.stringify(typ) }, payload: claims });
      await expectTypeRefusedUnasked(profile, { header: { typ: JSON.stringify(`application/${typ}`) } });
    }
  });

  it.each(CLAIMS)('RFC 8725 §3.12: %s is no access token where its typ does not say so', async (_kind, payload) => {
    covers('G2');
    await expectForeign('jwt', { payload });
    await expectForeign('jwt', { payload }, FOREIGN, { header: { typ: undefined } });
  });

  it.each(['rfc9068', 'jwt'] as const)(
    'RFC 7523 §3: what a client signs is not from the issuer, profile %s',
    async (profile) => {
      covers('G2');
      const assertion = { iss: '"test-client"', sub: '"test-client"' };
      await expectForeign(profile, { payload: assertion }, invalidToken('issuer_not_trusted'));
      const request = { iss: '"test-client"', response_type: '"code"', redirect_uri: '"https://client.test/"' };
      await expectForeign(profile, { payload: request }, invalidToken('issuer_not_trusted'));
    },
  );

  it('RFC 9449 §4.2: a DPoP proof with the claims of an access token is no access token', async () => {
    covers('G2');
    const api = await startAttackApi();
    const header = { typ: '"dpop+jwt"', jwk: JSON.stringify(api.issuer.jwk) };
    await expectAttackRefused(api, { token: mutated({ header }), answer: FOREIGN });
  });

  it('a refresh token or a code that says neither issuer nor end is no access token (jmondi)', async () => {
    covers('G2');
    await expectForeign('jwt', { payload: { iss: undefined, exp: undefined } }, invalidToken('claim_missing'));
    await expectForeign('jwt', { payload: { iss: undefined } }, invalidToken('claim_missing'));
    await expectForeign('jwt', { payload: { exp: undefined } }, invalidToken('claim_missing'));
  });

  it.each(['AT+JWT', 'At+Jwt', 'application/at+jwt', 'APPLICATION/AT+JWT', 'Application/At+Jwt'])(
    'RFC 9068 §2.1, §4; RFC 7515 §4.1.9: typ %s is that of an access token',
    async (typ) => {
      covers('G3');
      for (const profile of ['rfc9068', 'jwt'] as const) {
        const api = await startAttackApi({ verifier: { profile } });
        const plain = await expectTokenAccepted(api, api.issuer.token());
        const token = api.issuer.token({ header: { typ: JSON.stringify(typ) } });
        expect(await expectTokenAccepted(api, token)).toEqual(plain);
      }
    },
  );

  it.each([
    ...[
      'at+jwt ',
      ' at+jwt',
      'at+jwt;x',
      'at+jwt; charset=utf-8',
      'at+jwt\n',
      'at+jwt\0',
      '/at+jwt',
      'application/',
      'application//at+jwt',
      'application/application/at+jwt',
      'text/at+jwt',
      'x/at+jwt',
      'at jwt',
      'at%2Bjwt',
      'at+jwt,JWT',
      'at+jwts',
      'xat+jwt',
      'a\uff54+jwt',
      '',
    ].map((typ) => JSON.stringify(typ)),
    '["at+jwt"]',
    '{"at+jwt":true}',
    '1',
    'true',
    'null',
  ])('typ %s is not that of an access token', async (typ) => {
    covers('G3');
    for (const profile of ['rfc9068', 'jwt'] as const) await expectTypeRefusedUnasked(profile, { header: { typ } });
  });

  it('a token without typ is not one of RFC 9068', async () => {
    covers('G3');
    await expectTypeRefusedUnasked('rfc9068', { header: { typ: undefined } });
  });

  it.each([JWT, '"jwt"', '"application/jwt"', '"APPLICATION/JWT"', undefined])(
    'typ %s passes with profile jwt alone',
    async (typ) => {
      covers('G4');
      await expectTypeRefusedUnasked('rfc9068', { header: { typ } });
      const api = await startAttackApi({ verifier: { profile: 'jwt' } });
      await expectTokenAccepted(api, api.issuer.token({ header: { typ } }));
    },
  );

  it('profile jwt is what a verifier has that is told nothing', async () => {
    covers('G4');
    const api = await startAttackApi({ verifier: { profile: undefined } as object });
    await expectTokenAccepted(api, api.issuer.token({ header: { typ: JWT } }));
  });

  it('keycloak#26893: a nonce is no mark beside a word that says access token', async () => {
    covers('G4');
    const nonce = '"n-0S6_WzA2Mj"';
    const api = await startAttackApi({ verifier: { profile: 'jwt' } });
    await expectTokenAccepted(api, api.issuer.token({ payload: { nonce } }));
    await expectTokenAccepted(api, api.issuer.token({ header: { typ: JWT }, payload: { nonce, typ: '"Bearer"' } }));
  });
});
