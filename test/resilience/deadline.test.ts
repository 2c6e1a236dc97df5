import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadline, DeadlineError, untilAborted, withDeadline, withinSeconds } from '../../src/resilience/deadline.js';
import { rejectionsDuring } from '../support/rejections.js';

const BOOM = new Error('boom');

describe('withinSeconds', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('gives what the promise gives, and leaves no timer behind', async () => {
    expect(await withinSeconds(1, Promise.resolve('value'))).toBe('value');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects as the promise does, and leaves no timer behind', async () => {
    await expect(withinSeconds(1, Promise.reject(BOOM))).rejects.toBe(BOOM);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects when the time is over, and not before', async () => {
    const settled = vi.fn();
    const waiting = withinSeconds(0.5, new Promise(() => {}));
    waiting.catch(settled);
    await vi.advanceTimersByTimeAsync(499);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(settled).toHaveBeenCalledWith(new DeadlineError('not settled within 0.5 s'));
    await expect(waiting).rejects.toBeInstanceOf(DeadlineError);
  });

  it('lets a promise that fails after the deadline fail in silence', async () => {
    const rejections = await rejectionsDuring(async () => {
      const failing = new Promise((_, reject) => setTimeout(reject, 2000, BOOM));
      const waiting = expect(withinSeconds(1, failing)).rejects.toBeInstanceOf(DeadlineError);
      await vi.advanceTimersByTimeAsync(3000);
      await waiting;
    });
    expect(rejections).toEqual([]);
  });
});

describe('untilAborted', () => {
  it('gives the promise itself where there is no signal', async () => {
    expect(await untilAborted(undefined, Promise.resolve('value'))).toBe('value');
    await expect(untilAborted(undefined, Promise.reject(BOOM))).rejects.toBe(BOOM);
  });

  it('gives what the promise gives while the signal is silent', async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(signal, Promise.resolve('value'))).toBe('value');
    await expect(untilAborted(signal, Promise.reject(BOOM))).rejects.toBe(BOOM);
  });

  it('rejects with the reason of the signal, whatever becomes of the promise later', async () => {
    const rejections = await rejectionsDuring(async () => {
      const controller = new AbortController();
      let fail = () => {};
      const promise = new Promise((_, reject) => {
        fail = () => reject(BOOM);
      });
      const waiting = untilAborted(controller.signal, promise);
      controller.abort('enough');
      await expect(waiting).rejects.toBe('enough');
      fail();
    });
    expect(rejections).toEqual([]);
  });

  it('rejects with an AbortError where the signal names no reason', async () => {
    const controller = new AbortController();
    const waiting = untilAborted(controller.signal, new Promise(() => {}));
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('rejects at once with a signal that was aborted before', async () => {
    await expect(untilAborted(AbortSignal.abort(BOOM), Promise.resolve())).rejects.toBe(BOOM);
  });

  it('lets a promise fail in silence that was given together with a signal aborted before', async () => {
    const rejections = await rejectionsDuring(async () => {
      await expect(untilAborted(AbortSignal.abort(BOOM), Promise.reject(new Error('late')))).rejects.toBe(BOOM);
    });
    expect(rejections).toEqual([]);
  });
});

describe('withDeadline', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('gives what the run gives or rejects with, and leaves no timer behind', async () => {
    expect(await withDeadline(1, async ({ aborted }) => aborted)).toBe(false);
    await expect(withDeadline(1, () => Promise.reject(BOOM))).rejects.toBe(BOOM);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('aborts its signal when the time is over, and not before', async () => {
    const waiting = withDeadline(0.5, (deadline) => untilAborted(deadline, new Promise(() => {})));
    const settled = vi.fn();
    waiting.catch(settled);
    await vi.advanceTimersByTimeAsync(499);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await expect(waiting).rejects.toEqual(new DeadlineError('not settled within 0.5 s'));
  });
});

describe('Deadline', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  let now = 0;
  const clock = () => now;
  const never = new Promise<never>(() => {});
  const sleep = (ms: number) => new Promise<string>((resolve) => setTimeout(resolve, ms, 'slept'));

  it('returns a value that is no promise at once, and starts no timer for it', () => {
    const deadline = new Deadline(1, clock);
    expect(deadline.wait('value', () => 'late')).toBe('value');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives what the promise gives or rejects with, and leaves no timer behind', async () => {
    const deadline = new Deadline(1, clock);
    expect(await deadline.wait(Promise.resolve('value'), () => 'late')).toBe('value');
    await expect(deadline.wait(Promise.reject(BOOM), () => 'late')).rejects.toBe(BOOM);
    deadline.end();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('counts from the first wait on, for all that follow', async () => {
    const deadline = new Deadline(1, clock);
    await vi.advanceTimersByTimeAsync(5000);
    const first = deadline.wait(sleep(900), () => 'late');
    await vi.advanceTimersByTimeAsync(900);
    expect(await first).toBe('slept');

    const settled = vi.fn();
    void Promise.resolve(deadline.wait(never, (seconds) => `late after ${seconds} s`)).then(settled);
    await vi.advanceTimersByTimeAsync(99);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(settled).toHaveBeenCalledWith('late after 1 s');
    expect(await deadline.wait(never, () => 'late')).toBe('late');
  });

  it('begins anew for a process that was suspended while it waited', async () => {
    const deadline = new Deadline(1, clock);
    const settled = vi.fn();
    void Promise.resolve(deadline.wait(never, () => 'late')).then(settled);
    // An hour passes for the clock, and the timer fires when the process goes on.
    now += 3_600_000;
    await vi.advanceTimersByTimeAsync(1000);
    expect(settled).not.toHaveBeenCalled();

    now += 1000;
    await vi.advanceTimersByTimeAsync(1000);
    expect(settled).toHaveBeenCalledWith('late');
  });

  it('lets a promise fail in silence after the time is over', async () => {
    const rejections = await rejectionsDuring(async () => {
      const deadline = new Deadline(1, clock);
      const late = deadline.wait(
        sleep(2000).then(() => Promise.reject(BOOM)),
        () => 'late',
      );
      await vi.advanceTimersByTimeAsync(3000);
      expect(await late).toBe('late');
    });
    expect(rejections).toEqual([]);
  });
});
