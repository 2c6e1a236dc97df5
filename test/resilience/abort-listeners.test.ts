import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { AbortListeners } from '../../src/resilience/abort-listeners.js';

const BOOM = new Error('boom');
const forever = () => new Promise<never>(() => {});

describe('AbortListeners', () => {
  it('gives the promise itself where there is no signal', async () => {
    const listeners = new AbortListeners();
    expect(await listeners.untilAborted(undefined, Promise.resolve('value'))).toBe('value');
  });

  it('has one listener at a signal, however many wait, and none when nobody does', async () => {
    const listeners = new AbortListeners();
    const { signal } = new AbortController();
    const resolvers: (() => void)[] = [];
    const wait = () => new Promise<void>((resolve) => resolvers.push(resolve));
    const waiting = Array.from({ length: 50 }, () => listeners.untilAborted(signal, wait()));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);

    resolvers.shift()?.();
    await waiting[0];
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const resolve of resolvers) resolve();
    await Promise.all(waiting);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects all who wait with the reason of the signal, and whoever comes later', async () => {
    const listeners = new AbortListeners();
    const controller = new AbortController();
    const waiting = [1, 2, 3].map(() => listeners.untilAborted(controller.signal, forever()));
    controller.abort(BOOM);
    expect(await Promise.allSettled(waiting)).toEqual(Array(3).fill({ status: 'rejected', reason: BOOM }));
    await expect(listeners.untilAborted(controller.signal, forever())).rejects.toBe(BOOM);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('waits for each signal by itself', async () => {
    const listeners = new AbortListeners();
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = listeners.untilAborted(first.signal, forever());
    const other = listeners.untilAborted(second.signal, Promise.resolve('value'));
    first.abort(BOOM);
    await expect(waiting).rejects.toBe(BOOM);
    await expect(other).resolves.toBe('value');
  });
});
