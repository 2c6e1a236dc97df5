import { describe, expect, it } from 'vitest';
import { TimedCache } from '../../src/resilience/timed-cache.js';
import { TestClock } from '../../src/testing/test-clock.js';

function open(max = 10) {
  const clock = new TestClock(1_800_000_000_000);
  return { clock, cache: new TimedCache<string>(max, clock.now), at: clock.now() };
}

describe('TimedCache', () => {
  it('gives a value until its end, and not at its end', () => {
    const { clock, cache, at } = open();
    expect(cache.get('a')).toBeUndefined();
    cache.set('a', 'first', { at, validUntil: at + 1000 });
    cache.set('b', 'second', { at, validUntil: at + 2000 });
    clock.advance(0.999);
    expect([cache.get('a'), cache.get('b')]).toEqual(['first', 'second']);
    clock.advance(0.001);
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, 'second']);
  });

  it('gives none from a time that has not come yet: the clock was set back', () => {
    const { clock, cache, at } = open();
    cache.set('a', 'first', { at, validUntil: at + 1000 });
    clock.advance(-0.001);
    expect(cache.get('a')).toBeUndefined();
    clock.advance(0.001);
    expect(cache.get('a')).toBeUndefined();
  });

  it('is bounded, and can be cleared', () => {
    const { cache, at } = open(2);
    for (const name of ['a', 'b', 'c']) cache.set(name, name, { at, validUntil: at + 1000 });
    expect(['a', 'b', 'c'].map((name) => cache.get(name))).toEqual([undefined, 'b', 'c']);
    cache.clear();
    expect(cache.get('c')).toBeUndefined();
  });
});
