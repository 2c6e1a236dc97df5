import { inspect } from 'node:util';
import type expressModule from 'express';
import type { Request } from 'express';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AccessToken, authOf, createVerifier, type VerifierOptions } from '../../src/index.js';
import { AuthorizationServer } from '../support/authorization-server.js';
import { covers } from '../support/covers.js';
import { EXPRESS_5, EXPRESS_VERSIONS } from '../support/express-versions.js';
import { type DeclareRoutes, startGuardedApi } from '../support/guarded-api.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { schemaOf } from '../support/schema-of.js';

// A handler in JavaScript can try anything.
// biome-ignore lint/suspicious/noExplicitAny: types would forbid what is tried
type Anything = any;
type Attempt = readonly [name: string, attempt: (auth: Anything, req: Anything) => unknown];

const ON_TOKENS: readonly Attempt[] = [
  ['puts another token in its place', (_, req) => (req.auth = { claims: { admin: true }, scopes: ['admin'] })],
  ['deletes it from the request', (_, req) => delete req.auth],
  ['assigns the subject', (auth) => (auth.subject = 'admin')],
  ['assigns the token', (auth) => (auth.token = 'stolen')],
  ['assigns the claims', (auth) => (auth.claims = { sub: 'admin' })],
  ['adds a member', (auth) => (auth.admin = true)],
  ['deletes a member', (auth) => delete auth.clientId],
  ['uses Object.assign', (auth) => Object.assign(auth, { subject: 'admin', scopes: ['admin'] })],
  ['uses defineProperty', (auth) => Object.defineProperty(auth, 'subject', { value: 'admin' })],
  ['defines the token', (auth) => Object.defineProperty(auth, 'token', { value: 'stolen' })],
  ['uses Reflect.set', (auth) => Reflect.set(auth, 'subject', 'admin')],
  ['uses setPrototypeOf', (auth) => Object.setPrototypeOf(auth, { admin: true })],
  ['assigns __proto__', (auth) => Reflect.set(auth, '__proto__', { admin: true })],
  ['pushes a scope', (auth) => auth.scopes.push('admin')],
  ['splices a scope', (auth) => auth.scopes.splice(0, 1, 'admin')],
  ['assigns a scope', (auth) => (auth.scopes[0] = 'admin')],
  ['empties the scopes', (auth) => (auth.scopes.length = 0)],
  ['sorts the audience', (auth) => auth.audience.sort().reverse()],
  ['pushes an audience', (auth) => auth.audience.push('https://other.test')],
  ['assigns the expiry', (auth) => (auth.expiresAt = Number.POSITIVE_INFINITY)],
  ['adds to the prototype', (auth) => (Object.getPrototypeOf(auth).admin = true)],
  [
    'redefines the token on the prototype',
    (auth) => Object.defineProperty(Object.getPrototypeOf(auth), 'token', { get: () => 'stolen' }),
  ],
  ['deletes the token from the prototype', (auth) => delete Object.getPrototypeOf(auth).token],
  [
    'puts a prototype behind the prototype',
    (auth) => Object.setPrototypeOf(Object.getPrototypeOf(auth), { admin: true }),
  ],
];

const ON_CLAIMS: readonly Attempt[] = [
  ['assigns a claim', ({ claims }) => (claims.scope = 'admin')],
  ['adds a claim', ({ claims }) => (claims.admin = true)],
  ['deletes a claim', ({ claims }) => delete claims.exp],
  ['uses Object.assign', ({ claims }) => Object.assign(claims, { sub: 'admin' })],
  ['uses defineProperty', ({ claims }) => Object.defineProperty(claims, 'sub', { get: () => 'admin' })],
  ['uses setPrototypeOf', ({ claims }) => Object.setPrototypeOf(claims, { admin: true })],
  ['assigns __proto__', ({ claims }) => Reflect.set(claims, '__proto__', { admin: true })],
  ['assigns a nested claim', ({ claims }) => (claims.org.role = 'admin')],
  ['adds a nested claim', ({ claims }) => (claims.org.admin = true)],
  ['deletes a nested claim', ({ claims }) => delete claims.org.role],
  ['uses setPrototypeOf on a nested claim', ({ claims }) => Object.setPrototypeOf(claims.org, { admin: true })],
  ['pushes to a list', ({ claims }) => claims.org.groups.push('admin')],
  ['assigns to a list', ({ claims }) => (claims.org.groups[0] = 'admin')],
  ['fills a list', ({ claims }) => claims.org.groups.fill('admin')],
  ['empties a list', ({ claims }) => (claims.org.groups.length = 0)],
  ['assigns in a list', ({ claims }) => (claims.org.teams[0].role = 'admin')],
  ['uses setPrototypeOf on a list', ({ claims }) => Object.setPrototypeOf(claims.org.groups, null)],
];

