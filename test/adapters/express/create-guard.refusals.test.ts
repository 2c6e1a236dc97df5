import type { IncomingMessage } from 'node:http';
import { inspect } from 'node:util';
import type { Request, RequestHandler, Response } from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AuthorizationError,
  authOf,
  createGuard,
  createVerifier,
  type GuardOptions,
  IssuerUnavailableError,
  type Verifier,
} from '../../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js';
import { catchWarnings } from '../../support/caught-warnings.js';
import { covers } from '../../support/covers.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { secretsOf, textsOf } from '../../support/leaks.js';
import { watchUnhandledRejections } from '../../support/rejections.js';
import { bearerHeaders, startApp, type TestApp } from '../../support/test-app.js';

type RefusalError = AuthorizationError | IssuerUnavailableError;

let issuer: TestIssuer;
let verifier: Verifier;
let app: TestApp;
let handlerRuns: number;

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = createVerifier(issuer.verifierOptions);
  handlerRuns = 0;
});
afterEach(async () => {
  await app.close();
  verifier.close();
});

const handler: RequestHandler = (_req, res) => {
  handlerRuns += 1;
  res.end();
};

const goodHeaders = async () => bearerHeaders(await issuer.token({ scope: 'read' }));

describe.each(EXPRESS_VERSIONS)("errors: 'next', in %s", (_version, express) => {
  beforeEach(async () => {
    const guard = createGuard(verifier, { errors: 'next' });
    app = await startApp(express, (it) => it.get('/', guard('read'), handler));
  });

  it.each<[reason: string, status: number, code: string | undefined, headers: () => Promise<Record<string, string>>]>([
    ['token_missing', 401, undefined, async () => ({})],
    ['bearer_malformed', 400, 'invalid_request', async () => ({ authorization: 'Bearer' })],
    ['token_opaque', 401, 'invalid_token', async () => bearerHeaders('abc')],
    ['token_expired', 401, 'invalid_token', async () => bearerHeaders(await issuer.token({ expiresInSeconds: -60 }))],
    ['scope_insufficient', 403, 'insufficient_scope', async () => bearerHeaders(await issuer.token())],
  ])('gives %s to the app’s error handler, with status %d and code %s', async (reason, status, code, headers) => {
    expect((await app.get('/', await goodHeaders())).status).toBe(200);
    await app.get('/', await headers());
    expect({ handlerRuns, count: app.errors.length }).toEqual({ handlerRuns: 1, count: 1 });
    const [error] = app.errors as AuthorizationError[];
    expect(error).toBeInstanceOf(AuthorizationError);
    expect(error).toMatchObject({ reason, status, statusCode: status, code });
    expect(error?.headers['WWW-Authenticate']).toMatch(/^Bearer realm="https:\/\/api\.test"/);
  });

  it('RFC 9110 §15.6.4: gives an outage of the issuer to it as an error that is not the client’s', async () => {
    await issuer.outage('refuse');
    await app.get('/', await goodHeaders());
    expect(app.errors).toEqual([expect.any(IssuerUnavailableError)]);
    const [error] = app.errors as IssuerUnavailableError[];
    expect(error).toMatchObject({ reason: 'metadata_unavailable', status: 503, code: 'temporarily_unavailable' });
    expect(error?.headers).toHaveProperty('Retry-After');
    expect(error?.headers).not.toHaveProperty('WWW-Authenticate');
    expect(handlerRuns).toBe(0);
  });
});

describe.each(EXPRESS_VERSIONS)("errors: 'next' without an error handler, in %s", (_version, express) => {
  it('Express answers with the status and the challenge, and tells no detail and no token', async () => {
    covers('F14', 'F15');
    const guard = createGuard(verifier, { errors: 'next' });
    app = await startApp(express, (it) => it.get('/', guard('read'), handler), { ownErrorHandler: false });
    const token = await issuer.token({ scope: 'read', expiresInSeconds: -60 });
    expect((await app.get('/', await goodHeaders())).status).toBe(200);

    const { status, headers, body } = await app.get('/', bearerHeaders(token));
    expect({ status, handlerRuns }).toEqual({ status: 401, handlerRuns: 1 });
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(body).toContain('The access token expired.');
    expect(body).not.toMatch(/exp \d|clockToleranceSeconds/);
    for (const secret of secretsOf(token)) expect(body).not.toContain(secret);
  });
});

describe.each(EXPRESS_VERSIONS)('a refusal when the answer has begun already, in %s', (_version, express) => {
  it.each(['respond', 'next'] as const)('goes to the app’s error handler (errors: %j)', async (errors) => {
    const guard = createGuard(verifier, { errors });
    app = await startApp(express, (it) => {
      it.use((_req, res, next) => {
        res.write('begun, ');
        next();
      });
      it.get('/', guard('read'), (_req, res) => res.end('handled'));
    });
    expect((await app.get('/', await goodHeaders())).body).toBe('begun, handled');
    expect((await app.get('/')).body).toBe('begun, ');
    expect(app.errors).toEqual([expect.objectContaining({ reason: 'token_missing', status: 401 })]);
  });
});

