import { createHook } from 'node:async_hooks';
import { constants, createSecretKey, sign } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type SignatureJob, SignatureQueue } from '../../src/jws/signature-queue.js';
import { generateKeys } from '../support/raw-issuer.js';

const { publicKey, privateKey } = generateKeys('RS256');
const signingInput = Buffer.from('header.payload');
const signature = sign('sha256', signingInput, privateKey);
const good: SignatureJob = { hash: 'sha256', signingInput, key: publicKey, signature, isQuick: true };
const forged: SignatureJob = { ...good, signingInput: Buffer.from('header.Payload') };
const impossible: SignatureJob = { ...good, key: createSecretKey(Buffer.alloc(32)) };

function runAll(jobs: readonly SignatureJob[]): Promise<readonly boolean[]> {
  const together = new SignatureQueue();
  return Promise.all(jobs.map((job) => together.run(job)));
}

afterEach(() => void vi.useRealTimers());

describe('SignatureJobs', () => {
  it.each([1, 2, 3, 64])('gives each of %i jobs of a turn its own answer, wherever it is run', async (count) => {
    const jobs = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? good : forged));
    const answers = await runAll(jobs);
    expect(answers).toEqual(jobs.map((job) => job === good));
  });

  it.each([
    ['the last of its turn, which is run here', [good, impossible]],
    ['one before, which goes to the thread pool', [impossible, good]],
    ['the only one', [impossible]],
  ])('takes what node:crypto throws for as invalid, and that alone: %s', async (_, jobs) => {
    const answers = await runAll(jobs);
    expect(answers).toEqual(jobs.map((job) => job === good));
  });

  it('takes what fails on the thread pool as invalid', async () => {
    const key = { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING };
    expect(await runAll([{ ...good, key }, good])).toEqual([false, true]);
  });

  it.each([
    ['a quick job alone', [good], 0],
    ['a slow job alone', [{ ...good, isQuick: false }], 1],
    ['two quick jobs', [good, good], 1],
    ['a quick job after a slow one', [{ ...good, isQuick: false }, good], 1],
    ['a slow job after a quick one', [good, { ...good, isQuick: false }], 2],
    ['five quick jobs', [good, good, good, good, good], 4],
  ])('hands all but a quick last one to the thread pool: %s', async (_, jobs, handedOver) => {
    const types = new Map<number, string>();
    const calledBack: (string | undefined)[] = [];
    const hook = createHook({
      init: (id, type) => void types.set(id, type),
      before: (id) => void calledBack.push(types.get(id)),
    }).enable();
    try {
      expect(await runAll(jobs)).toEqual(jobs.map(() => true));
    } finally {
      hook.disable();
    }
    expect(calledBack.filter((type) => type === 'Immediate')).toHaveLength(1);
    // What is run here is a SIGNREQUEST as well, but calls nobody back.
    expect(calledBack.filter((type) => type === 'SIGNREQUEST')).toHaveLength(handedOver);
  });

  it('does not wait for the timers that a test of the user has faked', async () => {
    vi.useFakeTimers();
    expect(await runAll([good])).toEqual([true]);
  });
});
