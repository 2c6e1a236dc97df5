import { setMaxListeners } from 'node:events';
import { untilAborted } from './deadline.js';

/** A signal of our own that follows one of somebody else, while it is waited for. */
interface Follower {
  readonly signal: AbortSignal;
  waiting: number;
  stop(): void;
}

/**
 * Waits for signals that others made. A signal gets one listener, however many wait for it: Node.js 20 warns of a memory
 * leak from the eleventh on, and how many its signal may have is for its owner to say.
 */
export class AbortListeners {
  readonly #followers = new WeakMap<AbortSignal, Follower>();

  /** Waits for a promise until the signal is aborted. Others may go on waiting for it. */
  async untilAborted<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
    if (signal === undefined || signal.aborted) return untilAborted(signal, promise);
    const follower = this.#followers.get(signal) ?? this.#follow(signal);
    follower.waiting += 1;

    try {
      return await untilAborted(follower.signal, promise);
    } finally {
      follower.waiting -= 1;
      if (follower.waiting === 0) follower.stop();
    }
  }

  #follow(signal: AbortSignal): Follower {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const onAbort = () => controller.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });

    const stop = () => {
      signal.removeEventListener('abort', onAbort);
      this.#followers.delete(signal);
    };
    const follower = { signal: controller.signal, waiting: 0, stop };
    this.#followers.set(signal, follower);
    return follower;
  }
}
