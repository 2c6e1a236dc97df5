import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { createVerifier, type VerifierOptions } from '../../../src/index.js';
import { EVERLASTING, TOKEN_CACHES, verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { KeyServer, until } from '../../support/key-server.js';
import { type AnyJwk, OwnKey } from '../../support/own-key.js';
import { rejectionsDuring } from '../../support/rejections.js';

const MANY = 60;
const SLICE_MS = 4;

const MEMBERS: readonly AnyJwk[] = Array.from({ length: MANY }, (_, i) => new OwnKey('EdDSA', `many-${i}`).jwk);
const WEAK = { ...MEMBERS[0], x: Buffer.alloc(32).toString('base64url') };

/** Each look at the time finds a slice used up, so that the event loop turns after every member. */
let imports: MockInstance<typeof crypto.subtle.importKey>;

beforeEach(() => {
  let ms = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    ms += SLICE_MS;
    return ms;
  });
  imports = vi.spyOn(crypto.subtle, 'importKey');
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function open({ tokenCache }: Required<Pick<VerifierOptions, 'tokenCache'>>) {
  const server = await KeyServer.create();
  const verifier = createVerifier({ ...server.verifierOptions, tokenCache, requireKid: true });
  imports.mockClear();
  return { server, verifier, token: await server.issuer.token(EVERLASTING) };
}

async function countTurns(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const count = () => {
    if (isOver) return;
    turns += 1;
    setImmediate(count);
  };
  setImmediate(count);
  await work;
  isOver = true;
  return turns;
}

describe.each(TOKEN_CACHES)('a key set with many members, %s', (_, tokenCache) => {
  it('is imported in slices, between which the event loop turns', async () => {
    covers('H14');
    const { server, verifier } = await open({ tokenCache });
    server.extraKeys = MEMBERS;
    expect(await countTurns(verifier.ready())).toBeGreaterThan(MANY);
    expect(imports).toHaveBeenCalledTimes(MANY + 1);
    expect(verifier.status().issuers[0]?.keys).toHaveLength(MANY + 1);
  });

  it('is fetched once for all requests that wait meanwhile', async () => {
    covers('H5');
    const { server, verifier, token } = await open({ tokenCache });
    server.extraKeys = MEMBERS;
    const first = verdictOf(verifier.verify(token));
    await until(() => imports.mock.calls.length >= 10);
    const others = Array.from({ length: 20 }, () => verdictOf(verifier.verify(token)));
    expect(new Set(await Promise.all([first, ...others]))).toEqual(new Set(['accepted']));
    expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
    expect(imports).toHaveBeenCalledTimes(MANY + 1);
  });

  it('leaves the set before it in use until all of it is there', async () => {
    covers('H17');
    const { server, verifier, token } = await open({ tokenCache });
    await verifier.ready();
    const [old = ''] = server.issuer.jwks.keys.map(({ kid }) => kid);
    await server.issuer.rotate();
    server.issuer.withdraw(String(old));
    server.extraKeys = MEMBERS;

    const refreshed = verifier.refresh();
    await until(() => imports.mock.calls.length >= 10);
    expect(await verdictOf(verifier.verify(token))).toBe('accepted');
    expect(verifier.status().issuers[0]?.keys).toHaveLength(1);
    await refreshed;
    expect(verifier.status().issuers[0]?.keys).toHaveLength(MANY + 1);
    expect(await verdictOf(verifier.verify(token))).toBe('unknown_key');
  });

  it('does not undo a newer set that was faster', async () => {
    covers('H17');
    const { server, verifier } = await open({ tokenCache });
    server.extraKeys = MEMBERS;
    const large = verifier.refresh();
    await until(() => imports.mock.calls.length >= 10);
    server.extraKeys = [];
    await verifier.refresh();
    expect(verifier.status().issuers[0]?.keys).toHaveLength(1);
    await large;
    expect(verifier.status().issuers[0]?.keys).toHaveLength(1);
  });

  it('is imported no further when the verifier is closed', async () => {
    covers('H20');
    const { server, verifier, token } = await open({ tokenCache });
    server.extraKeys = MEMBERS;
    const rejections = await rejectionsDuring(async () => {
      const asked = verdictOf(verifier.verify(token));
      await until(() => imports.mock.calls.length >= 10);
      await verifier.close();
      expect(await asked).toBe('verifier_closed');
      await until(() => verifier.status().issuers[0]?.state === 'failing');
    });
    expect(rejections).toEqual([]);
    expect(imports.mock.calls.length).toBeLessThan(MANY);
  });

  it('goes on while a test holds the timers', async () => {
    const { server, verifier, token } = await open({ tokenCache });
    server.extraKeys = MEMBERS;
    vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'setInterval'] });
    expect(await verdictOf(verifier.verify(token))).toBe('accepted');
    expect(imports).toHaveBeenCalledTimes(MANY + 1);
  });

  it('of a snapshot serves the first request when all of it is there', async () => {
    const { server, verifier, token } = await open({ tokenCache });
    server.extraKeys = MEMBERS;
    await verifier.ready();
    imports.mockClear();
    const warm = createVerifier({ ...server.verifierOptions, tokenCache, snapshot: verifier.snapshot() });
    server.hold('metadata');
    const verdict = verdictOf(warm.verify(token));
    expect(await countTurns(verdict)).toBeGreaterThan(MANY);
    expect(await verdict).toBe('accepted');
    await Promise.all([warm.close(), verifier.close()]);
  });
});

describe('a member that was in the key set before to the letter', () => {
  it('is not imported again, whatever its place and whatever comes beside it', async () => {
    const { server, verifier } = await open({ tokenCache: false });
    server.extraKeys = MEMBERS;
    await verifier.ready();
    imports.mockClear();

    await verifier.refresh();
    expect(imports).not.toHaveBeenCalled();

    const added = new OwnKey('EdDSA', 'added').jwk;
    server.extraKeys = [added, ...MEMBERS.slice(1).toReversed()];
    await verifier.refresh();
    expect(imports).toHaveBeenCalledTimes(1);
    expect(verifier.status().issuers[0]?.keys.map(({ kid }) => kid)).toContain('added');
    expect(verifier.status().issuers[0]?.keys.map(({ kid }) => kid)).not.toContain('many-0');
  });

  it('is skipped again for the reason of before, and the checks are made anew for one that changed', async () => {
    covers('H12');
    const { server, verifier } = await open({ tokenCache: false });
    const good = new OwnKey('EdDSA', 'good').jwk;
    const skipped = () => verifier.status().issuers[0]?.skippedKeys;
    server.extraKeys = [good, WEAK];
    await verifier.ready();
    expect(skipped()).toEqual([{ index: 1, why: 'is a point of small order' }]);

    server.extraKeys = [null, good, WEAK];
    await verifier.refresh();
    expect(skipped()).toEqual([
      { index: 0, why: 'is not an object' },
      { index: 2, why: 'is a point of small order' },
    ]);

    server.extraKeys = [{ ...good, x: WEAK.x }];
    await verifier.refresh();
    expect(skipped()).toEqual([{ index: 0, why: 'is a point of small order' }]);
  });
});
