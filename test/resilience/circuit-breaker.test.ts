import { beforeEach, describe, expect, it } from 'vitest';
import { CircuitBreaker, type Source } from '../../src/resilience/circuit-breaker.js';
import { TestClock } from '../../src/testing/test-clock.js';

let clock: TestClock;
let breaker: CircuitBreaker;

beforeEach(() => {
  clock = new TestClock(1_800_000_000_000);
  breaker = new CircuitBreaker(clock.now);
});

/** Sends a request that fails after some seconds. */
function fail(source: Source, seconds = 0): void {
  const attempt = breaker.start(source);
  clock.advance(seconds);
  breaker.failed(attempt);
  breaker.end(attempt);
}

describe('CircuitBreaker', () => {
  it('holds nothing back before a failure', () => {
    breaker.start('a');
    expect([breaker.retryAfterSeconds('a'), breaker.retryAfterSeconds(undefined)]).toEqual([0, 0]);
  });

  it('lets one request at a time try after the first failure, at once', () => {
    fail('a');
    expect(breaker.retryAfterSeconds('a')).toBe(0);
    const attempt = breaker.start('a');
    expect(breaker.retryAfterSeconds('a')).toBe(1);
    breaker.end(attempt);
    expect(breaker.retryAfterSeconds('a')).toBe(0);
  });

  it('waits from the second failure in a row on: up to one second, doubled, five at most', () => {
    fail('a');
    for (const longest of [1, 2, 4, 5, 5]) {
      fail('a');
      const seconds = breaker.retryAfterSeconds('a');
      expect(seconds).toBeGreaterThanOrEqual(longest / 2);
      expect(seconds).toBeLessThanOrEqual(longest);
      clock.advance(seconds);
      expect(breaker.retryAfterSeconds('a')).toBeCloseTo(0, 3);
    }
  });

  it('has the true wait ready as soon as an attempt failed', () => {
    fail('a');
    breaker.failed(breaker.start('a'));
    const seconds = breaker.retryAfterSeconds('a');
    clock.advance(seconds - 0.001);
    expect(breaker.retryAfterSeconds('a')).toBeGreaterThan(0);
    clock.advance(0.002);
    expect(breaker.retryAfterSeconds('a')).toBe(0);
  });

  it('counts waits from the start of the attempt, so that one that hung need not be waited for twice', () => {
    fail('a');
    for (let i = 0; i < 5; i += 1) fail('a', 5);
    expect(breaker.retryAfterSeconds('a')).toBe(0);
  });

  it('counts the failures of requests that were under way together as one', () => {
    const attempts = Array.from({ length: 100 }, () => breaker.start('a'));
    for (const attempt of attempts) breaker.failed(attempt);
    expect(breaker.retryAfterSeconds('a')).toBe(0);
    fail('a');
    expect(breaker.retryAfterSeconds('a')).toBeGreaterThan(0);
    expect(breaker.retryAfterSeconds('a')).toBeLessThanOrEqual(1);
  });

  it('holds one or two sources back for themselves alone, and three for all', () => {
    for (const source of ['a', 'a', 'a', undefined]) fail(source);
    expect(breaker.retryAfterSeconds('a')).toBeGreaterThan(0);
    expect(breaker.retryAfterSeconds(undefined)).toBeGreaterThan(0);
    expect(breaker.retryAfterSeconds('good')).toBe(0);
    fail('c');
    expect(breaker.retryAfterSeconds('good')).toBeGreaterThan(0);
  });

  it('takes the sources of requests that failed together into account', () => {
    const attempts = ['a', 'b', 'c'].map((source) => breaker.start(source));
    for (const attempt of attempts) breaker.failed(attempt);
    const attempt = breaker.start('good');
    expect(breaker.retryAfterSeconds('other')).toBe(1);
    breaker.end(attempt);
    expect(breaker.retryAfterSeconds('other')).toBe(0);
  });

  it('ends with any answer', () => {
    for (const source of ['a', 'b', 'c', 'd']) fail(source);
    expect(breaker.retryAfterSeconds('a')).toBeGreaterThan(0);
    breaker.answered();
    expect(breaker.retryAfterSeconds('a')).toBe(0);
    clock.advance(1);
    fail('a');
    expect(breaker.retryAfterSeconds('a')).toBe(0);
  });

  it('does not count a failure while others are answered, or were within the last second', () => {
    const hung = breaker.start('a');
    clock.advance(4);
    breaker.answered();
    clock.advance(1);
    breaker.failed(hung);
    clock.advance(-0.001);
    fail('a');
    fail('a');
    expect(breaker.retryAfterSeconds('a')).toBe(0);

    clock.advance(0.001);
    fail('a');
    fail('a');
    expect(breaker.retryAfterSeconds('a')).toBeGreaterThan(0);
  });

  it('counts failures though the clock was set back behind the last answer', () => {
    breaker.answered();
    clock.advance(-3600);
    fail('a');
    fail('a');
    expect(breaker.retryAfterSeconds('a')).toBeGreaterThan(0);
  });
});
