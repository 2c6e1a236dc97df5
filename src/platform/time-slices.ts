import { setImmediate } from 'node:timers';

// Little beside the way over a network, and long enough for some thirty RSA keys.
const MAX_SLICE_MS = 4;

/** Long work that lets others have their turn. */
export class TimeSlices {
  #startedAt = performance.now();

  /**
   * Called between two steps of the work: lets the event loop turn when they have taken a few milliseconds.
   *
   * @throws the reason of the signal, when it is aborted.
   */
  pauseWhenLong(signal?: AbortSignal): Promise<void> | undefined {
    return performance.now() - this.#startedAt < MAX_SLICE_MS ? undefined : this.#pause(signal);
  }

  async #pause(signal: AbortSignal | undefined): Promise<void> {
    // Not the one of the global object, which fake timers replace and then hold back.
    await new Promise<void>((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    this.#startedAt = performance.now();
  }
}
