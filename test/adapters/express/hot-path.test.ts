import { createHook } from 'node:async_hooks';
import crypto from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuard, createVerifier } from '../../../src/index.js';
import { createTestIssuer } from '../../../src/testing/index.js';

/** What one request costs, in counts that are the same on every machine. */
interface Cost {
  readonly clockReads: number;
  readonly promises: number;
  readonly signatures: number;
  /** Of `hash()` of node:crypto: a token is nowhere found by its hash but among introspection answers. */
  readonly hashes: number;
}

let hashes = 0;
const { hash } = crypto;
beforeAll(() => {
  crypto.hash = ((...args: Parameters<typeof hash>) => {
    hashes += 1;
    return hash(...args);
  }) as typeof hash;
  syncBuiltinESMExports();
});
afterAll(() => {
  crypto.hash = hash;
  syncBuiltinESMExports();
});

async function open() {
  const issuer = await createTestIssuer();
  let clockReads = 0;
  const clock = () => {
    clockReads += 1;
    return issuer.now();
  };
  const guard = createGuard(createVerifier({ ...issuer.verifierOptions, clock }))('read');

  async function costOf(token: string): Promise<Cost> {
    const req = new IncomingMessage(new Socket());
    const authorization = `Bearer ${token}`;
    Object.assign(req, { url: '/', rawHeaders: ['Authorization', authorization], headers: { authorization } });
    const res = new ServerResponse(req);
    const made: string[] = [];
    const hook = createHook({ init: (_, type) => void made.push(type) });
    clockReads = 0;
    hashes = 0;
    let settle = () => {};
    const answered = new Promise<void>((resolve) => {
      settle = resolve;
    });
    res.end = () => {
      settle();
      return res;
    };
    hook.enable();
    guard(req, res, () => settle());
    // The promises that come of waiting belong to the test.
    const promises = made.filter((type) => type === 'PROMISE').length;
    await answered;
    hook.disable();
    return { clockReads, promises, hashes, signatures: made.filter((type) => type === 'SIGNREQUEST').length };
  }

  await costOf(await issuer.token({ scope: 'read' }));
  return { issuer, costOf };
}

describe('what a request costs', () => {
  it('a token that is known: two looks at the clock, no promise, no signature, no hash', async () => {
    const { issuer, costOf } = await open();
    const token = await issuer.token({ scope: 'read' });
    expect(await costOf(token)).toMatchObject({ signatures: 1 });
    expect(await costOf(token)).toEqual({ clockReads: 2, promises: 0, signatures: 0, hashes: 0 });
  });

  it('a token that is new: four looks at the clock, one signature', async () => {
    const { issuer, costOf } = await open();
    expect(await costOf(await issuer.token({ scope: 'read' }))).toMatchObject({
      clockReads: 4,
      signatures: 1,
      hashes: 0,
    });
  });

  it.each([
    ['is malformed', (token: string) => `${token}=.`],
    ['is of another issuer', (token: string) => `${token.split('.')[0]}.e30.AA`],
    ['has no signature', (token: string) => token.replace(/[^.]+$/, '')],
  ])('a token that %s: no promise, no signature', async (_, change) => {
    const { issuer, costOf } = await open();
    expect(await costOf(change(await issuer.token()))).toMatchObject({ promises: 0, signatures: 0 });
  });

  it('a token that is known, and does not suffice: no promise, no signature', async () => {
    const { issuer, costOf } = await open();
    const token = await issuer.token();
    expect(await costOf(token)).toMatchObject({ signatures: 1 });
    expect(await costOf(token)).toMatchObject({ promises: 0, signatures: 0 });
  });

  it('counts hashes: an opaque token that is new has one', async () => {
    hashes = 0;
    (await import('../../../src/platform/digest.js')).digestOf('a');
    expect(hashes).toBe(1);
  });
});
