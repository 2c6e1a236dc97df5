import { createServer } from 'node:http';
import type { RequestHandler } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuard, createVerifier, REFUSALS } from '../../src/index.js';
import { createTestIssuer } from '../../src/testing/index.js';
import {
  ASKED_REASONS,
  CONTRACT_ROWS,
  type ContractRow,
  OUTAGE_ROWS,
  startContractApi,
} from '../support/contract-rows.js';
import { covers } from '../support/covers.js';
import { expectAccepted, expectAnswer, expectRefused, invalidToken, noCredentials } from '../support/expect-answer.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { type Exchange, startTestIssuerApi, type TestIssuerApi } from '../support/guarded-api.js';
import { listen } from '../support/listen.js';
import { sendRaw } from '../support/raw-http.js';

const titled = <Row extends { answer: { reason: string; status: number } }>(rows: readonly Row[]) =>
  rows.map((row) => [row.answer.reason, row.answer.status, row] as const);

describe('the rows of the HTTP contract', () => {
  it('docs/http.md: there is a row for every reason that this version can give', () => {
    const tried = [...CONTRACT_ROWS, ...OUTAGE_ROWS].map(({ answer }) => answer.reason);
    expect([...tried, ...ASKED_REASONS].sort()).toEqual(Object.keys(REFUSALS).sort());
  });
});

describe.each(EXPRESS_VERSIONS)('the HTTP contract on %s', (_, express) => {
  describe.each([
    ['with a token cache', {}],
    ['without a token cache', { tokenCache: false }],
  ] as const)('%s', (_, options) => {
    let api: TestIssuerApi;

    beforeAll(async () => {
      api = await startContractApi(express, options);
    });
    afterAll(() => api.close());

    it.each(titled(CONTRACT_ROWS))(
      'docs/http.md: answers %s with %d, its challenge, its body and nothing else',
      async (_, __, { answer, call, control }) => {
        const { token, response } = await expectRefused(api, call, answer, control);
        const again = await api.send({ ...call, token });
        expectAnswer(again, answer, api.realm);
        expect(again.response.body).toBe(response.body);
        expect(again.response.headers.get('www-authenticate')).toEqual(response.headers.get('www-authenticate'));
      },
    );
  });

  it.each(titled(OUTAGE_ROWS))(
    'docs/http.md: answers %s with %d, Retry-After and no challenge',
    async (_, __, { answer, begin, verifier }) => {
      const control = await startTestIssuerApi({ express, ...(verifier && { verifier }) });
      const api = await startTestIssuerApi({ express, ...(verifier && { verifier }) });
      try {
        await expectAccepted(control);
        await begin(api);
        expectAnswer(await api.send(), answer, api.realm);
        expectAnswer(await api.send(), answer, api.realm);
        expectAnswer(await api.send({ lines: () => [] }), noCredentials, api.realm);
      } finally {
        await control.close();
        await api.close();
      }
    },
  );

  it('docs/http.md: says what the client did wrong before it says that the issuer is down', async () => {
    const api = await startTestIssuerApi({ express });
    try {
      await api.issuer.outage('error');
      expectAnswer(await api.send({ token: 'opaque' }), invalidToken('token_opaque'), api.realm);
      const foreign = { claims: { claims: { iss: 'https://evil.example' } } };
      expectAnswer(await api.send(foreign), invalidToken('issuer_not_trusted'), api.realm);
      expect(api.issuer.hits).toEqual({ metadata: 0, jwks: 0 });
      await api.issuer.recover();
      await expectAccepted(api);
    } finally {
      await api.close();
    }
  });

  describe('guard.optional', () => {
    let api: TestIssuerApi;

    beforeAll(async () => {
      api = await startContractApi(express, {}, {}, (app, { guard, handler }) => {
        const admitAnonymous: RequestHandler = (req, res, next) =>
          'auth' in req && req.auth !== undefined ? handler(req, res, next) : res.json({ anonymous: true });
        app.get('/optional', guard.optional('orders:read'), admitAnonymous);
      });
    });
    afterAll(() => api.close());

    const isOfOrders = (row: ContractRow) => row.control === undefined;

    it.each(titled(CONTRACT_ROWS.filter(isOfOrders)))(
      'docs/http.md: answers %s as guard does, but lets a request without a token through',
      async (reason, _, { answer, call }) => {
        const target = (token: string) => {
          const given = typeof call.target === 'function' ? call.target(token) : (call.target ?? '/orders');
          return given.replace('/orders', '/optional');
        };
        if (reason !== 'token_missing') {
          await expectRefused(api, { ...call, target }, answer, { target: '/optional' });
          return;
        }
        const { response, refusals } = await api.send({ ...call, target });
        expect({ status: response.status, body: response.body, refusals }).toEqual({
          status: 200,
          body: '{"anonymous":true}',
          refusals: [],
        });
      },
    );
  });

  it('docs/http.md: adds nothing to the response to a request that it lets through', async () => {
    const subject = 'test-user';
    const api = await startTestIssuerApi({
      express,
      routes: (app) => app.get('/open', (_req, res) => void res.json({ subject })),
    });
    try {
      const guarded = await expectAccepted(api);
      const open = await api.send({ target: '/open', lines: () => [] });
      const withoutDate = ({ response }: Exchange) => response.text.replace(/^Date: .*$/m, '');
      expect(withoutDate(guarded)).toBe(withoutDate(open));
    } finally {
      await api.close();
    }
  });

  it('a token that one route let through is held to the policy of the next', async () => {
    covers('H24');
    const api = await startContractApi(express, {});
    try {
      const { token } = await expectAccepted(api);
      const answer = { reason: 'claim_rule_failed', status: 403, error: 'insufficient_scope' } as const;
      expectAnswer(await api.send({ token, target: '/gold' }), answer, api.realm);
      await expectAccepted(api, { token });
      expect(api.verifier.status().tokenCache).toMatchObject({ size: 1, hits: 2 });
    } finally {
      await api.close();
    }
  });

  it('docs/http.md: an onRefusal that rejects changes no answer and ends no process', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    const issuer = await createTestIssuer();
    const verifier = createVerifier(issuer.verifierOptions);
    const guard = createGuard(verifier, { onRefusal: () => Promise.reject(new Error('the log is full')) });
    const server = await listen(createServer(express().use(guard())));
    process.on('unhandledRejection', note);
    try {
      const response = await sendRaw(server.port, {});
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toEqual([`Bearer realm="${issuer.audience}"`]);
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
      await server.close();
      verifier.close();
    }
  });
});
