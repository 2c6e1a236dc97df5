import { describe, expect, it } from 'vitest';
import { SeenDigests } from '../../src/token/seen-digests.js';
import { digestOf } from '../../src/token/verified-token-cache.js';

const digests = (count: number, from = 0) => Array.from({ length: count }, (_, i) => digestOf(`token ${from + i}`));

describe('SeenDigests', () => {
  it('knows a digest again', () => {
    const seen = new SeenDigests();
    const [a = '', b = ''] = digests(2);
    expect([a, b, a, b, a].map((digest) => seen.note(digest))).toEqual([false, false, true, true, true]);
  });

  it('knows most of a thousand again, and takes none of them for another', () => {
    const seen = new SeenDigests();
    expect(digests(1000).filter((digest) => seen.note(digest))).toEqual([]);
    const again = digests(1000).filter((digest) => seen.note(digest)).length;
    // With 16,384 slots, 30 of a thousand are expected to share one with another.
    expect(again).toBeGreaterThan(900);
  });

  it('takes few of a hundred thousand for one that it saw', () => {
    const seen = new SeenDigests();
    expect(digests(100_000).filter((digest) => seen.note(digest)).length).toBeLessThan(3);
  });
});
