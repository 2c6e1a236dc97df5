import type { RequestHandler } from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGuard, createVerifier, type Verifier } from '../../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js';
import { covers } from '../../support/covers.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { watchUnhandledRejections } from '../../support/rejections.js';
import { bearerHeaders, startApp, type TestApp } from '../../support/test-app.js';

let issuer: TestIssuer;
let verifier: Verifier;
let app: TestApp;
let handlerRuns: number;
let unhandled: ReturnType<typeof watchUnhandledRejections>;

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = createVerifier(issuer.verifierOptions);
  handlerRuns = 0;
  unhandled = watchUnhandledRejections();
});
afterEach(async () => {
  await app.close();
  verifier.close();
  unhandled.restore();
});

const handler: RequestHandler = (_req, res) => {
  handlerRuns += 1;
  res.end();
};

/** What sessions and compression do: they patch the response, and may fail while they do their work. */
const throwOnce = (name: 'end' | 'setHeader', thrown: unknown): RequestHandler => {
  return (_req, res, next) => {
    const original = res[name];
    Object.assign(res, {
      [name]: () => {
        Object.assign(res, { [name]: original });
        throw thrown;
      },
    });
    next();
  };
};

const throwOnAuth: RequestHandler = (req, _res, next) => {
  Object.defineProperty(req, 'auth', {
    set() {
      throw new Error('req.auth is mine');
    },
  });
  next();
};

const forged = async () => `${(await issuer.token({ scope: 'read' })).slice(0, -8)}AAAAAAAA`;

describe.each(EXPRESS_VERSIONS)('what throws while a verdict is carried out, in %s', (_version, express) => {
  covers('F19');
  const start = async (before: RequestHandler) => {
    const guard = createGuard(verifier);
    app = await startApp(express, (it) => it.get('/', before, guard('read'), handler));
  };

  it.each<[string, () => Promise<Record<string, string>>]>([
    ['without a token, which is refused at once', async () => ({})],
    ['with a forged token, which has to be waited for', async () => bearerHeaders(await forged())],
  ])('CWE-248: a hook of res.end that throws ends no process %s', async (_name, headers) => {
    await start(throwOnce('end', new Error('the session store is full')));
    const { status } = await app.get('/', await headers());
    expect({ status, handlerRuns, errors: app.errors.map(String), unhandled: unhandled.reasons }).toEqual({
      status: 500,
      handlerRuns: 0,
      errors: ['Error: the session store is full'],
      unhandled: [],
    });
  });

  it.each([undefined, null, 0, ''])('CWE-754: a hook that throws %j lets nobody through', async (thrown) => {
    await start(throwOnce('setHeader', thrown));
    for (const headers of [{}, bearerHeaders(await forged())]) {
      const { status } = await app.get('/', headers);
      expect({ status, handlerRuns, unhandled: unhandled.reasons }).toEqual({
        status: 500,
        handlerRuns: 0,
        unhandled: [],
      });
    }
  });

  it.each(['new', 'known'])(
    'CWE-248: a setter of req.auth that throws on a %s token is an error of the app',
    async (kind) => {
      await start((req, res, next) => (req.headers['x-hostile'] === 'yes' ? throwOnAuth(req, res, next) : next()));
      const headers = bearerHeaders(await issuer.token({ scope: 'read' }));
      if (kind === 'known') expect((await app.get('/', headers)).status).toBe(200);
      const runsBefore = handlerRuns;
      const { status } = await app.get('/', { ...headers, 'x-hostile': 'yes' });
      expect({
        status,
        runs: handlerRuns - runsBefore,
        errors: app.errors.map(String),
        unhandled: unhandled.reasons,
      }).toEqual({
        status: 500,
        runs: 0,
        errors: ['Error: req.auth is mine'],
        unhandled: [],
      });
    },
  );
});
