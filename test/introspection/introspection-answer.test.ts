import { describe, expect, it } from 'vitest';
import { type ActiveToken, parseIntrospectionAnswer } from '../../src/introspection/introspection-answer.js';
import { createIssuerRegistry } from '../../src/issuer/create-issuer-registry.js';
import type { Issuer } from '../../src/issuer/issuer.js';
import { parseStrictJsonObject } from '../../src/jws/strict-json.js';
import type { JsonObject } from '../../src/protocol/json-object.js';
import { parseVerifierOptions } from '../../src/verifier/options.js';
import { covers } from '../support/covers.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { type JsonTexts, toJsonText } from '../support/raw-token.js';
import { reasonOf } from '../support/reason-of.js';

const raw = new RawIssuer();
const config = parseVerifierOptions(raw.verifierOptions);
const [issuer] = createIssuerRegistry(config.issuers, {
  ...config,
  signal: new AbortController().signal,
}).all() as readonly [Issuer];

function parse(members: JsonTexts, ignoreExp = false) {
  const answer = parseStrictJsonObject(Buffer.from(toJsonText({ active: 'true', ...members }))) as JsonObject;
  return parseIntrospectionAnswer(answer, { issuer, ignoreExp });
}

/** Judges an answer whose control, without the one change, is good. */
function judge(members: JsonTexts): string {
  expect(reasonOf(parse(raw.payload))).toBe('accepted');
  return reasonOf(parse({ ...raw.payload, ...members }));
}

