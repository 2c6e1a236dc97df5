import { describe, expect, it } from 'vitest';
import { FrequencySketch, hashName } from '../../src/token/frequency-sketch.js';

const nameOf = (number: number) => `${Math.imul(number + 1, 0x9e37_79b1) >>> 0}-${number}`;

function record(sketch: FrequencySketch, name: string, times: number): void {
  for (let time = 0; time < times; time += 1) sketch.record(hashName(name));
}

describe('FrequencySketch', () => {
  it('counts how often a name was seen', () => {
    const sketch = new FrequencySketch(1000);
    expect(sketch.estimate(hashName('a'))).toBe(0);
    record(sketch, 'a', 3);
    record(sketch, 'b', 1);
    expect([sketch.estimate(hashName('a')), sketch.estimate(hashName('b'))]).toEqual([3, 1]);
  });

  it('counts to 15 and no further', () => {
    const sketch = new FrequencySketch(1000);
    record(sketch, 'a', 20);
    expect(sketch.estimate(hashName('a'))).toBe(15);
  });

  it('halves all counts after ten sightings for each entry, so that old ones lose their weight', () => {
    const sketch = new FrequencySketch(10);
    record(sketch, 'a', 99);
    expect(sketch.estimate(hashName('a'))).toBe(15);
    record(sketch, 'b', 1);
    expect([sketch.estimate(hashName('a')), sketch.estimate(hashName('b'))]).toEqual([7, 0]);
  });

  it('seldom counts too many, and never too few', () => {
    const sketch = new FrequencySketch(10_000);
    const names = Array.from({ length: 16_000 }, (_, number) => nameOf(number));
    for (const name of names) record(sketch, name, 2);
    const estimates = names.map((name) => sketch.estimate(hashName(name)));
    expect(estimates.filter((count) => count < 2)).toEqual([]);
    expect(estimates.filter((count) => count > 2).length).toBeLessThan(160);
  });

  it.each(['', 'a', 'ab', 'a name that is longer than what is looked at'])(
    'takes a name of any length: "%s"',
    (name) => {
      const sketch = new FrequencySketch(1);
      record(sketch, name, 2);
      expect(sketch.estimate(hashName(name))).toBe(2);
    },
  );

  it('tells names apart that differ by one character of their end', () => {
    const hashes = new Set(Array.from({ length: 10_000 }, (_, number) => hashName(`x${nameOf(number)}`)));
    expect(hashes.size).toBe(10_000);
  });
});
