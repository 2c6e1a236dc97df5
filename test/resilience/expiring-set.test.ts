import { describe, expect, it } from 'vitest';
import { ExpiringSet } from '../../src/resilience/expiring-set.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { covers } from '../support/covers.js';

function create(max = 10) {
  const clock = new TestClock(1_800_000_000_000);
  return { clock, names: new ExpiringSet({ max, seconds: 30, clock: clock.now }) };
}

describe('RecentNames', () => {
  it('remembers a name for so many seconds, from when it was added last', () => {
    const { clock, names } = create();
    expect(names.has('a')).toBe(false);
    names.add('a');
    clock.advance(29.999);
    expect(names.has('a')).toBe(true);
    expect(names.has('b')).toBe(false);
    names.add('a');
    clock.advance(29.999);
    expect(names.has('a')).toBe(true);
    clock.advance(0.001);
    expect(names.has('a')).toBe(false);
  });

  it('forgets it when the clock was set back, since nobody knows its age then', () => {
    covers('J19');
    const { clock, names } = create();
    names.add('a');
    expect(names.has('a')).toBe(true);
    clock.advance(-0.001);
    expect(names.has('a')).toBe(false);
  });

  it('remembers no more names than it may', () => {
    covers('H27');
    const { names } = create(2);
    for (const name of ['a', 'b', 'c']) names.add(name);
    expect(['a', 'b', 'c'].map((name) => names.has(name))).toEqual([false, true, true]);
  });
});