describe.each(EXPRESS_VERSIONS)('onRefusal, in %s', (_version, express) => {
  async function start(onRefusal: GuardOptions['onRefusal'], options: GuardOptions = {}): Promise<void> {
    const guard = createGuard(verifier, { ...options, ...(onRefusal && { onRefusal }) });
    app = await startApp(express, (it) => it.get('/', guard('read'), handler));
  }

  it.each(['respond', 'next'] as const)(
    'is told of a refusal, once, before the answer (errors: %j)',
    async (errors) => {
      const seen: { error: RefusalError; url: string | undefined; hasBegun: boolean | undefined }[] = [];
      const note = (error: RefusalError, request: IncomingMessage) => {
        const { res } = request as IncomingMessage & { res?: Response };
        seen.push({ error, url: request.url, hasBegun: res?.headersSent });
      };
      await start(note, { errors });
      await app.get('/?a=b', bearerHeaders('abc'));
      expect(seen).toEqual([{ error: expect.any(AuthorizationError), url: '/?a=b', hasBegun: false }]);
      expect(seen[0]?.error).toMatchObject({ reason: 'token_opaque', detail: 'there is no dot in it' });
      expect(app.errors).toEqual(errors === 'next' ? [seen[0]?.error] : []);
    },
  );

  it('is not told of a request that is let through', async () => {
    const seen: unknown[] = [];
    await start((error) => seen.push(error));
    expect((await app.get('/', await goodHeaders())).status).toBe(200);
    expect(seen).toEqual([]);
  });

  it('is told of an outage as of one', async () => {
    const seen: RefusalError[] = [];
    await start((error) => seen.push(error));
    await issuer.outage('error');
    expect((await app.get('/', await goodHeaders())).status).toBe(503);
    expect(seen).toEqual([expect.any(IssuerUnavailableError)]);
    expect(seen[0]?.reason).toBe('metadata_unavailable');
  });

  it.each<[what: string, thrown: unknown]>([
    ['an error', new Error('the log is full')],
    ['a text', 'the log is full'],
    ['undefined', undefined],
    ['a symbol', Symbol('full')],
    ['an object without a prototype', Object.create(null)],
    [
      'an object that throws when it is looked at',
      {
        [inspect.custom]: () => {
          throw new Error('no');
        },
      },
    ],
  ])('changes nothing by throwing %s', async (_, thrown) => {
    covers('J20');
    await start(undefined);
    const control = await app.get('/');
    await app.close();
    const warnings = catchWarnings();
    await start(() => {
      throw thrown;
    });
    const { status, headers, body } = await app.get('/');
    const challenge = headers.get('www-authenticate');
    expect({ status, body, challenge }).toEqual({
      status: 401,
      body: control.body,
      challenge: control.headers.get('www-authenticate'),
    });
    expect({ handlerRuns, errors: app.errors }).toEqual({ handlerRuns: 0, errors: [] });
    expect(warnings.map(({ code }) => code)).toEqual(['SCOPEGATE_ON_REFUSAL']);
  });

  it('tells of its throwing by a warning of the process, which holds no token', async () => {
    const token = await issuer.token({ scope: 'write' });
    const warnings = catchWarnings();
    await start(() => {
      throw new Error('the log is full');
    });
    await app.get('/', bearerHeaders(token));
    const [warning] = warnings;
    expect(warnings).toHaveLength(1);
    expect(warning).toMatchObject({ code: 'SCOPEGATE_ON_REFUSAL', message: 'onRefusal threw: Error: the log is full' });
    for (const secret of secretsOf(token)) expect(textsOf(warning)).not.toContain(secret);
  });

  it('ends no process by rejecting', async () => {
    covers('J20');
    const unhandled = watchUnhandledRejections();
    const warnings = catchWarnings();
    await start((async () => {
      throw new Error('the log is full');
    }) as () => void);
    const { status } = await app.get('/');
    unhandled.restore();
    expect({ status, reasons: unhandled.reasons }).toEqual({ status: 401, reasons: [] });
    expect(warnings.map(({ code }) => code)).toEqual(['SCOPEGATE_ON_REFUSAL']);
  });

  it('changes nothing by changing the error', async () => {
    await start((error) => Object.assign(error, { status: 200, statusCode: 200, headers: {} }));
    const { status, headers } = await app.get('/');
    expect({ status, challenge: headers.get('www-authenticate') }).toEqual({
      status: 401,
      challenge: 'Bearer realm="https://api.test"',
    });
  });
});

