import { describe, expect, it } from 'vitest';
import { KeyShelf } from '../../src/issuer/held-keys.js';
import { KeySet } from '../../src/issuer/key-set.js';
import { TestClock } from '../../src/testing/test-clock.js';

async function open() {
  const clock = new TestClock(1_800_000_000_000);
  const shelf = new KeyShelf(clock.now);
  const set = await KeySet.import([], clock.now());
  const put = () =>
    shelf.put({ set, at: clock.now(), freshForSeconds: 100, usableForSeconds: 150, version: undefined });
  const ageSeconds = () => {
    const held = shelf.last;
    return held && shelf.ageSeconds();
  };
  return { clock, shelf, set, put, ageSeconds };
}

describe('KeyShelf', () => {
  it('is empty at first', async () => {
    const { shelf } = await open();
    expect([shelf.last, shelf.usable(), shelf.isFresh()]).toEqual([undefined, undefined, false]);
  });

  it('gives a fresh set, then a usable one, then none; the last one stays known', async () => {
    const { clock, shelf, set, put } = await open();
    put();
    const seen = () => [shelf.isFresh(), shelf.usable() === set, shelf.last?.set === set];
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

  it('holds the set that was put last', async () => {
    const { clock, shelf, put } = await open();
    put();
    clock.advance(1000);
    const set = await KeySet.import([], clock.now());
    shelf.put({ set, at: clock.now(), freshForSeconds: 1, usableForSeconds: 2, version: undefined });
    expect(shelf.usable()).toBe(set);
  });

  it('takes a set for due when the clock was set back behind it, and bounds its use from then on', async () => {
    const { clock, shelf, set, put, ageSeconds } = await open();
    put();
    clock.advance(-1_000_000);
    expect([shelf.isFresh(), shelf.usable()]).toEqual([false, set]);
    expect(ageSeconds()).toBe(100);
    clock.advance(49.999);
    expect(shelf.usable()).toBe(set);
    clock.advance(0.001);
    expect(shelf.usable()).toBe(undefined);
  });

  it('counts its age by a clock that was set back, but not behind it, as that clock says', async () => {
    const { clock, put, ageSeconds } = await open();
    put();
    clock.advance(90);
    clock.advance(-50);
    expect(ageSeconds()).toBe(40);
  });
});
