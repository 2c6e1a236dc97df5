import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REFUSALS } from '../../src/index.js';
import { type Answer, expectAccepted, expectAnswer } from '../support/expect-answer.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { bearer, type Exchange, startTestIssuerApi, type TestIssuerApi } from '../support/guarded-api.js';
import { secretsOf, textsOf } from '../support/leaks.js';
import { noteUnhandledRejections } from '../support/rejections.js';
import { claims, damaged, edited, headerText, tokenShaped } from '../support/token-arbitraries.js';
import { RUNS } from './runs.js';

const TOLERANCE_SECONDS = 5;
const GOOD_NAME = 'Authorization: Bearer ';
const ALGORITHMS = ['ES256', 'RS256', 'Ed25519'] as const;

describe.each(EXPRESS_VERSIONS)('whatever a request holds, on %s', (_, express) => {
  const unhandled = noteUnhandledRejections();
  let api: TestIssuerApi;
  let tokens: readonly string[];

  beforeAll(async () => {
    api = await startTestIssuerApi({ express, issuer: { algorithms: ALGORITHMS } });
    const scope = 'orders:read';
    tokens = await Promise.all(ALGORITHMS.map((algorithm) => api.issuer.token({ scope, algorithm })));
    for (const token of tokens) await expectAccepted(api, { token });
  });
  afterAll(() => api.close());

  /** Demands that the answer is a row of the contract, or Node's own where the message was not HTTP. */
  function expectOneRow(exchange: Exchange, sent: string): void {
    const { response, refusals, handlerRuns } = exchange;
    expect(handlerRuns).toBe(0);
    const texts = `${response.text}\n${refusals.map(textsOf).join('\n')}`;
    for (const secret of secretsOf(sent)) expect(texts.includes(secret)).toBe(false);
    const [refusal] = refusals;
    if (refusal === undefined) {
      expect(response.text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n\r\n$/);
      return;
    }
    const { reason, scopes } = refusal as typeof refusal & { scopes?: readonly string[] };
    const entry: Omit<Answer, 'reason'> = REFUSALS[reason];
    expectAnswer(exchange, { reason, ...entry, ...(scopes && { scope: scopes.join(' ') }) }, api.realm);
    expect([400, 401, 403]).toContain(response.status);
  }

  /** Demands what no token may lack, told again without the code under test. */
  function expectRightClaims({ iss, aud, exp, nbf = 0, iat = 0, scope, scp, cnf }: Record<string, unknown>): void {
    const now = api.issuer.now() / 1000;
    expect({ iss, isForUs: [aud].flat().includes(api.issuer.audience), cnf }).toEqual({
      iss: api.issuer.issuer,
      isForUs: true,
      cnf: undefined,
    });
    expect(Number(exp)).toBeGreaterThan(now - TOLERANCE_SECONDS);
    expect(Math.max(Number(nbf), Number(iat))).toBeLessThanOrEqual(now + TOLERANCE_SECONDS);
    expect([scope, scp].flat().some((text) => String(text).split(' ').includes('orders:read'))).toBe(true);
  }

  it('RFC 6750 §3: every Authorization value without a good token is refused by one row of the contract', async () => {
    const scheme = fc.constantFrom('', ' ', 'Bearer', 'Bearer ', 'bearer  ', 'BEARER\t', 'Basic ', 'Bearer,', 'DPoP ');
    const value = fc.tuple(scheme, fc.oneof(headerText, tokenShaped)).map((parts) => parts.join(''));
    const check = fc.asyncProperty(value, async (text) => {
      expectOneRow(await api.send({ token: '', lines: () => [`Authorization: ${text}`] }), text.trim());
    });
    await fc.assert(check, { numRuns: RUNS });
    expect(unhandled()).toEqual([]);
  });

  it('RFC 7515 §5.2: no token is accepted but the very one that was issued', async () => {
    const sent = fc.oneof(...tokens.flatMap((token) => [damaged(token), edited(token)]));
    const check = fc.asyncProperty(sent, async (text) => {
      const exchange = await api.send({ token: text, lines: bearer });
      // What HTTP takes for no part of the value: spaces before the token, white space at the end.
      const arrived = text.replace(/^ +/, '').replace(/[ \t]+$/, '');
      if (tokens.includes(arrived)) expect([exchange.response.status, exchange.handlerRuns]).toEqual([200, 1]);
      else expectOneRow(exchange, text);
    });
    await fc.assert(check, { numRuns: RUNS });
    expect(unhandled()).toEqual([]);
  });

  it('RFC 7519 §4: a token that is genuine is let through with the right claims alone', async () => {
    const check = fc.asyncProperty(claims, async (changes) => {
      const token = await api.issuer.token({ scope: 'orders:read', claims: changes });
      const exchange = await api.send({ token });
      if (exchange.response.status !== 200) return expectOneRow(exchange, token);
      expect(exchange.handlerRuns).toBe(1);
      const said = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
      expectRightClaims(said);
      // An empty sub counts as none.
      expect(JSON.parse(exchange.response.body)).toEqual(said.sub ? { subject: said.sub } : {});
    });
    await fc.assert(check, { numRuns: RUNS });
    expect(unhandled()).toEqual([]);
  });

  it('RFC 6750 §2: headers, query and form together never let a damaged token through', async () => {
    const [token = ''] = tokens;
    const part = fc.oneof(damaged(token), tokenShaped, fc.constant(token));
    const name = fc.oneof(fc.constant(GOOD_NAME), fc.constantFrom('authorization: ', 'X-Token: ', 'Cookie: token='));
    const line = fc.tuple(name, part);
    const query = fc.array(fc.tuple(fc.constantFrom('access_token', 'access_token[]', 'a'), part), { maxLength: 3 });
    const check = fc.asyncProperty(fc.array(line, { maxLength: 3 }), query, async (lines, pairs) => {
      const target = `/orders?${new URLSearchParams(pairs as [string, string][])}`;
      const exchange = await api.send({ token: '', target, lines: () => lines.map((pieces) => pieces.join('')) });
      const authorizations = lines.filter(([name]) => /^authorization/i.test(name));
      const isGood =
        authorizations.length === 1 &&
        authorizations[0]?.[0] === GOOD_NAME &&
        authorizations[0][1].replace(/^ +| +$/g, '') === token &&
        pairs.every(([name]) => name !== 'access_token');
      if (isGood) expect([exchange.response.status, exchange.handlerRuns]).toEqual([200, 1]);
      else expectOneRow(exchange, '');
    });
    await fc.assert(check, { numRuns: RUNS });
    expect(unhandled()).toEqual([]);
  });
});
