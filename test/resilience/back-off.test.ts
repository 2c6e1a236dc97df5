import { afterEach, describe, expect, it, vi } from 'vitest';
import { BackOff } from '../../src/resilience/back-off.js';
import { TestClock } from '../../src/testing/test-clock.js';

/** Draws the shortest or the longest wait there can be. */
const drawing = (random: number) => vi.spyOn(Math, 'random').mockReturnValue(random);

afterEach(() => {
  vi.restoreAllMocks();
});

function open() {
  const clock = new TestClock(1_800_000_000_000);
  return { clock, backOff: new BackOff(clock.now) };
}

describe('BackOff', () => {
  it('lets the first attempt start at once', () => {
    const { backOff } = open();
    expect(backOff.remainingSeconds()).toBe(0);
    expect(backOff.failures).toBe(0);
  });

  it('waits a second after the first failure, doubled each time, a minute at most', () => {
    drawing(1);
    const { clock, backOff } = open();
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60, 60]) {
      backOff.fail();
      expect(backOff.remainingSeconds()).toBe(seconds);
      clock.advance(seconds);
      expect(backOff.remainingSeconds()).toBe(0);
    }
    expect(backOff.failures).toBe(9);
  });

  it('waits as its limits say', () => {
    drawing(0);
    const clock = new TestClock(1_800_000_000_000);
    const backOff = new BackOff(clock.now, { firstSeconds: 5, maxSeconds: 5, jitter: 0 });
    for (let i = 0; i < 3; i += 1) {
      backOff.fail();
      expect(backOff.remainingSeconds()).toBe(5);
    }
    clock.advance(-0.001);
    expect(backOff.remainingSeconds()).toBe(0);
  });

  it('draws each wait from the upper half of its interval', () => {
    drawing(0);
    const { backOff } = open();
    for (const seconds of [0.5, 1, 2, 4, 8, 16, 30, 30]) {
      backOff.fail();
      expect(backOff.remainingSeconds()).toBe(seconds);
    }
  });

  it('draws waits that differ', () => {
    const waits = Array.from({ length: 50 }, () => {
      const { backOff } = open();
      backOff.fail();
      return backOff.remainingSeconds();
    });
    expect(new Set(waits).size).toBeGreaterThan(1);
  });

  it('stays at a minute after thousands of failures', () => {
    drawing(1);
    const { backOff } = open();
    for (let i = 0; i < 5000; i += 1) backOff.fail();
    expect(backOff.remainingSeconds()).toBe(60);
  });

  it('counts the wait down, never below nought', () => {
    drawing(1);
    const { clock, backOff } = open();
    backOff.fail();
    backOff.fail();
    clock.advance(0.5);
    expect(backOff.remainingSeconds()).toBe(1.5);
    clock.advance(100);
    expect(backOff.remainingSeconds()).toBe(0);
  });

  it('begins anew after a success', () => {
    drawing(1);
    const { backOff } = open();
    for (let i = 0; i < 5; i += 1) backOff.fail();
    backOff.reset();
    expect([backOff.failures, backOff.remainingSeconds()]).toEqual([0, 0]);
    backOff.fail();
    expect(backOff.remainingSeconds()).toBe(1);
  });

  it('waits no longer than a minute, and not at all after a leap, when the clock was set back', () => {
    drawing(1);
    const { clock, backOff } = open();
    for (let i = 0; i < 6; i += 1) backOff.fail();
    clock.advance(-28);
    expect(backOff.remainingSeconds()).toBe(60);
    clock.advance(-1);
    expect(backOff.remainingSeconds()).toBe(0);
  });

  it('waits less while it is told so, from the failure on, with the same share of it drawn', () => {
    drawing(0.5);
    const { clock, backOff } = open();
    expect(backOff.remainingSeconds(5)).toBe(0);
    for (let i = 0; i < 7; i += 1) backOff.fail();
    expect([backOff.remainingSeconds(), backOff.remainingSeconds(5)]).toEqual([45, 3.75]);
    clock.advance(3.75);
    expect([backOff.remainingSeconds(), backOff.remainingSeconds(5)]).toEqual([41.25, 0]);
    backOff.reset();
    expect(backOff.remainingSeconds()).toBe(0);
  });
});