const ON_OUTPUTS: readonly Attempt[] = [
  ['sets a date', ({ claims }) => claims.at.setTime(0)],
  ['adds to a date', ({ claims }) => (claims.at.admin = true)],
  ['sets in a map', ({ claims }) => claims.roles.set('orders', 'admin')],
  ['clears a map', ({ claims }) => claims.roles.clear()],
  ['adds to a set', ({ claims }) => claims.groups.add('admin')],
  ['assigns in a map', ({ claims }) => (claims.roles.get('object').role = 'admin')],
  ['assigns to an instance of a class', ({ claims }) => (claims.user.role = 'admin')],
  ['pushes to a list of an instance', ({ claims }) => claims.user.groups.push('admin')],
  ['writes to bytes', ({ claims }) => claims.bytes.fill(0xff)],
  ['changes a URL', ({ claims }) => (claims.url.hostname = 'evil.test')],
  ['assigns to what stands under a symbol', ({ claims }) => (claims[SYMBOL].role = 'admin')],
  ['assigns to what cannot be enumerated', ({ claims }) => (claims.hidden.inner.role = 'admin')],
  ['assigns to a function', ({ claims }) => (claims.may.admin = true)],
];

const SYMBOL = Symbol('scope');

class User {
  role = 'reader';
  groups = ['readers'];
}

/** What schemas give besides plain objects, anew each time. */
const outputs = () => ({
  at: new Date(1_800_000_000_000),
  roles: new Map<string, unknown>([
    ['orders', 'reader'],
    ['object', { role: 'reader' }],
  ]),
  groups: new Set(['readers']),
  user: new User(),
  bytes: Uint8Array.of(1, 2, 3),
  url: new URL('https://api.test'),
  [SYMBOL]: { role: 'reader' },
  hidden: Object.defineProperty({}, 'inner', { value: { role: 'reader' } }),
  may: () => 'read',
});
const NESTED = { role: 'reader', groups: ['readers', 'writers'], teams: [{ role: 'reader' }] };

const SCHEMAS: readonly (readonly [string, Partial<VerifierOptions>, readonly Attempt[]])[] = [
  ['without a schema', {}, [...ON_TOKENS, ...ON_CLAIMS]],
  [
    'with a schema',
    { claims: schemaOf((value) => ({ value: { ...value, ...structuredClone({ org: NESTED }) } })) },
    ON_CLAIMS,
  ],
  [
    'with a schema that gives more than plain objects',
    { claims: schemaOf(async () => ({ value: outputs() })) },
    ON_OUTPUTS,
  ],
];

/** All that a handler can see of a token. */
function pictureOf(auth: AccessToken): string {
  const { url } = auth.claims as { url?: URL };
  const prototypes = [auth, auth.claims, (auth.claims as Anything).org].map(
    (value) => value && Object.getPrototypeOf(value),
  );
  const parts = [auth, auth.token, (auth as Anything).admin, (auth.claims as Anything).admin, String(url), prototypes];
  return inspect(parts, { depth: null, showHidden: true, getters: true });
}

/** Keeps an attempt that succeeds from reaching the next test. */
function usePrototypeRepair(): () => void {
  let repair = () => {};
  beforeAll(async () => {
    const issuer = new RawIssuer();
    const prototype = Object.getPrototypeOf(await createVerifier(issuer.verifierOptions).verify(issuer.token()));
    const [descriptors, parent] = [Object.getOwnPropertyDescriptors(prototype), Object.getPrototypeOf(prototype)];
    repair = () => {
      if (Object.isFrozen(prototype)) return;
      Object.setPrototypeOf(prototype, parent);
      for (const name of Reflect.ownKeys(prototype))
        if (!(name in descriptors)) Reflect.deleteProperty(prototype, name);
      Object.defineProperties(prototype, descriptors);
    };
  });
  afterEach(() => repair());
  return () => repair();
}

