import { describe, expect, it } from 'vitest';
import { type Dated, LastGood } from '../../src/resilience/last-good.js';
import { TestClock } from '../../src/testing/test-clock.js';

function open() {
  const clock = new TestClock(1_800_000_000_000);
  const lastGood = new LastGood<Dated & { readonly name: string }>(clock.now);
  const store = (name = 'first') =>
    lastGood.store({ name, fetchedAt: clock.now(), maxAgeSeconds: 100, staleIfErrorSeconds: 50 });
  const ageSeconds = () => {
    const held = lastGood.last;
    return held && lastGood.ageSeconds();
  };
  return { clock, lastGood, store, ageSeconds };
}

describe('LastGood', () => {
  it('is empty at first', () => {
    const { lastGood } = open();
    expect([lastGood.last, lastGood.current(), lastGood.isFresh()]).toEqual([undefined, undefined, false]);
    expect(lastGood.ageSeconds()).toBe(Number.POSITIVE_INFINITY);
  });

  it('gives what is fresh, then what is usable, then none; the last one stays known', () => {
    const { clock, lastGood, store } = open();
    store();
    const seen = () => [lastGood.isFresh(), lastGood.current()?.name === 'first', lastGood.last?.name === 'first'];
    expect(seen()).toEqual([true, true, true]);
    clock.advance(99.999);
    expect(seen()).toEqual([true, true, true]);
    clock.advance(0.001);
    expect(seen()).toEqual([false, true, true]);
    clock.advance(49.999);
    expect(seen()).toEqual([false, true, true]);
    clock.advance(0.001);
    expect(seen()).toEqual([false, false, true]);
  });

  it('holds what was store last', () => {
    const { clock, lastGood, store } = open();
    store();
    clock.advance(1000);
    store('second');
    expect(lastGood.current()?.name).toBe('second');
  });

  it('takes it for due when the clock was set back behind it, and bounds its use from then on', () => {
    const { clock, lastGood, store, ageSeconds } = open();
    store();
    clock.advance(-1_000_000);
    expect([lastGood.isFresh(), lastGood.current()?.name]).toEqual([false, 'first']);
    expect(ageSeconds()).toBe(100);
    clock.advance(49.999);
    expect(lastGood.current()?.name).toBe('first');
    clock.advance(0.001);
    expect(lastGood.current()).toBe(undefined);
  });

  it('counts its age by a clock that was set back, but not behind it, as that clock says', () => {
    const { clock, store, ageSeconds } = open();
    store();
    clock.advance(90);
    clock.advance(-50);
    expect(ageSeconds()).toBe(40);
  });
});
