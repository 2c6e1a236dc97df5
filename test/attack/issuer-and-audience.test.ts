import { createServer } from 'node:http';
import type { Express, Response } from 'express';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  createGuard,
  createVerifier,
  type GuardOptions,
  type RefusalReason,
  type Verifier,
} from '../../src/index.js';
import {
  type AttackApi,
  expectAttackRefused,
  expectNoFetch,
  expectTokenAccepted,
  mutated,
  startAttackApi,
} from '../support/attack-api.js';
import { createVerifierWith } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { expectAnswer, invalidToken } from '../support/expect-answer.js';
import { EXPRESS_5 } from '../support/express-versions.js';
import { bearer } from '../support/guarded-api.js';
import { listen } from '../support/listen.js';
import { sendRaw } from '../support/raw-http.js';
import type { JsonTexts } from '../support/raw-token.js';

const AUDIENCE = 'https://api.test';
const MOST_BYTES = 1_048_576;

/** What somebody could take for the issuer; all but the first lines are of an origin `http://127.0.0.1:<port>`. */
const LOOK_ALIKES: readonly (readonly [string, (origin: string) => string])[] = [
  ['an empty string', () => ''],
  ['a space', () => ' '],
  ['a wildcard', () => '*'],
  ['the name of a method of maps', () => 'get'],
  ['the name of a member of objects', () => 'constructor'],
  ['__proto__', () => '__proto__'],
  ['"undefined"', () => 'undefined'],
  ['another case of the scheme', (origin) => origin.replace('http', 'HTTP')],
  ['another scheme', (origin) => origin.replace('http', 'https')],
  ['no scheme', (origin) => origin.replace('http://', '')],
  ['a network-path reference', (origin) => origin.replace('http:', '')],
  ['a trailing slash', (origin) => `${origin}/`],
  ['two trailing slashes', (origin) => `${origin}//`],
  ['a dot segment', (origin) => `${origin}/.`],
  ['an encoded dot segment', (origin) => `${origin}/%2e`],
  ['an encoded dot in the host', (origin) => origin.replace('127.', '127%2e')],
  ['an encoded slash', (origin) => `${origin}%2F`],
  ['empty user information', (origin) => origin.replace('//', '//@')],
  ['user information', (origin) => origin.replace('//', '//user:password@')],
  ['another host behind it', (origin) => `${origin}@evil.example`],
  ['another port spelling', (origin) => origin.replace(/:(\d+)$/, ':0$1')],
  ['no port', (origin) => origin.replace(/:\d+$/, '')],
  ['the path of a tenant', (origin) => `${origin}/tenant-b`],
  ['the path of its metadata', (origin) => `${origin}/.well-known/openid-configuration`],
  ['an empty query', (origin) => `${origin}?`],
  ['an empty fragment', (origin) => `${origin}#`],
  ['a longer host (CVE-2024-53861)', (origin) => `${origin}.evil.example`],
  ['a part of it (CVE-2024-53861)', (origin) => origin.slice(0, -1)],
  ['a part of it, without its beginning', (origin) => origin.slice(1)],
  ['it with a letter more', (origin) => `${origin}0`],
  ['two of them with a space', (origin) => `${origin} ${origin}`],
  ['two of them with a comma', (origin) => `https://evil.example,${origin}`],
  ['it in an array, as text (CVE-2025-30144)', (origin) => JSON.stringify([origin])],
  ['a space in front of it', (origin) => ` ${origin}`],
  ['a space after it', (origin) => `${origin} `],
  ['a line feed after it', (origin) => `${origin}\n`],
  ['a NUL after it', (origin) => `${origin}\0`],
  ['a zero-width space after it', (origin) => `${origin}\u200b`],
  ['a fullwidth digit', (origin) => origin.replace('127', '\uff1127')],
  ['a name of the same address', (origin) => origin.replace('127.0.0.1', 'localhost')],
  ['a short spelling of the same address', (origin) => origin.replace('127.0.0.1', '127.1')],
  ['a decimal spelling of the same address', (origin) => origin.replace('127.0.0.1', '2130706433')],
  ['the same address in IPv6', (origin) => origin.replace('127.0.0.1', '[::ffff:7f00:1]')],
];