/** Starts an API with a handler that attempts what `nextAttempt` gives, and one that shows all of a token. */
async function open(
  express: typeof expressModule,
  verifier: Partial<VerifierOptions> = {},
  nextAttempt: () => Attempt[1] = () => () => {},
) {
  const issuer = await AuthorizationServer.start();
  const routes: DeclareRoutes = (app, { guard }) => {
    app.get('/attack', guard('read'), (req: Request, res) => {
      try {
        nextAttempt()(authOf(req), req);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      res.json({});
    });
    app.get('/picture', guard('read'), (req, res) => res.send(pictureOf(authOf(req))));
  };
  const options = {
    issuer: issuer.issuer,
    audience: issuer.audience,
    profile: 'rfc9068',
    clock: issuer.clock.now,
    dangerouslyAllowInsecureHttp: true,
    ...verifier,
  } as Omit<VerifierOptions, 'claims'>;
  const api = await startGuardedApi({ verifier: createVerifier(options), express, routes, audience: issuer.audience });
  const look = async (token: string) => {
    const { response } = await api.send({ token, target: '/picture' });
    expect(response.status).toBe(200);
    return response.body;
  };
  const make = (jti: string) => issuer.token({ payload: { jti: JSON.stringify(jti), org: JSON.stringify(NESTED) } });
  const close = () => Promise.all([api.close(), issuer.close()]);
  return { api, look, make, close };
}

describe.each(EXPRESS_VERSIONS)('H: what handlers do to a token on %s', (_, express) => {
  usePrototypeRepair();

  describe.each(SCHEMAS)('%s', (_schema, verifier, attempts) => {
    let attempt: Attempt[1] = () => {};
    let opened: Awaited<ReturnType<typeof open>>;
    beforeAll(async () => {
      opened = await open(express, verifier, () => attempt);
    });
    afterAll(() => opened.close());

    // A token is new in each test, so it is verified there and remembered from then on.
    it.each(attempts)(
      'CVE-2026-25536: a handler that %s changes nothing for the next request',
      async (name, attemptOfCase) => {
        covers('H25');
        attempt = attemptOfCase;
        const { api, look, make } = opened;
        const [token, another] = [make(name), make(`another: ${name}`)];
        const hits = api.verifier.status().tokenCache?.hits ?? 0;
        const [before, beforeAnother] = [await look(token), await look(another)];
        expect(before).toContain('reader');
        expect(before).toBe(await look(token));
        for (let i = 0; i < 2; i += 1) {
          expect((await api.send({ token, target: '/attack' })).response.status).toBe(200);
          expect(await look(token)).toBe(before);
          expect(await look(another)).toBe(beforeAnother);
        }
        expect(api.verifier.status().tokenCache?.hits).toBe(hits + 7);
      },
    );
  });
});

describe('H: what else is done to a token', () => {
  const repair = usePrototypeRepair();

  it('what verifier.verify gives is not what changes the next request either', async () => {
    covers('H25');
    const { api, look, make } = await open(EXPRESS_5);
    const token = make('one');
    const before = await look(token);
    const auth: Anything = await api.verifier.verify(token);
    for (const [, attempt] of [...ON_TOKENS, ...ON_CLAIMS]) {
      try {
        attempt(auth, {});
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }
    repair();
    expect(await look(token)).toBe(before);
  });

  it('what status() and snapshot() give can be written to, and changes nothing', async () => {
    covers('H25');
    const { api, make } = await open(EXPRESS_5);
    const token = make('one');
    expect((await api.send({ token })).response.status).toBe(200);
    const before = JSON.stringify([api.verifier.status().issuers, api.verifier.snapshot()]);
    const [status, snapshot]: Anything[] = [api.verifier.status(), api.verifier.snapshot()];
    for (const spoil of [
      () => (status.issuers[0].keys[0].algorithms.length = 0),
      () => status.issuers[0].keys[0].algorithms.push('HS256'),
      () => (status.issuers.length = 0),
      () => (status.tokenCache.hits = -1),
      () => (Object.values<Anything>(snapshot.issuers)[0].keys[0].kid = 'other'),
      () => (Object.values<Anything>(snapshot.issuers)[0].keys.length = 0),
    ]) {
      try {
        spoil();
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }
    expect(JSON.stringify([api.verifier.status().issuers, api.verifier.snapshot()])).toBe(before);
    expect((await api.send({ token: make('two') })).response.status).toBe(200);
  });
});
