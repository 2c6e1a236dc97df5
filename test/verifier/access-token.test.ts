import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AccessToken } from '../../src/protocol/access-token.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { createVerifier } from '../../src/verifier/create-verifier.js';
import { covers } from '../support/covers.js';
import { secretsOf } from '../support/leaks.js';

const issuer = await createTestIssuer();
const token = await issuer.token({ scope: 'read', claims: { realm_access: { roles: ['user', { name: 'x' }] } } });
const schema = z.object({ realm_access: z.object({ roles: z.array(z.unknown()) }) });

const plain = createVerifier(issuer.verifierOptions);
const typed = createVerifier({ ...issuer.verifierOptions, claims: schema });

/** Gives what a console writes. */
function written(write: (console: Console) => void): string {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  write(new Console(stream));
  return chunks.join('');
}

const EVERYTHING = { showHidden: true, getters: true, depth: null, maxArrayLength: null, maxStringLength: null };

describe.each<[string, () => Promise<AccessToken>]>([
  ['without a schema', () => plain.verify(token)],
  ['with a schema', () => typed.verify(token)],
])('AccessToken %s', (_, verify) => {
  it('holds the token string', async () => {
    expect((await verify()).token).toBe(token);
  });

  it.each<[string, (auth: AccessToken) => unknown]>([
    ['util.inspect', (auth) => inspect(auth)],
    ['util.inspect with everything shown', (auth) => inspect(auth, EVERYTHING)],
    ['util.inspect of what holds it', (auth) => inspect({ req: { auth: [auth] } }, EVERYTHING)],
    ['util.inspect that bypasses custom inspection', (auth) => inspect(auth, { ...EVERYTHING, customInspect: false })],
    ['console.log', (auth) => written((console) => console.log(auth))],
    ['console.log with %o', (auth) => written((console) => console.log('%o', auth))],
    ['console.log with %O', (auth) => written((console) => console.log('%O', auth))],
    ['console.log with %j', (auth) => written((console) => console.log('%j', auth))],
    ['console.dir', (auth) => written((console) => console.dir(auth))],
    ['console.dir with hidden members', (auth) => written((console) => console.dir(auth, { showHidden: true }))],
    ['console.table', (auth) => written((console) => console.table([auth]))],
    ['JSON.stringify', (auth) => JSON.stringify({ auth })],
    ['a spread', (auth) => inspect({ ...auth }, EVERYTHING)],
    ['Object.assign', (auth) => inspect(Object.assign({}, auth), EVERYTHING)],
    ['structuredClone', (auth) => inspect(structuredClone(auth), EVERYTHING)],
    ['its own members', (auth) => inspect(Object.getOwnPropertyDescriptors(auth), EVERYTHING)],
    ['a string of it', (auth) => String(auth)],
  ])('shows no token to %s', async (_, show) => {
    covers('9700-3', 'F15');
    const auth = await verify();
    expect(auth.token).toBe(token);
    const text = String(show(auth));
    for (const secret of secretsOf(token)) expect(text).not.toContain(secret);
  });

  it('shows all but the token to logs', async () => {
    const auth = await verify();
    expect(inspect(auth)).toContain("subject: 'test-user'");
    const { subject, scopes, claims } = JSON.parse(JSON.stringify(auth)) as AccessToken;
    expect({ subject, scopes }).toEqual({ subject: 'test-user', scopes: ['read'] });
    expect(claims['realm_access']).toEqual({ roles: ['user', { name: 'x' }] });
  });

  it('has no token among its own or enumerable members', async () => {
    const auth = await verify();
    const names: string[] = [];
    for (const name in auth) names.push(name);
    expect(names).not.toContain('token');
    expect(Reflect.ownKeys(auth)).not.toContain('token');
  });

  it('is frozen, and so is all that hangs on it', async () => {
    covers('H25');
    const auth = await verify();
    const access = auth.claims['realm_access'] as { roles: object[] };
    const parts = [auth, auth.claims, access, access.roles, access.roles[1], auth.scopes, auth.audience];
    expect(parts.map(Object.isFrozen)).toEqual(parts.map(() => true));
  });

  it('lets nobody change it', async () => {
    covers('H25');
    const auth = (await verify()) as unknown as { token: string; claims: Record<string, unknown>; scopes: string[] };
    expect(() => auth.scopes.push('admin')).toThrow(TypeError);
    for (const change of [
      () => Object.assign(auth, { scopes: ['admin'] }),
      () => Object.assign(auth, { token: 'x' }),
      () => Object.assign(auth, { admin: true }),
      () => Object.assign(auth.claims, { sub: 'admin' }),
      () => Object.setPrototypeOf(auth.claims, { admin: true }),
    ]) {
      expect(change).toThrow(TypeError);
    }
    expect(await verify()).toMatchObject({ token, scopes: ['read'], subject: 'test-user' });
  });

  it('has claims without a prototype', async () => {
    covers('D2');
    const { claims } = await verify();
    expect(Object.getPrototypeOf(claims)).toBeNull();
    for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf']) {
      expect(claims[name]).toBeUndefined();
    }
  });
});

describe('AccessToken', () => {
  it('keeps a claim named constructor as a claim', async () => {
    covers('D2');
    const auth = await plain.verify(await issuer.token({ claims: { constructor: 'x', toString: 'y' } }));
    expect([auth.claims['constructor'], auth.claims['toString']]).toEqual(['x', 'y']);
  });

  it('is one value for a token that is remembered, and equal ones for a token that is not', async () => {
    const forgetful = createVerifier({ ...issuer.verifierOptions, tokenCache: false });
    expect(await plain.verify(token)).toBe(await plain.verify(token));
    const [one, other] = [await forgetful.verify(token), await forgetful.verify(token)];
    expect(one).not.toBe(other);
    expect({ ...one }).toEqual({ ...other });
  });
});
