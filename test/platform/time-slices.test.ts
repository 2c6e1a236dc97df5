import { afterEach, describe, expect, it, vi } from 'vitest';
import { TimeSlices } from '../../src/platform/time-slices.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** The time that work takes, in the hands of a test. */
function createTime() {
  const time = { ms: 1000 };
  vi.spyOn(performance, 'now').mockImplementation(() => time.ms);
  return time;
}

describe('TimeSlices', () => {
  it('lets the event loop turn after 4 ms of work, and counts anew then', async () => {
    const time = createTime();
    const slices = new TimeSlices();
    time.ms += 3.9;
    expect(slices.pauseWhenLong()).toBeUndefined();

    time.ms += 0.1;
    const others = vi.fn(() => {
      // What they take is not counted.
      time.ms += 100;
    });
    setImmediate(others);
    const pause = slices.pauseWhenLong();
    expect(pause).toBeInstanceOf(Promise);
    expect(others).not.toHaveBeenCalled();
    await pause;
    expect(others).toHaveBeenCalledTimes(1);
    time.ms += 3.9;
    expect(slices.pauseWhenLong()).toBeUndefined();
    time.ms += 0.1;
    await slices.pauseWhenLong();
  });

  it('goes on while a test holds the timers', async () => {
    const time = createTime();
    vi.useFakeTimers({ toFake: ['setImmediate', 'setTimeout', 'Date'] });
    const slices = new TimeSlices();
    time.ms += 4;
    await slices.pauseWhenLong();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects with the reason of a signal that was aborted meanwhile', async () => {
    const time = createTime();
    const reason = new Error('closed');
    const controller = new AbortController();
    const slices = new TimeSlices();
    time.ms += 4;
    const pause = slices.pauseWhenLong(controller.signal);
    controller.abort(reason);
    await expect(pause).rejects.toBe(reason);
  });
});
