import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FairQueue } from '../../src/resilience/fair-queue.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => vi.useRealTimers());

/** Enters a queue, and keeps the names in the order in which they got a place or gave up. */
function record(queue: FairQueue) {
  const events: string[] = [];
  const enter = (source: string | undefined, name: string, isPreferred = false) => {
    void queue.enter(source, isPreferred, 1).then((hasPlace) => events.push(hasPlace ? name : `no ${name}`));
  };
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return { events, enter, settle };
}

describe('FairQueue', () => {
  it('gives places at once while there are some, and then in the order of arrival', async () => {
    const queue = new FairQueue({ maxRunning: 2, maxWaiting: 10 });
    const { events, enter, settle } = record(queue);
    for (const name of ['1', '2', '3', '4']) enter('a', name);
    await settle();
    expect([events, queue.waiting]).toEqual([['1', '2'], 2]);
    queue.leave('a');
    queue.leave('a');
    await settle();
    expect([events, queue.waiting]).toEqual([['1', '2', '3', '4'], 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('calls one of each source in turn', async () => {
    const queue = new FairQueue({ maxRunning: 1, maxWaiting: 10 });
    const { events, enter, settle } = record(queue);
    for (const name of ['a1', 'a2', 'a3']) enter('a', name);
    for (const name of ['b1', 'b2']) enter('b', name);
    enter('c', 'c1');
    for (const source of ['a', 'a', 'b', 'c', 'a']) {
      queue.leave(source);
      await settle();
    }
    expect(events).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2']);
  });

  it('gives every second place to preferred ones, and none away that nobody else wants', async () => {
    const queue = new FairQueue({ maxRunning: 1, maxWaiting: 10 });
    const { events, enter, settle } = record(queue);
    for (const name of ['1', '2', '3', '4']) enter('a', name);
    for (const name of ['p1', 'p2']) enter('a', name, true);
    for (let i = 0; i < 5; i += 1) {
      queue.leave('a');
      await settle();
    }
    expect(events).toEqual(['1', 'p1', '2', 'p2', '3', '4']);
  });

  it('keeps one place in ten for other sources, unless the source is not known', async () => {
    for (const [source, places] of [
      ['a', 18],
      [undefined, 20],
    ] as const) {
      const queue = new FairQueue({ maxRunning: 20, maxWaiting: 30 });
      const { events, enter, settle } = record(queue);
      for (let i = 0; i < 30; i += 1) enter(source, 'a');
      await settle();
      expect(events).toHaveLength(places);
      enter('b', 'b');
      await settle();
      expect(events.includes('b')).toBe(source === 'a');
    }
  });

  it.each([1, 2, 9])('keeps none where there are %i', async (maxRunning) => {
    const queue = new FairQueue({ maxRunning, maxWaiting: 10 });
    const { events, enter, settle } = record(queue);
    for (let i = 0; i < 10; i += 1) enter('a', 'a');
    await settle();
    expect(events).toHaveLength(maxRunning);
  });

  it('lets nobody wait for longer than it was told', async () => {
    const queue = new FairQueue({ maxRunning: 1, maxWaiting: 10 });
    const { events, enter } = record(queue);
    for (const name of ['1', '2']) enter('a', name);
    await vi.advanceTimersByTimeAsync(999);
    expect(events).toEqual(['1']);
    await vi.advanceTimersByTimeAsync(1);
    expect([events, queue.waiting]).toEqual([['1', 'no 2'], 0]);
    queue.leave('a');
    enter('a', '3');
    await vi.advanceTimersByTimeAsync(0);
    expect(events).toEqual(['1', 'no 2', '3']);
  });

  it('makes room in a full line at the cost of the source that has most of it', async () => {
    const queue = new FairQueue({ maxRunning: 1, maxWaiting: 3 });
    const { events, enter, settle } = record(queue);
    for (const name of ['a1', 'a2', 'a3', 'a4']) enter('a', name);
    enter('b', 'b1');
    enter('c', 'c1');
    await settle();
    expect([events, queue.waiting]).toEqual([['a1', 'no a2', 'no a3'], 3]);
    enter('a', 'a5', true);
    await settle();
    expect(queue.waiting).toBe(4);

    const other = new FairQueue({ maxRunning: 1, maxWaiting: 3 });
    const late = record(other);
    for (const name of ['b1', 'b2']) late.enter('b', name);
    for (const name of ['a1', 'a2', 'a3']) late.enter('a', name);
    await late.settle();
    expect(late.events).toEqual(['b1', 'no a1']);
  });
});
