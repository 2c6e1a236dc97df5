import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../src/index.js';
import type { IntrospectionOptions } from '../../src/issuer/introspection-options.js';
import type { IssuerOptions } from '../../src/issuer/issuer-options.js';
import { covers } from '../support/covers.js';
import { RawIssuer } from '../support/raw-issuer.js';
import type { JsonTexts } from '../support/raw-token.js';
import { reasonOfCall } from '../support/reason-of.js';

interface Setting {
  readonly issuer?: Partial<IssuerOptions>;
  readonly introspection?: Partial<IntrospectionOptions>;
  readonly answer?: object;
}

/** An issuer that calls every token active, and says little more. */
function open({ issuer = {}, introspection = {}, answer = {} }: Setting = {}) {
  const raw = new RawIssuer();
  let questions = 0;
  const fetch: typeof globalThis.fetch = async () => {
    questions += 1;
    return Response.json({ active: true, aud: raw.audience, ...answer });
  };
  const asked = { endpoint: `${raw.issuer}/introspect`, clientId: 'api', clientSecret: 'hush', jwt: true } as const;
  const options = { issuer: raw.issuer, introspection: { ...asked, ...introspection }, ...issuer } as IssuerOptions;
  const verifier = createVerifier({ issuer: options, audience: raw.audience, clock: raw.clock.now, fetch });
  const ask = (changes: { header?: JsonTexts; payload?: JsonTexts }, audience?: string) =>
    reasonOfCall(verifier.verify(raw.token(changes), audience === undefined ? undefined : { audience }));
  return { raw, ask, questions: () => questions };
}

const NOW = 1_800_000_000;

describe('a JWT that is introspected', () => {
  covers('J21');
  it.each<[what: string, reason: string, changes: { header?: JsonTexts; payload?: JsonTexts }]>([
    ['RFC 9449 §7.2: is bound to a key', 'binding_not_proven', { payload: { cnf: '{"jkt":"x"}' } }],
    ['RFC 8725 §3.11: has the typ of another kind', 'token_type_not_allowed', { header: { typ: '"logout+jwt"' } }],
    [
      'RFC 8725 §3.12: calls itself a refresh token',
      'token_type_not_allowed',
      { header: { typ: '"JWT"' }, payload: { token_use: '"refresh"' } },
    ],
    ['RFC 7519 §4.1.4: is expired', 'token_expired', { payload: { exp: String(NOW - 6) } }],
    ['RFC 7519 §4.1.5: is not valid yet', 'token_not_yet_valid', { payload: { nbf: String(NOW + 6) } }],
    ['RFC 7519 §4.1.6: is from the future', 'token_not_yet_valid', { payload: { iat: String(NOW + 61) } }],
    ['RFC 7519 §2: has an exp that is no date', 'claim_malformed', { payload: { exp: '"soon"' } }],
  ])('%s: it is refused, whatever its issuer says, and its issuer is not asked', async (_, reason, changes) => {
    const { ask, questions } = open();
    expect(await ask(changes)).toBe(reason);
    expect(questions()).toBe(0);
    expect(await ask({})).toBe('accepted');
    expect(questions()).toBe(1);
  });

  it('RFC 7519 §4.1.5: is valid by now: the later of both nbf counts', async () => {
    const { ask } = open({ answer: { nbf: NOW - 60 } });
    expect(await ask({ payload: { nbf: String(NOW - 30) } })).toBe('accepted');
    expect(await open({ answer: { nbf: NOW + 60 } }).ask({ payload: { nbf: String(NOW - 30) } })).toBe(
      'token_not_yet_valid',
    );
  });

  it('RFC 7519 §4.1.3: is meant for another audience: it is refused, whatever its issuer says', async () => {
    const { ask } = open();
    expect(await ask({ payload: { aud: '"https://other.test"' } })).toBe('audience_mismatch');
    expect(await ask({ payload: { aud: '[]' } })).toBe('audience_mismatch');
    expect(await ask({ payload: { aud: undefined } })).toBe('accepted');
  });

  it('RFC 7519 §4.1.3: its own audience counts for each guard, also once it is known', async () => {
    const other = 'https://other.test';
    const { raw, ask } = open({ answer: { aud: ['https://api.test', other] } });
    expect(await ask({})).toBe('accepted');
    expect(await ask({}, other)).toBe('audience_mismatch');
    const both = JSON.stringify([raw.audience, other]);
    expect([await ask({ payload: { aud: both } }), await ask({ payload: { aud: both } }, other)]).toEqual([
      'accepted',
      'accepted',
    ]);
  });

  it('grants nothing: an audience, a time or a scope that the answer lacks is not taken from it', async () => {
    const withoutAudience = open({ answer: { aud: undefined } });
    expect(await withoutAudience.ask({})).toBe('audience_mismatch');
    const withoutIat = open({ issuer: { maxTokenAgeSeconds: 60 } });
    expect(await withoutIat.ask({})).toBe('claim_missing');
    const withIat = open({ issuer: { maxTokenAgeSeconds: 60 }, answer: { iat: NOW } });
    expect(await withIat.ask({})).toBe('accepted');
    expect(await withIat.ask({ payload: { iat: String(NOW - 66) } })).toBe('token_too_old');
    expect(await withIat.ask({ payload: { iat: undefined } })).toBe('accepted');
  });

  it('RFC 7519 §4.1.4: is good until its own end, though the answer names a later one', async () => {
    const { raw, ask } = open({ answer: { exp: NOW + 3600 } });
    const changes = { payload: { iat: String(NOW), exp: String(NOW + 30) } };
    expect(await ask(changes)).toBe('accepted');
    raw.clock.advance(34);
    expect(await ask(changes)).toBe('accepted');
    raw.clock.advance(1);
    expect(await ask(changes)).toBe('token_expired');
  });

  it('names a client that is not allowed: it is refused', async () => {
    const { ask } = open({ issuer: { clientIds: ['test-client'] }, answer: { client_id: 'test-client' } });
    expect(await ask({ payload: { client_id: '"other"' } })).toBe('client_not_allowed');
    expect([await ask({}), await ask({ payload: { client_id: undefined } })]).toEqual(['accepted', 'accepted']);
  });

  it.each<[what: string, changes: { header?: JsonTexts; payload?: JsonTexts }, reason: string]>([
    ['without typ', { header: { typ: undefined } }, 'token_type_not_allowed'],
    ['without jti', { payload: { jti: undefined } }, 'claim_missing'],
  ])('RFC 9068 §4: %s it is refused by the profile rfc9068, which counts for it too', async (_, changes, reason) => {
    const strict = open({ issuer: { profile: 'rfc9068' } });
    expect([await strict.ask(changes), await strict.ask({})]).toEqual([reason, 'accepted']);
    expect(await open().ask(changes)).toBe('accepted');
  });

  it('says nothing by null or by exp 0, as in answers, and its exp does not count with ignoreExp', async () => {
    const { ask } = open();
    const nothing = { aud: 'null', nbf: 'null', cnf: 'null', exp: '0', sub: '7' };
    expect(await ask({ payload: nothing })).toBe('accepted');
    const expired = { payload: { exp: String(NOW - 60) } };
    expect(await open({ introspection: { ignoreExp: true } }).ask(expired)).toBe('accepted');
    expect(await ask(expired)).toBe('token_expired');
  });
});