describe.each(EXPRESS_VERSIONS)('a guard that reads tokens from the query, in %s', (_version, express) => {
  it('RFC 6750 §2.3: keeps a good answer out of shared caches', async () => {
    covers('6750-4');
    const query = createGuard(verifier, { extraTokenLocations: ['query'] });
    const form = createGuard(verifier, { extraTokenLocations: ['form'] });
    app = await startApp(express, (it) => {
      it.get('/query', query('read'), handler).get('/optional', query.optional('read'), handler);
      it.get('/form', form('read'), handler).get('/header', createGuard(verifier)('read'), handler);
    });
    const token = await issuer.token({ scope: 'read' });
    const cacheControl = async (path: string, headers?: Record<string, string>) => {
      const answer = await app.get(path, headers);
      return [answer.status, answer.headers.get('cache-control')];
    };
    expect(await cacheControl(`/query?access_token=${token}`)).toEqual([200, 'private']);
    expect(await cacheControl(`/optional?access_token=${token}`)).toEqual([200, 'private']);
    expect(await cacheControl('/optional')).toEqual([200, null]);
    expect(await cacheControl('/form', bearerHeaders(token))).toEqual([200, null]);
    expect(await cacheControl('/header', bearerHeaders(token))).toEqual([200, null]);
    expect(await cacheControl('/query?access_token=abc')).toEqual([401, 'no-store']);
  });

  it.each([
    ['no-store', 'no-store'],
    ['Private, max-age=60', 'Private, max-age=60'],
    ['public, max-age=60', 'private'],
  ])('RFC 6750 §2.3: makes of Cache-Control %s, where it is set already, %s', async (before, after) => {
    const guard = createGuard(verifier, { extraTokenLocations: ['query'] });
    app = await startApp(express, (it) => {
      it.use((_req, res, next) => {
        res.set('Cache-Control', before);
        next();
      });
      it.get('/', guard('read'), handler);
    });
    const answer = await app.get(`/?access_token=${await issuer.token({ scope: 'read' })}`);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, after]);
  });

  it('RFC 6750 §2.3: leaves the handler the last word', async () => {
    const guard = createGuard(verifier, { extraTokenLocations: ['query'] });
    app = await startApp(express, (it) => {
      it.get(
        '/',
        guard('read', (_req, res) => res.set('Cache-Control', 'no-store').end()),
      );
    });
    const answer = await app.get(`/?access_token=${await issuer.token({ scope: 'read' })}`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('behaves alike with a token that it knows and one that it does not, when an answer has begun', async () => {
    covers('J20');
    const guard = createGuard(verifier, { extraTokenLocations: ['query'] });
    app = await startApp(express, (it) => {
      it.use((_req, res, next) => {
        res.flushHeaders();
        next();
      });
      it.get('/', guard('read'), handler);
    });
    const token = await issuer.token({ scope: 'read' });
    const cold = await becomeOf(`/?access_token=${token}`);
    await verifier.verify(token);
    const warm = await becomeOf(`/?access_token=${token}`);
    expect(cold).toEqual(warm);
  });

  /** Tells how a request ended: by its handler, by the app's error handler, or by a rejection that nobody handled. */
  async function becomeOf(path: string): Promise<object> {
    const unhandled = watchUnhandledRejections();
    const before = { runs: handlerRuns, errors: app.errors.length };
    const answered = app.get(path).catch(() => {});
    await Promise.race([answered, unhandled.first]);
    unhandled.restore();
    return {
      handlerRuns: handlerRuns - before.runs,
      errors: app.errors.slice(before.errors).map(String),
      unhandled: unhandled.reasons.map(String),
    };
  }
});

describe.each(EXPRESS_VERSIONS)('the token of a request, in %s', (_version, express) => {
  it('RFC 9700 §4.9.3: goes to the handler, and to nobody else', async () => {
    covers('F15');
    const asked: string[] = [];
    const spyingFetch: typeof fetch = (input, init) => {
      const { url, headers } = new Request(input, init);
      asked.push(JSON.stringify([url, [...headers]]));
      return (issuer.verifierOptions.fetch as typeof fetch)(input, init);
    };
    const own = createVerifier({ ...issuer.verifierOptions, fetch: spyingFetch });
    const refusals: RefusalError[] = [];
    const guard = createGuard(own, { onRefusal: (error) => refusals.push(error), extraTokenLocations: ['query'] });
    const handed: string[] = [];
    const inspected: string[] = [];
    app = await startApp(express, (it) => {
      it.get('/read', guard('read'), (req: Request, res: Response) => {
        const auth = authOf(req, guard);
        handed.push(auth.token);
        inspected.push(textsOf(auth));
        res.json({ auth });
      });
      it.get('/admin', guard('admin'), handler);
    });
    const token = await issuer.token({ scope: 'read' });
    const answers = [
      await app.get('/read', bearerHeaders(token)),
      await app.get(`/read?access_token=${token}`),
      await app.get('/admin', bearerHeaders(token)),
      await app.get(`/read?access_token=${token}`, bearerHeaders(token)),
      await app.get('/read', bearerHeaders(`${token}x`)),
      await app.get('/read', bearerHeaders(`${token} x`)),
    ];
    own.close();

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 400, 401, 400]);
    expect(handed).toEqual([token, token]);
    expect(asked).toHaveLength(2);
    expect(refusals).toHaveLength(4);
    const seen = [
      ...answers.map(({ headers, body }) => JSON.stringify([[...headers], body])),
      ...refusals.map(textsOf),
      ...inspected,
      ...asked,
    ].join('\n');
    for (const secret of secretsOf(token)) expect(seen).not.toContain(secret);
  });
});
