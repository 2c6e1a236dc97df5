import { beforeEach, describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/resilience/token-bucket.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { covers } from '../support/covers.js';

describe('TokenBucket', () => {
  let clock: TestClock;
  let bucket: TokenBucket;

  beforeEach(() => {
    clock = new TestClock(1_800_000_000_000);
    bucket = new TokenBucket({ burst: 3, everySeconds: 30, clock: clock.now });
  });

  /** Takes until there is none left, and gives how many there were. */
  function takeAll(): number {
    let taken = 0;
    while (bucket.take()) taken += 1;
    return taken;
  }

  it('allows the burst at once, and nothing more', () => {
    covers('H15');
    expect([bucket.take(), bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, true, false]);
  });

  it('allows one more for every interval that has passed', () => {
    covers('H15');
    takeAll();
    clock.advance(29.999);
    expect(takeAll()).toBe(0);
    clock.advance(0.001);
    expect(takeAll()).toBe(1);
    clock.advance(60);
    expect(takeAll()).toBe(2);
  });

  it('RFC 9110 §10.2.3: says for how long there will be none', () => {
    bucket.take();
    expect(bucket.secondsUntilNext).toBe(0);
    takeAll();
    clock.advance(12);
    expect(bucket.secondsUntilNext).toBe(18);
    clock.advance(18);
    expect(bucket.secondsUntilNext).toBe(0);
  });

  it('keeps the part of an interval that has passed', () => {
    takeAll();
    clock.advance(45);
    expect(takeAll()).toBe(1);
    clock.advance(15);
    expect(takeAll()).toBe(1);
  });

  it('never holds more than the burst, however long nobody asks', () => {
    covers('H15');
    clock.advance(365 * 86_400);
    expect(takeAll()).toBe(3);
  });

  it('gains nothing from a clock that was set back, and fills on from there', () => {
    covers('J19');
    takeAll();
    clock.advance(-3600);
    expect(takeAll()).toBe(0);
    clock.advance(30);
    expect(takeAll()).toBe(1);
  });

  it('gains no more than the burst from a clock that was set forward', () => {
    covers('J19');
    takeAll();
    clock.advance(3600);
    expect(takeAll()).toBe(3);
    expect(takeAll()).toBe(0);
  });
});
