import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadlineError, untilAborted, withDeadline, withinSeconds } from '../../src/resilience/deadline.js';
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
