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
 * Verifies signatures at the end of the event loop's turn in which they came. All but one go to libuv's thread pool,
 * together; the last is verified here, where it is quick. Handed over one by one, each would wake a thread, which
 * takes the processor from the event loop where there is none to spare; and to hand over a single one takes longer
 * than RSA does. What node:crypto cannot work with is not valid.
 */
export class SignatureQueue {
  #waiting: WaitingJob[] = [];

  run(job: SignatureJob): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push({ ...job, resolve });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
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

/** node:crypto throws where a key does not fit the call. */
function orInvalid(resolve: (isValid: boolean) => void, start: () => void): void {
  try {
    start();
  } catch {
    resolve(false);
  }
}
