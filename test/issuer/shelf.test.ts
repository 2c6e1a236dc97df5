import { describe, expect, it } from 'vitest';
import { type Aged, Shelf } from '../../src/issuer/shelf.js';
import { TestClock } from '../../src/testing/test-clock.js';

function open() {
  const clock = new TestClock(1_800_000_000_000);
  const shelf = new Shelf<Aged & { readonly name: string }>(clock.now);
  const put = (name = 'first') => shelf.put({ name, at: clock.now(), freshForSeconds: 100, usableForSeconds: 150 });
  const ageSeconds = () => {
    const held = shelf.last;
    return held && shelf.ageSeconds();
  };
  return { clock, shelf, put, ageSeconds };
}

describe('Shelf', () => {
  it('is empty at first', () => {
    const { shelf } = open();
    expect([shelf.last, shelf.usable(), shelf.isFresh()]).toEqual([undefined, undefined, false]);
  });

  it('gives what is fresh, then what is usable, then none; the last one stays known', () => {
    const { clock, shelf, put } = open();
    put();
    const seen = () => [shelf.isFresh(), shelf.usable()?.name === 'first', shelf.last?.name === 'first'];
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
    expect(shelf.usable()?.name).toBe('second');
  });

  it('takes it for due when the clock was set back behind it, and bounds its use from then on', () => {
    const { clock, shelf, put, ageSeconds } = open();
    put();
    clock.advance(-1_000_000);
    expect([shelf.isFresh(), shelf.usable()?.name]).toEqual([false, 'first']);
    expect(ageSeconds()).toBe(100);
    clock.advance(49.999);
    expect(shelf.usable()?.name).toBe('first');
    clock.advance(0.001);
    expect(shelf.usable()).toBe(undefined);
  });

  it('counts its age by a clock that was set back, but not behind it, as that clock says', () => {
    const { clock, put, ageSeconds } = open();
    put();
    clock.advance(90);
    clock.advance(-50);
    expect(ageSeconds()).toBe(40);
  });
});