describe('E: issuer and audience of a token', () => {
  let api: AttackApi;

  beforeEach(async () => {
    api = await startAttackApi();
  });

  async function expectRefusal(payload: JsonTexts, reason: RefusalReason): Promise<void> {
    await expectAttackRefused(api, { token: mutated({ payload }), answer: invalidToken(reason) });
  }

  /** Trust comes before network: whatever the token names, nobody is asked on account of it. */
  async function expectNobodyAsked(payload: JsonTexts, reason: RefusalReason): Promise<void> {
    expectAnswer(await api.send({ token: api.issuer.token({ payload }) }), invalidToken(reason), api.realm);
    expectNoFetch(api);
    await expectRefusal(payload, reason);
  }

  // Those that need an issuer with https and its default port are in test/rfc/rfc-7519.test.ts.
  it.each(LOOK_ALIKES)('RFC 7519 §7.3, RFC 9068 §4: %s is another issuer', async (_, lookAlike) => {
    covers('E1');
    const iss = JSON.stringify(lookAlike(api.issuer.issuer));
    await expectNobodyAsked({ iss }, 'issuer_not_trusted');
  });

  it('CVE-2026-32301: another server that is there and listens is not asked', async () => {
    covers('E1');
    await expectNobodyAsked({ iss: JSON.stringify(api.sink.origin) }, 'issuer_not_trusted');
  });

  it.each(['rfc9068', 'jwt'] as const)('RFC 9068 §2.2: a token without iss is refused, profile %s', async (profile) => {
    covers('E1');
    api = await startAttackApi({ verifier: { profile } });
    await expectNobodyAsked({ iss: undefined }, 'claim_missing');
  });

  it.each<[string, (iss: string) => string]>([
    ['an array with it', (iss) => `[${iss}]`],
    ['an array with it and others', (iss) => `[${iss},"https://evil.example"]`],
    ['an object', (iss) => `{"0":${iss}}`],
    ['an object that is like a string', (iss) => `{"toString":${iss},"length":1}`],
    ['null', () => 'null'],
    ['a number', () => '1'],
    ['true', () => 'true'],
  ])('CVE-2025-30144: an iss that is %s is refused', async (_, form) => {
    covers('E1');
    await expectNobodyAsked({ iss: form(JSON.stringify(api.issuer.issuer)) }, 'claim_malformed');
  });

  it.each<[string, string, RefusalReason]>([
    ['an empty string', '""', 'claim_malformed'],
    ['null', 'null', 'claim_malformed'],
    ['false', 'false', 'claim_malformed'],
    ['true', 'true', 'claim_malformed'],
    ['an object', '{}', 'claim_malformed'],
    ['an object with it', `{"0":"${AUDIENCE}","length":1}`, 'claim_malformed'],
    ['a nested array', `[["${AUDIENCE}"]]`, 'claim_malformed'],
    ['an array with a number', `["${AUDIENCE}",1]`, 'claim_malformed'],
    ['an array with null', `[null,"${AUDIENCE}"]`, 'claim_malformed'],
    ['an array with an empty string', `["${AUDIENCE}",""]`, 'claim_malformed'],
    ['an empty array (CVE-2020-26160)', '[]', 'audience_mismatch'],
    ['another audience', '"https://other.test"', 'audience_mismatch'],
    ['other audiences', '["https://other.test","https://another.test"]', 'audience_mismatch'],
    ['another case of the host', '"https://API.test"', 'audience_mismatch'],
    ['another case of the scheme', '"HTTPS://api.test"', 'audience_mismatch'],
    ['a trailing slash', `"${AUDIENCE}/"`, 'audience_mismatch'],
    ['a path', `"${AUDIENCE}/orders"`, 'audience_mismatch'],
    ['a longer host', `"${AUDIENCE}.evil.example"`, 'audience_mismatch'],
    ['a part of it', '"https://api.tes"', 'audience_mismatch'],
    ['its host', '"api.test"', 'audience_mismatch'],
    ['a wildcard', '"*"', 'audience_mismatch'],
    ['a pattern', '"https://.*"', 'audience_mismatch'],
    ['names with a space between them', `"https://other.test ${AUDIENCE}"`, 'audience_mismatch'],
    ['names with a comma between them', `"${AUDIENCE},https://other.test"`, 'audience_mismatch'],
    ['names with a space, in an array', `["${AUDIENCE} https://other.test"]`, 'audience_mismatch'],
    ['a space around it', `" ${AUDIENCE}"`, 'audience_mismatch'],
    ['an explicit default port', `"${AUDIENCE}:443"`, 'audience_mismatch'],
    ['a percent-encoded letter', '"https://%61pi.test"', 'audience_mismatch'],
    ['a letter of another script', '"https://\u0430pi.test"', 'audience_mismatch'],
    ['a zero-width space', '"https://api.test\u200b"', 'audience_mismatch'],
    ['its text as an array', `"[\\"${AUDIENCE}\\"]"`, 'audience_mismatch'],
  ])('RFC 7519 §4.1.3, CVE-2024-5798, CVE-2025-62610: an aud that is %s is refused', async (_, aud, reason) => {
    covers('E2');
    await expectRefusal({ aud }, reason);
  });

  it.each<['rfc9068' | 'jwt', RefusalReason]>([
    ['rfc9068', 'claim_missing'],
    ['jwt', 'audience_mismatch'],
  ])('CVE-2025-62610: a token without aud is refused, profile %s', async (profile, reason) => {
    covers('E2');
    api = await startAttackApi({ verifier: { profile } });
    await expectRefusal({ aud: undefined }, reason);
  });

  it.each([
    ['a string', JSON.stringify(AUDIENCE)],
    ['an array of one', JSON.stringify([AUDIENCE])],
    ['an array with others', JSON.stringify(['https://other.test', AUDIENCE])],
    ['an array that names it twice', JSON.stringify([AUDIENCE, AUDIENCE])],
  ])('RFC 7519 §4.1.3: %s that names the server to the letter passes', async (_, aud) => {
    covers('E2');
    const claims = await expectTokenAccepted(api, api.issuer.token({ payload: { aud } }));
    expect(claims['aud']).toEqual(JSON.parse(aud));
  });

  describe('an aud of 100,000 entries', () => {
    const entries = (last: string) => `[${'"a",'.repeat(99_999)}"${last}"]`;

    it('is beyond the usual maxTokenBytes', async () => {
      covers('E2', 'D13');
      await expectNobodyAsked({ aud: entries(AUDIENCE) }, 'token_too_large');
    });

    it('is read to its end where maxTokenBytes lets it in', async () => {
      covers('E2');
      api = await startAttackApi({ verifier: { maxTokenBytes: MOST_BYTES } });
      const claims = await expectTokenAccepted(api, api.issuer.token({ payload: { aud: entries(AUDIENCE) } }));
      expect(claims['aud']).toHaveLength(100_000);
    });

    it.each<[string, string, RefusalReason]>([
      ['without the right one', entries('b'), 'audience_mismatch'],
      ['one of which is no string', entries(AUDIENCE).replace('"a"', '1'), 'claim_malformed'],
    ])('is refused %s', async (_, aud, reason) => {
      covers('E2');
      api = await startAttackApi({ verifier: { maxTokenBytes: MOST_BYTES } });
      await expectRefusal({ aud }, reason);
    });
  });

  it.each<[string, object]>([
    ['left out', { audience: undefined }],
    ['null', { audience: null }],
    ['an empty string', { audience: '' }],
    ['an empty list', { audience: [] }],
    ['a list with an empty string', { audience: [AUDIENCE, ''] }],
    ['true', { audience: true }],
    ['false, with nothing in its place', { audience: false }],
    ['false, with an empty list of clients', { audience: false, clientIds: [] }],
  ])('CVE-2026-55689, CVE-2026-30223, CVE-2026-22748: there is no server whose audience is %s', (_, changes) => {
    covers('E3');
    expect(() => createVerifierWith({})).not.toThrow();
    expect(() => createVerifierWith(changes)).toThrow(ConfigurationError);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['an empty string', ''],
    ['an empty list', []],
    ['false', false],
  ])('there is no guard whose own audience is %s', (_, audience) => {
    covers('E3');
    expect(() => createGuard(api.verifier, { audience: AUDIENCE })).not.toThrow();
    expect(() => createGuard(api.verifier, { audience } as never)).toThrow(ConfigurationError);
  });

  it('a guard whose own audience is undefined asks for that of its verifier', async () => {
    covers('E3');
    const { guardWith, reasons } = watchGuards(api.verifier);
    const app = EXPRESS_5().get('/', guardWith({ audience: undefined })('read', answerRan));
    const tokens = [AUDIENCE, 'https://other.test', AUDIENCE].map((aud) =>
      api.issuer.token({ payload: { aud: JSON.stringify(aud) } }),
    );
    const statuses = await sendAll(
      app,
      tokens.map((token) => ({ target: '/', token })),
    );
    expect({ statuses, reasons }).toEqual({ statuses: [200, 401, 200], reasons: ['audience_mismatch'] });
  });

  it('a server without audience takes the tokens of its clients alone', async () => {
    covers('E3');
    api = await startAttackApi({ verifier: { audience: false, clientIds: ['test-client'] } });
    const realm = 'api';
    await expectAttackRefused(api, {
      token: mutated({ payload: { client_id: '"other-client"' } }),
      answer: { ...invalidToken('client_not_allowed'), realm },
    });
  });

  it('naming clients does not take the place of an audience that is given', async () => {
    covers('E3');
    api = await startAttackApi({ verifier: { clientIds: ['test-client'] } });
    await expectRefusal({ aud: '"https://other.test"' }, 'audience_mismatch');
  });

  it.each<[string, JsonTexts]>([
    ['with nothing about this one', {}],
    ['with this one as resource', { resource: `"${AUDIENCE}"` }],
    ['with this one as audience', { audience: `"${AUDIENCE}"` }],
    ['with this one as azp', { azp: `"${AUDIENCE}"` }],
    ['with this one as sub', { sub: `"${AUDIENCE}"` }],
    ['with this one as client_id', { client_id: `"${AUDIENCE}"` }],
    ['with this one as Aud', { Aud: `"${AUDIENCE}"` }],
    ['with this one in its scope', { scope: `"read ${AUDIENCE}/read"` }],
  ])('RFC 9700 §2.3, CVE-2026-44428: a token for another API of the same issuer is refused, %s', async (_, more) => {
    covers('E4');
    const token = mutated({ payload: { ...more, aud: '"https://other.test"' } });
    const control = mutated({ payload: more });
    await expectAttackRefused(api, { token, control, answer: invalidToken('audience_mismatch') });
  });

  it('RFC 9700 §2.3: a token that one API of a verifier accepted is refused by its other', async () => {
    covers('E4');
    const other = createVerifier({
      issuer: api.issuer.issuer,
      audience: [AUDIENCE, 'https://other.test'],
      profile: 'rfc9068',
      clock: api.issuer.clock.now,
      dangerouslyAllowInsecureHttp: true,
    });
    const { guardWith, reasons } = watchGuards(other);
    const app = EXPRESS_5();
    app.get('/api', guardWith({ audience: AUDIENCE })('read', answerRan));
    app.get('/other', guardWith({ audience: 'https://other.test' })('read', answerRan));
    const token = api.issuer.token();
    const targets = ['/other', '/api', '/other', '/api'];
    const statuses = await sendAll(
      app,
      targets.map((target) => ({ target, token })),
    );
    other.close();
    expect({ statuses, reasons }).toEqual({
      statuses: [401, 200, 401, 200],
      reasons: ['audience_mismatch', 'audience_mismatch'],
    });
  });
});

const answerRan = (_req: unknown, res: Response) => void res.json('ran');

/** Makes guards of a verifier that note why they refuse. */
function watchGuards(verifier: Verifier) {
  const reasons: RefusalReason[] = [];
  const guardWith = (options: { audience: string | undefined }) =>
    createGuard(verifier, { ...options, onRefusal: ({ reason }) => reasons.push(reason) } as GuardOptions);
  return { guardWith, reasons };
}

/** Starts an app for as long as it takes to send requests, one after the other. */
async function sendAll(app: Express, calls: readonly { target: string; token: string }[]): Promise<number[]> {
  const server = await listen(createServer(app));
  const statuses: number[] = [];
  for (const { target, token } of calls) {
    statuses.push((await sendRaw(server.port, { target, lines: bearer(token) })).status);
  }
  await server.close();
  return statuses;
}
