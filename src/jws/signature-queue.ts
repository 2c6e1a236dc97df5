import { type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import { setImmediate } from 'node:timers';

// Taken at the import: fake timers replace it in `node:timers` too, and signatures would wait for a clock that stands still.
const runAtEndOfTurn = setImmediate;

/** The arguments of `verify` of node:crypto. */
export interface SignatureJob {
  readonly hash: string | null;
  readonly signingInput: Buffer;
  readonly key: KeyObject | VerifyKeyObjectInput;
  readonly signature: Buffer;
  /** Whether the verification takes at most some 0.2 ms, which is short enough for the event loop. */
  readonly isQuick: boolean;
}

interface WaitingJob extends SignatureJob {
  readonly resolve: (isValid: boolean) => void;
}

/**
 * Collects signatures and verifies them at the end of the turn of the event loop. All but the last go to libuv's thread
 * pool, in one batch: single jobs would each wake a thread, which takes the processor from the event loop. The last one
 * is verified inline if it is quick: the way to the pool and back takes longer than RSA. A signature that makes
 * node:crypto throw is not valid.
 */
export class SignatureQueue {
  #waiting: WaitingJob[] = [];

  run(job: SignatureJob): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push({ ...job, resolve });
      if (this.#waiting.length === 1) runAtEndOfTurn(() => this.#flush());
    });
  }

  #flush(): void {
    const jobs = this.#waiting;
    this.#waiting = [];
    const inline = jobs.at(-1)?.isQuick ? jobs.pop() : undefined;

    for (const { hash, signingInput, key, signature, resolve } of jobs) {
      orInvalid(resolve, () => {
        verify(hash, signingInput, key, signature, (error, isValid) => resolve(error === null && isValid));
      });
    }

    if (inline === undefined) return;
    const { hash, signingInput, key, signature, resolve } = inline;
    orInvalid(resolve, () => resolve(verify(hash, signingInput, key, signature)));
  }
}

/** node:crypto throws if the key does not fit the call. */
function orInvalid(resolve: (isValid: boolean) => void, start: () => void): void {
  try {
    start();
  } catch {
    resolve(false);
  }
}
