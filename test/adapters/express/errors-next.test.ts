import type { ErrorRequestHandler, Express } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthorizationError, IssuerUnavailableError, REFUSALS } from '../../../src/index.js';
import { expectAccepted, expectAnswer, expectRefused } from '../../support/expect-answer.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { startTestIssuerApi, type TestIssuerApi } from '../../support/guarded-api.js';
import { CONTRACT_OPTIONS, CONTRACT_ROWS, GOLD_POLICY, OUTAGE_ROWS } from '../contract-rows.js';

const NEXT = { errors: 'next' } as const;
const rows = CONTRACT_ROWS.map((row) => [row.answer.reason, row.answer.status, row] as const);
const outages = OUTAGE_ROWS.map((row) => [row.answer.reason, row.answer.status, row] as const);

describe.each(EXPRESS_VERSIONS)("errors: 'next' on %s", (_, express) => {
  let own: TestIssuerApi;
  let byDefault: TestIssuerApi;
  const caught: unknown[] = [];

  const startApi = (declare: (app: Express) => void) =>
    startTestIssuerApi({
      express,
      ...CONTRACT_OPTIONS,
      guard: NEXT,
      routes: (app, { guard, handler }) => {
        app.get('/gold', guard(GOLD_POLICY), handler);
        declare(app);
      },
    });

  const answer: ErrorRequestHandler = (error, _req, res, _next) => {
    caught.push(error);
    res.writeHead(error.status, error.headers).end(error.body);
  };

  beforeAll(async () => {
    own = await startApi((app) => app.use(answer));
    byDefault = await startApi(() => {});
  });
  afterAll(async () => {
    await own.close();
    await byDefault.close();
  });

  it.each(rows)(
    'docs/http.md: an error handler can answer %s as the guard would, from what the error holds',
    async (_, __, { answer, call, control }) => {
      caught.length = 0;
      await expectRefused(own, call, answer, control);
      expect(caught).toHaveLength(1);
      expect(caught[0]).toBeInstanceOf(AuthorizationError);
      const { status, error: code } = answer;
      const expected = { reason: answer.reason, status, statusCode: status, code };
      expect(caught[0]).toMatchObject(expected);
      expect((caught[0] as Error).message).toBe(REFUSALS[answer.reason].description);
    },
  );

  it.each(rows)(
    'docs/http.md: the default error handler answers %s with status %d and the same challenge',
    async (reason, status, { answer, call, control }) => {
      await expectAccepted(byDefault, control);
      const { token, response, refusals, handlerRuns } = await byDefault.send(call);
      expect({ reasons: refusals.map((error) => error.reason), status: response.status, handlerRuns }).toEqual({
        reasons: [reason],
        status,
        handlerRuns: 0,
      });
      const same = await own.send(call);
      expectAnswer(same, answer, own.realm);
      for (const name of ['www-authenticate', 'cache-control']) {
        expect(response.headers.get(name)).toEqual(same.response.headers.get(name));
      }
      expect(response.text).not.toContain(token);
      expect(response.text).not.toContain(REFUSALS[reason].help);
    },
  );

  it.each(outages)(
    'docs/http.md: hands %s over with status %d and Retry-After',
    async (_, __, { answer: expected, begin, verifier }) => {
      const errors: unknown[] = [];
      const api = await startTestIssuerApi({
        express,
        ...(verifier && { verifier }),
        guard: NEXT,
        routes: (app) =>
          app.use(((error, req, res, next) => {
            errors.push(error);
            answer(error, req, res, next);
          }) satisfies ErrorRequestHandler),
      });
      try {
        await begin(api);
        expectAnswer(await api.send(), expected, api.realm);
        expect(errors).toHaveLength(1);
        expect(errors[0]).toBeInstanceOf(IssuerUnavailableError);
        expect(errors[0]).toMatchObject({ reason: expected.reason, status: 503, code: 'temporarily_unavailable' });
      } finally {
        await api.close();
      }
    },
  );
});
