import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVerifier } from '../../../src/index.js';
import { EVERLASTING, verdictOf } from '../../support/clients.js';
import { KeyServer, until } from '../../support/key-server.js';

const DEADLINE_MS = 5000;
const AN_HOUR = 3600;

beforeEach(() => {
  // Deadlines pass when a test says so.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => vi.useRealTimers());

async function open(keys: object = {}) {
  const server = await KeyServer.create();
  const verifier = createVerifier({ ...server.verifierOptions, keys });
  const ask = async () => verdictOf(verifier.verify(await server.issuer.token(EVERLASTING)));
  return { server, verifier, ask };
}

describe('a process that is suspended during a fetch', () => {
  it('does not wait for what it fetched before: a new request starts a new fetch', async () => {
    const { server, verifier, ask } = await open();
    const held = server.hold('jwks');
    const waiting = ask();
    await until(() => held.length === 1);

    // While the fetch is younger than its deadline, others wait for it.
    server.issuer.advance(5);
    const joining = ask();
    await new Promise(setImmediate);
    expect(held).toHaveLength(1);

    server.issuer.advance(AN_HOUR);
    const asked = ask();
    await until(() => held.length === 2);
    held[1]?.release();
    expect(await asked).toBe('accepted');

    // Whoever had waited since before is answered with the new keys, too.
    held[0]?.release(() => Promise.reject(new TypeError('fetch failed')));
    expect(await Promise.all([waiting, joining])).toEqual(['accepted', 'accepted']);
    expect(verifier.status().issuers[0]).toMatchObject({ state: 'fresh', lastError: undefined });
    expect(server.hits.jwks).toBe(2);
  });

  it('takes a deadline that passed meanwhile for no failure: nobody gets 503', async () => {
    const { server, verifier, ask } = await open();
    const held = server.hold('jwks');
    const waiting = ask();
    await until(() => held.length === 1);

    server.issuer.advance(AN_HOUR);
    // The first thing that runs after the pause are timers that are long due.
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    await until(() => held.length === 2);
    const asked = ask();
    held[1]?.release();
    expect(await Promise.all([waiting, asked])).toEqual(['accepted', 'accepted']);
    expect(verifier.status().issuers[0]).toMatchObject({ state: 'fresh', lastError: undefined });
    expect(server.hits.jwks).toBe(2);
  });

  it('the control: a deadline that passes in the ordinary way is a failure', async () => {
    const { server, verifier, ask } = await open();
    const held = server.hold('jwks');
    const waiting = ask();
    await until(() => held.length === 1);
    server.issuer.advance(DEADLINE_MS / 1000);
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    expect(await waiting).toBe('keys_unavailable');
    expect(verifier.status().issuers[0]).toMatchObject({ state: 'failing' });
    expect(held).toHaveLength(1);
  });

  it('the issuer that is away after the pause is a failure as ever', async () => {
    const { server, ask } = await open();
    const held = server.hold('jwks');
    const waiting = ask();
    await until(() => held.length === 1);
    server.answer('jwks', () => new Response(null, { status: 500 }));
    server.issuer.advance(AN_HOUR);
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    expect(await waiting).toBe('keys_unavailable');
    expect(server.hits.jwks).toBe(2);
  });

  it('is the same in a background refresh, once the keys are too old: the next request has new ones', async () => {
    const { server, verifier, ask } = await open();
    expect(await ask()).toBe('accepted');
    server.issuer.advance(600);
    const held = server.hold('jwks');
    expect(await ask()).toBe('accepted');
    await until(() => held.length === 1);

    server.issuer.advance(2 * AN_HOUR);
    const asked = ask();
    await until(() => held.length === 2);
    held[1]?.release();
    expect(await asked).toBe('accepted');
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    expect(await ask()).toBe('accepted');
    expect(verifier.status().issuers[0]).toMatchObject({ state: 'fresh', lastError: undefined });
  });

  it('is the same for a fetch on account of an unknown kid', async () => {
    const { server, ask } = await open();
    expect(await ask()).toBe('accepted');
    await server.issuer.rotate();
    const held = server.hold('jwks');
    const waiting = ask();
    await until(() => held.length === 1);
    server.issuer.advance(60);
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    await until(() => held.length === 2);
    held[1]?.release();
    expect(await waiting).toBe('accepted');
  });

  it('is the same for the metadata that names the introspection endpoint', async () => {
    const server = await KeyServer.create();
    const held: ((response: Response) => void)[] = [];
    const { issuer, audience, clock } = server.issuer.verifierOptions;
    const respond: typeof fetch = async (input) => {
      if (String(input).endsWith('/introspect')) return Response.json({ active: true, aud: audience, client_id: 'c' });
      return new Promise((resolve) => held.push(resolve));
    };
    const introspection = { clientId: 'api', clientSecret: 'secret' };
    const verifier = createVerifier({ issuer: { issuer, introspection }, audience, clock, fetch: respond });
    const waiting = verifier.ready().catch((error: unknown) => error);
    await until(() => held.length === 1);
    server.issuer.advance(AN_HOUR);
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    await until(() => held.length === 2);
    held[1]?.(Response.json({ issuer, introspection_endpoint: `${issuer}/introspect` }));
    expect(await waiting).toBeUndefined();
    expect(await verdictOf(verifier.verify('opaque'))).toBe('accepted');
  });

  it('is the same for secrets that a function gives, and for issuers that a function finds', async () => {
    const server = await KeyServer.create();
    const { issuer, audience, clock } = server.issuer.verifierOptions;
    let calls = 0;
    const resolve = (iss: string) => {
      calls += 1;
      const found = { issuer: iss, jwks: server.issuer.jwks };
      return calls === 1 ? new Promise<typeof found>(() => {}) : found;
    };
    const verifier = createVerifier({ issuer: resolve, audience, clock });
    const asked = verifier.verify(await server.issuer.token(EVERLASTING));
    await until(() => calls === 1);
    server.issuer.advance(60);
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    expect((await asked).issuer).toBe(issuer);
    expect(calls).toBe(2);
  });
});
