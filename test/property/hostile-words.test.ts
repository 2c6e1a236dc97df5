import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVerifier, isRefusal, type Verifier, type VerifierOptions } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { generateKeys, RawIssuer } from '../support/raw-issuer.js';
import { thorough } from '../support/thorough.js';

/*
 * Words of clients and issuers end up in logs: in details, messages, status() and the messages of channels. None of them may
 * break a line or steer a terminal there (CWE-117, CWE-150).
 */
const CHANNELS = [
  'fetch',
  'refresh',
  'rotation',
  'skipped-key',
  'back-off',
  'introspection',
  'unknown-kid',
  'decision',
];
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const keys = generateKeys('ES256');

const words = fc.constantFrom(
  '\n',
  '\r\n',
  '\u001b[31m',
  '\u0000',
  '\u0085',
  '\u2028',
  '\u202e',
  '\ud800',
  '"',
  '\\',
  'a',
  '%0a',
  '/',
);
const hostile = fc.array(words, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
const url = hostile.map((text) => `https://issuer.test/${text}`);
const value: fc.Arbitrary<unknown> = fc.oneof(
  hostile,
  url,
  fc.array(hostile, { maxLength: 2 }),
  fc.record({ x: hostile }),
);

const world = fc.record({
  metadata: fc.dictionary(
    fc.constantFrom('issuer', 'jwks_uri', 'introspection_endpoint', 'userinfo_endpoint', 'x'),
    value,
  ),
  jwk: fc.dictionary(fc.constantFrom('kid', 'alg', 'use', 'kty', 'crv', 'key_ops', 'x5t'), value, { maxKeys: 2 }),
  keySet: fc.dictionary(fc.constantFrom('keys', 'jwks_uri'), value, { maxKeys: 1 }),
  header: fc.dictionary(fc.constantFrom('kid', 'typ', 'alg', 'crit', 'cty'), value, { maxKeys: 2 }),
  claims: fc.dictionary(
    fc.constantFrom('iss', 'aud', 'sub', 'scope', 'client_id', 'exp', 'token_use', 'jti', 'cnf', 'scp'),
    value,
    { maxKeys: 3 },
  ),
  answer: fc.dictionary(fc.constantFrom('active', 'iss', 'aud', 'token_type', 'scope', 'sub', 'client_id'), value),
  thrown: hostile,
  failing: fc.constantFrom('nothing', 'metadata', 'jwks', 'introspect', 'userinfo'),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

let texts: unknown[];
const note = (message: unknown) => void texts.push(message);

beforeEach(() => {
  texts = [];
  for (const name of CHANNELS) subscribe(`scopegate:${name}`, note);
});
afterEach(() => {
  for (const name of CHANNELS) unsubscribe(`scopegate:${name}`, note);
});

function answering(raw: RawIssuer, given: World): typeof fetch {
  const documents = {
    metadata: { issuer: raw.issuer, jwks_uri: `${raw.issuer}/jwks`, userinfo_endpoint: `${raw.issuer}/userinfo` },
    jwks: { keys: [raw.jwk, { ...raw.jwk, ...given.jwk }], ...given.keySet },
    introspect: { active: true, sub: 'test-user', aud: raw.audience, ...given.answer },
    userinfo: given.answer,
  };
  return async (input) => {
    const { pathname } = new URL(String(input));
    const name = (['jwks', 'introspect', 'userinfo'] as const).find((part) => pathname === `/${part}`) ?? 'metadata';
    if (given.failing === name) throw new Error(given.thrown, { cause: new Error(given.thrown) });
    const document = name === 'metadata' ? { ...documents.metadata, ...given.metadata } : documents[name];
    return Response.json(document);
  };
}

async function use(verifier: Verifier, tokens: readonly string[]): Promise<void> {
  for (const token of tokens) {
    try {
      const accessToken = await verifier.authenticate({ headers: { authorization: `Bearer ${token}` } });
      await verifier.userInfo(accessToken);
    } catch (error) {
      // An issuer without a UserInfo endpoint is a mistake in the program.
      if (error instanceof TypeError) note(error.message);
      else if (isRefusal(error)) note([error.detail, error.message, error.headers, error.body]);
      else throw error;
    }
  }
  await verifier.refresh().catch((error) => note([error.detail, error.message]));
  note(verifier.status());
}

/** Every text in a value, names of members too. */
function textsIn(found: unknown): readonly string[] {
  if (typeof found === 'string') return [found];
  if (typeof found !== 'object' || found === null) return [];
  return Object.entries(found).flatMap(([name, member]) => [name, ...textsIn(member)]);
}

it('CWE-117, CWE-150: words of others break no line and steer no terminal', async () => {
  covers('F20');
  let seen = 0;
  const property = fc.asyncProperty(world, async (given) => {
    const raw = new RawIssuer({ keys });
    const common = { audience: raw.audience, clock: raw.clock.now, fetch: answering(raw, given) };
    const introspection = { clientId: 'orders-api', clientSecret: 'hush', jwt: true };
    const issuers: VerifierOptions['issuer'][] = [
      raw.issuer,
      { issuer: raw.issuer, jwksUri: `${raw.issuer}/jwks` },
      { issuer: raw.issuer, introspection },
      { issuer: raw.issuer, introspection: { ...introspection, endpoint: `${raw.issuer}/introspect` } },
    ];
    const texted = (members: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(members).map(([name, member]) => [name, JSON.stringify(member)]));
    const tokens = [
      raw.token(),
      raw.token({ header: texted(given.header), payload: texted(given.claims) }),
      raw.token({ header: texted({ kid: given.thrown }) }),
      raw.token({ payload: texted({ scope: given.thrown, scp: [given.thrown] }) }),
    ];
    for (const issuer of issuers) {
      const verifier = createVerifier({ ...common, issuer });
      await use(verifier, tokens);
      verifier.close();
    }

    const all = texts.flatMap(textsIn);
    seen += all.length;
    texts = [];
    expect(all.filter((text) => UNSAFE.test(text))).toEqual([]);
  });
  await fc.assert(property, { numRuns: thorough(150, 50) });
  expect(seen).toBeGreaterThan(thorough(10_000, 2000));
}, 60_000);
