import { describe, expect, it } from 'vitest';
import { BoundedMap } from '../../src/resilience/bounded-map.js';

describe('BoundedMap', () => {
  it('is empty at first, and all that is asked of it answers so', () => {
    const map = new BoundedMap<number>(2);
    map.delete('a');
    map.clear();
    expect([map.size, map.max, map.get('a'), map.has('a'), map.oldest()]).toEqual([0, 2, undefined, false, undefined]);
  });

  it('holds so many values, and the least recently used leaves first', () => {
    const map = new BoundedMap<number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect([map.size, map.oldest()]).toEqual([2, 1]);
    expect(map.get('a')).toBe(1);
    expect(map.oldest()).toBe(2);
    map.set('c', 3);
    expect(['a', 'b', 'c'].map((name) => map.has(name))).toEqual([true, false, true]);
    expect(map.size).toBe(2);
  });

  it('deletes one value, or all of them', () => {
    const map = new BoundedMap<number>(3);
    for (const name of ['a', 'b', 'c']) map.set(name, 1);
    map.delete('a');
    expect([map.size, map.has('a'), map.has('b')]).toEqual([2, false, true]);
    map.clear();
    expect([map.size, map.has('b')]).toEqual([0, false]);
  });

  it('allocates with the first value, not when it is created', () => {
    const before = process.memoryUsage().heapUsed;
    const maps = Array.from({ length: 1000 }, () => new BoundedMap<number>(10_000));
    // LRUCache takes 200 KB for so many entries: these would take 200 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * 2 ** 20);
    expect(maps.every(({ size }) => size === 0)).toBe(true);
  });
});
