import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVerifier, type Verifier } from '../../../src/index.js';
import { EVERLASTING, verdictOf } from '../../support/clients.js';
import { KeyServer } from '../../support/key-server.js';

const noAnswer = () => new Response(null, { status: 500 });

beforeEach(() => {
  // The longest wait of each interval.
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface Scene {
  readonly server: KeyServer;
  readonly verifier: Verifier;
  /** Refused with 503 while the issuer is away. */
  readonly ask: () => Promise<string>;
}

/** Lets so many requests come, one a second, and gives the longest time between two attempts. */
async function longestWait({ server, ask }: Scene, seconds: number): Promise<number> {
  const attempts: number[] = [];
  const { requests } = server;
  for (let second = 0; second < seconds; second += 1) {
    const before = requests.length;
    await ask();
    if (requests.length > before) attempts.push(second);
    server.issuer.advance(1);
  }
  return Math.max(...attempts.slice(1).map((at, i) => at - (attempts[i] as number)));
}

async function open(issuerOptions: object = {}): Promise<Scene> {
  const server = await KeyServer.create();
  const { issuer } = server.verifierOptions;
  const verifier = createVerifier({ ...server.verifierOptions, issuer: { issuer, ...issuerOptions } });
  const token = await server.issuer.token(EVERLASTING);
  return { server, verifier, ask: () => verdictOf(verifier.verify(token)) };
}

describe('after an outage, with nothing good left', () => {
  it('at a cold start the wait between attempts is 5 s at most, and so are the 503s after the end of the outage', async () => {
    const scene = await open();
    for (const document of ['metadata', 'jwks'] as const) scene.server.answer(document, noAnswer);
    expect(await longestWait(scene, 120)).toBe(5);
    scene.server.recover();
    scene.server.issuer.advance(5);
    expect(await scene.ask()).toBe('accepted');
  });

  it('it is the same where the keys became too old during the outage', async () => {
    const scene = await open({ jwksUri: 'https://issuer.test/jwks' });
    expect(await scene.ask()).toBe('accepted');
    scene.server.answer('jwks', noAnswer);
    scene.server.issuer.advance(600);
    // While keys are left, nobody is hurt by a minute. Fetches end behind the requests, so that a wait begins later.
    expect(await longestWait(scene, 3000)).toBeGreaterThanOrEqual(60);
    scene.server.issuer.advance(600);
    expect(await longestWait(scene, 120)).toBe(5);
    scene.server.recover();
    scene.server.issuer.advance(5);
    expect(await scene.ask()).toBe('accepted');
  });

  it('it is the same right when the keys become too old, whatever the wait was until then', async () => {
    const scene = await open({ jwksUri: 'https://issuer.test/jwks' });
    expect(await scene.ask()).toBe('accepted');
    scene.server.answer('jwks', noAnswer);
    scene.server.issuer.advance(600);
    await longestWait(scene, 3590);
    scene.server.recover();
    scene.server.issuer.advance(10 + 5);
    expect(await scene.ask()).toBe('accepted');
  });

  it('it is the same for the metadata that names the introspection endpoint', async () => {
    const server = await KeyServer.create();
    server.answer('metadata', noAnswer);
    const introspection = { clientId: 'api', clientSecret: 'secret' };
    const { issuer } = server.verifierOptions;
    const verifier = createVerifier({ ...server.verifierOptions, issuer: { issuer, introspection } });
    const scene = { server, verifier, ask: () => verdictOf(verifier.verify('opaque')) };
    expect(await longestWait(scene, 120)).toBe(5);
  });
});
