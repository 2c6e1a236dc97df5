import { describe, expect, it } from 'vitest';
import { TestClock } from '../../src/testing/test-clock.js';

describe('TestClock', () => {
  it('stands still', () => {
    const { now } = new TestClock(1_800_000_000_000);
    expect([now(), now()]).toEqual([1_800_000_000_000, 1_800_000_000_000]);
  });

  it('moves by seconds, forward and back', () => {
    const clock = new TestClock(0);
    clock.advance(1.5);
    expect(clock.now()).toBe(1500);
    clock.advance(-2);
    expect(clock.now()).toBe(-500);
  });
});