describe('parseIntrospectionAnswer', () => {
  it('RFC 7662 §2.2: reads claims as those of a JWT', () => {
    const { payload, validated } = parse({ ...raw.payload, nbf: '1', aud: '["a","b"]', azp: '"x"' }) as ActiveToken;
    expect(validated).toEqual({
      subject: 'test-user',
      clientId: 'test-client',
      audience: ['a', 'b'],
      expiresAt: raw.now + 3600,
      notBefore: 1,
      issuedAt: raw.now,
      isBound: false,
    });
    expect(payload).toMatchObject({ active: true, scope: 'read' });
  });

  it('RFC 7662 §2.2: needs nothing but active', () => {
    const { payload, validated } = parse({}) as ActiveToken;
    expect(payload).toEqual({ active: true });
    expect(validated).toMatchObject({
      audience: [],
      expiresAt: Number.POSITIVE_INFINITY,
      subject: undefined,
      isBound: false,
    });
  });

  it.each(['false', 'null', '"true"', '1', '[true]', '{}'])('active %s is not active', (active) => {
    covers('J6', '7662-2');
    expect(judge({ active })).toBe('token_inactive');
  });

  it('looks at active before anything else', () => {
    covers('J6');
    expect(judge({ active: 'false', iss: '"https://other.test"', exp: '"x"', token_type: '1' })).toBe('token_inactive');
  });

  it.each<[string, JsonTexts, string]>([
    ['of another issuer', { iss: '"https://other.test"' }, 'issuer_not_trusted'],
    ['of a refresh token', { token_type: '"refresh_token"' }, 'token_type_not_allowed'],
    ['of an ID token', { token_type: '"Id_Token"' }, 'token_type_not_allowed'],
    ['of a token for which nothing is applicable', { token_type: '"N_A"' }, 'token_type_not_allowed'],
    ['of a refresh token in a list', { token_type: '["refresh_token"]' }, 'token_type_not_allowed'],
    ['of a refresh token of Ory Hydra', { token_use: '"refresh_token"' }, 'token_type_not_allowed'],
    ['of a refresh token of Cloud Foundry', { granted_scopes: '["read"]' }, 'token_type_not_allowed'],
    ['of an ID token without a scope', { scope: undefined, at_hash: '"x"' }, 'token_type_not_allowed'],
    ['of an ID token with an empty scope', { scope: '" "', at_hash: '"x"' }, 'token_type_not_allowed'],
    ['with the mark of another kind', { token_use: '"id"' }, 'token_type_not_allowed'],
    ['with a malformed claim', { client_id: '1' }, 'claim_malformed'],
    ['with a negative exp', { exp: '-1' }, 'claim_malformed'],
  ])('refuses the answer %s', (_, members, reason) => {
    covers('J7', '7662-4');
    expect(judge(members)).toBe(reason);
  });

  it.each<[string, JsonTexts]>([
    ['Ory Hydra and Dex', { token_use: '"access_token"' }],
    ['authentik, with the nonce of the login', { nonce: '"n"' }],
    ['a server whose access tokens have the hash of the ID token', { at_hash: '"x"', scope: '["openid"]' }],
    ['a server with a type of its own', { token_type: '"service"', token_use: '1' }],
  ])('providers: accepts the answer of %s', (_, members) => {
    covers('J7');
    expect(judge(members)).toBe('accepted');
  });

  it('dangerouslyAcceptAnyTokenKind: the form of an answer decides nothing, its words still do', () => {
    covers('J7');
    const any = { ...issuer, rules: { ...issuer.rules, acceptAnyTokenKind: true } };
    const judgeBoth = (members: JsonTexts) => {
      const text = toJsonText({ ...raw.payload, active: 'true', scope: undefined, ...members });
      const answer = parseStrictJsonObject(Buffer.from(text)) as JsonObject;
      return [issuer, any].map((of) => reasonOf(parseIntrospectionAnswer(answer, { issuer: of, ignoreExp: false })));
    };
    expect(judgeBoth({ at_hash: '"x"' })).toEqual(['token_type_not_allowed', 'accepted']);
    expect(judgeBoth({ token_use: '"refresh_token"' })).toEqual(['token_type_not_allowed', 'token_type_not_allowed']);
  });

  it.each([
    ...['"Bearer"', '"bearer"', '"BEARER"', '"DPoP"', '"dpop"', '"access_token"', 'null', undefined, 'true', '""'],
    '["Bearer"]',
  ])('providers: accepts the token_type %s', (token_type) => {
    covers('J7');
    expect(judge({ token_type })).toBe('accepted');
  });

  it('Authlib: leaves out what is null, at the top alone', () => {
    covers('J7');
    const { payload, validated } = parse({ ...raw.payload, sub: 'null', aud: 'null', x: '{"y":null}' }) as ActiveToken;
    expect(Object.keys(payload)).not.toContain('sub');
    expect(payload['x']).toEqual({ y: null });
    expect(validated).toMatchObject({ subject: undefined, audience: [] });
  });

  it.each([
    ['0 (Doorkeeper)', '0'],
    ['-0', '-0'],
    ['0.0', '0.0'],
    ['null', 'null'],
    ['nothing', undefined],
  ])('takes an exp of %s for none', (_, exp) => {
    covers('J7');
    const { payload, validated } = parse({ ...raw.payload, exp }) as ActiveToken;
    expect(payload).not.toHaveProperty('exp');
    expect(validated.expiresAt).toBe(Number.POSITIVE_INFINITY);
  });

  it.each(['nbf', 'iat'])('takes 0 for a time where %s has it', (name) => {
    covers('J7');
    expect(parse({ ...raw.payload, [name]: '0' })).toMatchObject({ payload: { [name]: 0 } });
  });

  it('Django OAuth Toolkit: leaves out exp, whatever it is, with ignoreExp', () => {
    covers('J7');
    for (const exp of ['1', '253402300799', '"x"']) {
      const { payload, validated } = parse({ ...raw.payload, exp }, true) as ActiveToken;
      expect(payload).not.toHaveProperty('exp');
      expect(validated.expiresAt).toBe(Number.POSITIVE_INFINITY);
    }
    expect(reasonOf(parse({ ...raw.payload, exp: '"x"' }))).toBe('claim_malformed');
  });

  it('gives members without a prototype that nobody can change', () => {
    covers('D2', 'H25');
    const { payload } = parse({ ...raw.payload, x: '{"y":[1]}' }) as ActiveToken;
    expect(Object.getPrototypeOf(payload)).toBeNull();
    for (const value of [payload, payload['x'], (payload['x'] as { y: unknown }).y]) {
      expect(Object.isFrozen(value)).toBe(true);
    }
    const named = parse({ constructor: '1', toString: '"x"' }) as ActiveToken;
    expect(Object.entries(named.payload)).toEqual([
      ['active', true],
      ['constructor', 1],
      ['toString', 'x'],
    ]);
  });
});
