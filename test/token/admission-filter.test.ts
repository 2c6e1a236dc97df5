import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/platform/digest.js';
import { AdmissionFilter } from '../../src/token/admission-filter.js';

/** Ends as signatures have them. */
const tokens = (count: number) => Array.from({ length: count }, (_, i) => `a.b.${digestOf(`${i}`)}`);

describe('SeenTokens', () => {
  it('knows a token again', () => {
    const seen = new AdmissionFilter();
    const [a = '', b = ''] = tokens(2);
    expect([a, b, a, b, a].map((token) => seen.admits(token))).toEqual([false, false, true, true, true]);
  });

  it('knows most of a thousand again, and takes none of them for another', () => {
    const seen = new AdmissionFilter();
    expect(tokens(1000).filter((token) => seen.admits(token))).toEqual([]);
    const again = tokens(1000).filter((token) => seen.admits(token)).length;
    // With 16,384 slots, 30 of a thousand are expected to share one with another.
    expect(again).toBeGreaterThan(900);
  });

  it('takes few of a hundred thousand for one that it saw', () => {
    const seen = new AdmissionFilter();
    expect(tokens(100_000).filter((token) => seen.admits(token)).length).toBeLessThan(3);
  });

  it('tells short ones apart, whose characters it has all', () => {
    const seen = new AdmissionFilter();
    const short = ['', 'a', '1---', '2---', '12---', '1234567890---', '1234567892---'];
    expect(
      short.map((token) => seen.admits(token)),
      'the first two look alike',
    ).toEqual([false, true, ...short.slice(2).map(() => false)]);
    expect(short.slice(1).every((token) => seen.admits(token))).toBe(false);
  });
});
