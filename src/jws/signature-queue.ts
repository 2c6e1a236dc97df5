import { type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import { setImmediate } from 'node:timers';

/** All that `verify` of node:crypto is called with. */
export interface SignatureJob {
  readonly hash: string | null;
  readonly signingInput: Buffer;
  readonly key: KeyObject | VerifyKeyObjectInput;
  readonly signature: Buffer;
  /** Whether it takes some 0.2 ms at most, so that the event loop can bear one in each of its turns. */
  readonly isQuick: boolean;
}

interface WaitingJob extends SignatureJob {
  readonly resolve: (isValid: boolean) => void;
}

/**
 * Verifies signatures at the end of the event loop's turn in which they were asked for: all but one on libuv's
 * thread pool, handed over together, the last here where it is quick. Handed over one by one, each would wake a
 * thread, which takes the processor from the event loop where there is none to spare; and to hand over a single
 * one and to hear of it takes longer than RSA does. What node:crypto cannot work with is not valid.
 */
export class SignatureQueue {
  #waiting: WaitingJob[] = [];

  run(job: SignatureJob): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push({ ...job, resolve });
      if (this.#waiting.length === 1) setImmediate(() => this.#runTurn());
    });
  }

  #runTurn(): void {
    const jobs = this.#waiting;
    this.#waiting = [];
    const last = jobs.at(-1)?.isQuick ? jobs.pop() : undefined;
    for (const job of jobs) verifyInPool(job);
    if (last !== undefined) verifyInline(last);
  }
}

function verifyInPool({ hash, signingInput, key, signature, resolve }: WaitingJob): void {
  try {
    verify(hash, signingInput, key, signature, (error, isValid) => resolve(error === null && isValid));
  } catch {
    resolve(false);
  }
}

function verifyInline({ hash, signingInput, key, signature, resolve }: WaitingJob): void {
  try {
    resolve(verify(hash, signingInput, key, signature));
  } catch {
    resolve(false);
  }
}
