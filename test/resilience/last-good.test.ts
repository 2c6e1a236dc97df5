import { describe, expect, it } from 'vitest';
import { type Dated, LastGood } from '../../src/resilience/last-good.js';
import { TestClock } from '../../src/testing/test-clock.js';

function open() {
  const clock = new TestClock(1_800_000_000_000);
  const shelf = new LastGood<Dated & { readonly name: string }>(clock.now);
  const put = (name = 'first') => shelf.store({ name, fetchedAt: clock.now(), maxAgeSeconds: 100, usableSeconds: 150 });
  const ageSeconds = () => {
    const held = shelf.last;
    return held && shelf.ageSeconds();
  };
  return { clock, shelf, put, ageSeconds };
}

describe('Shelf', () => {
  it('is empty at first', () => {
    const { shelf } = open();
    expect([shelf.last, shelf.current(), shelf.isFresh()]).toEqual([undefined, undefined, false]);
  });

  it('gives what is fresh, then what is usable, then none; the last one stays known', () => {
    const { clock, shelf, put } = open();
    put();
    const seen = () => [shelf.isFresh(), shelf.current()?.name === 'first', shelf.last?.name === 'first'];
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

  it('holds what was put last', () => {
    const { clock, shelf, put } = open();
    put();
    clock.advance(1000);
    put('second');
    expect(shelf.current()?.name).toBe('second');
  });

  it('takes it for due when the clock was set back behind it, and bounds its use from then on', () => {
    const { clock, shelf, put, ageSeconds } = open();
    put();
    clock.advance(-1_000_000);
    expect([shelf.isFresh(), shelf.current()?.name]).toEqual([false, 'first']);
    expect(ageSeconds()).toBe(100);
    clock.advance(49.999);
    expect(shelf.current()?.name).toBe('first');
    clock.advance(0.001);
    expect(shelf.current()).toBe(undefined);
  });

  it('counts its age by a clock that was set back, but not behind it, as that clock says', () => {
    const { clock, put, ageSeconds } = open();
    put();
    clock.advance(90);
    clock.advance(-50);
    expect(ageSeconds()).toBe(40);
  });
});
