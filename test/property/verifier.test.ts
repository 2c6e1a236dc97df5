import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type AccessToken,
  AuthorizationError,
  createVerifier,
  type HttpRequest,
  type IssuerUnavailableError,
  isRefusal,
  REFUSALS,
  type Verifier,
} from '../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js';
import { covers } from '../support/covers.js';
import { secretsOf, textsOf } from '../support/leaks.js';
import { noteUnhandledRejections } from '../support/rejections.js';
import { anyText, damaged, edited, headerText, tokenShaped } from '../support/token-arbitraries.js';
import { parseWwwAuthenticate } from '../support/www-authenticate.js';
import { RUNS } from './runs.js';

const ALGORITHMS = ['ES256', 'RS256', 'Ed25519'] as const;
// Without HTTP in between, inputs cost less.
const MANY = { numRuns: 3 * RUNS };

type RefusalError = AuthorizationError | IssuerUnavailableError;

describe('whatever a verifier is given', () => {
  const unhandled = noteUnhandledRejections();
  let issuer: TestIssuer;
  let verifier: Verifier;
  let tokens: readonly string[];

  beforeAll(async () => {
    issuer = await createTestIssuer({ algorithms: ALGORITHMS });
    verifier = createVerifier(issuer.verifierOptions);
    tokens = await Promise.all(ALGORITHMS.map((algorithm) => issuer.token({ scope: 'orders:read', algorithm })));
    for (const token of tokens) expect((await verifier.verify(token)).subject).toBe('test-user');
  });

  /** Gives the access token or the refusal. Any other error is a finding. */
  async function settle(call: Promise<AccessToken>): Promise<AccessToken | RefusalError> {
    try {
      return await call;
    } catch (error) {
      if (isRefusal(error)) return error;
      throw error;
    }
  }

  /** Demands an error that is a row of the table and tells nothing of what was sent. */
  function expectRefusal(outcome: AccessToken | RefusalError, sent: unknown, statuses = [400, 401, 403]): void {
    if (!(outcome instanceof Error)) throw new Error('it was accepted');
    const { status, description, ...entry } = REFUSALS[outcome.reason];
    expect(statuses).toContain(status);
    expect({ status: outcome.status, message: outcome.message }).toEqual({ status, message: description });
    if (outcome instanceof AuthorizationError) {
      expect(outcome.code).toBe('error' in entry ? entry.error : undefined);
      expect(parseWwwAuthenticate(outcome.headers['WWW-Authenticate'] ?? '')).toHaveLength(1);
    }
    const texts = textsOf(outcome);
    for (const secret of typeof sent === 'string' ? secretsOf(sent) : []) expect(texts.includes(secret)).toBe(false);
  }

  it('RFC 7519 §7.2: refuses every string that is no token of its issuer', async () => {
    const check = fc.asyncProperty(fc.oneof(anyText, tokenShaped), async (text) => {
      expectRefusal(await settle(verifier.verify(text)), text);
    });
    await fc.assert(check, MANY);
    expect(unhandled()).toEqual([]);
  });

  it('RFC 7519 §7.2: refuses every value that is no string', async () => {
    const check = fc.asyncProperty(fc.anything(), async (value) => {
      fc.pre(typeof value !== 'string');
      expectRefusal(await settle(verifier.verify(value as string)), value);
    });
    await fc.assert(check, MANY);
    expect(unhandled()).toEqual([]);
  });

  it('RFC 7515 §5.2: accepts no string but the very one that was issued', async () => {
    covers('K1');
    const sent = fc.oneof(
      ...tokens.flatMap((token) => [
        damaged(token),
        damaged(token, fc.string({ unit: 'binary', maxLength: 1 })),
        edited(token),
      ]),
    );
    const check = fc.asyncProperty(sent, async (text) => {
      const outcome = await settle(verifier.verify(text));
      if (tokens.includes(text)) expect(outcome).toMatchObject({ token: text, subject: 'test-user' });
      else expectRefusal(outcome, text);
    });
    await fc.assert(check, MANY);
    expect(unhandled()).toEqual([]);
  });

  it('gives the same answer with a token cache, without one, and with the real token cached', async () => {
    covers('H29');
    const options = issuer.verifierOptions;
    const withoutCache = createVerifier({ ...options, tokenCache: false });
    const sent = fc.constantFrom(...tokens).chain((token) => fc.tuple(fc.constant(token), damaged(token)));
    const check = fc.asyncProperty(sent, async ([token, text]) => {
      const fresh = createVerifier({ ...options, tokenCache: { max: 1 } });
      const answers = [await settle(fresh.verify(text)), await settle(withoutCache.verify(text))];
      await fresh.verify(token);
      answers.push(await settle(fresh.verify(text)), await settle(fresh.verify(text)));
      const told = answers.map((answer) => (answer instanceof Error ? answer.reason : answer.claims));
      expect(told).toEqual(told.map(() => told[0]));
    });
    await fc.assert(check, { numRuns: RUNS });
    expect(unhandled()).toEqual([]);
  });

  const headerName = fc.oneof(
    fc.constantFrom('authorization', 'Authorization', 'AUTHORIZATION', 'content-type', 'get', '__proto__', 'dpop'),
    fc.string(),
  );
  const headerValue = fc.oneof(
    headerText,
    tokenShaped.map((token) => `Bearer ${token}`),
    fc.array(anyText, { maxLength: 3 }),
    fc.constant(undefined),
  );

  it('RFC 6750 §2: refuses every request without a good token, whatever else it holds', async () => {
    const request = fc.record({
      method: fc.option(fc.oneof(fc.constantFrom('GET', 'POST', 'HEAD'), fc.string()), { nil: undefined }),
      url: fc.option(
        fc.oneof(
          anyText,
          fc.tuple(anyText, tokenShaped).map((parts) => parts.join('?access_token=')),
        ),
        {
          nil: undefined,
        },
      ),
      headers: fc.dictionary(headerName, headerValue),
      body: fc.oneof(fc.anything(), fc.record({ access_token: fc.anything() })),
    });
    const places = fc.subarray(['form', 'query'] as const);
    const check = fc.asyncProperty(request, places, async (given, extraTokenLocations) => {
      const call = verifier.authenticate(given as HttpRequest, { policy: 'orders:read', extraTokenLocations });
      expectRefusal(await settle(call), undefined);
    });
    await fc.assert(check, MANY);
    expect(unhandled()).toEqual([]);
  });

  it('RFC 9110 §15.6.4: while the issuer is down, refuses with 4xx or 503 and nothing else', async () => {
    const down = await createTestIssuer();
    const token = await down.token({ scope: 'orders:read' });
    const cold = createVerifier(down.verifierOptions);
    await down.outage('refuse');
    const sent = fc.oneof(fc.constant(token), damaged(token), edited(token));
    const check = fc.asyncProperty(sent, async (text) => {
      expectRefusal(await settle(cold.verify(text)), text, [401, 503]);
    });
    await fc.assert(check, { numRuns: RUNS });
    expect(unhandled()).toEqual([]);
    expect(down.hits.metadata).toBe(1);
  });
});
