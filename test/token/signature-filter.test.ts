import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/platform/digest.js';
import { SignatureFilter } from '../../src/token/signature-filter.js';

/** Ends as signatures have them. */
const tokens = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `a.b.${digestOf(`${from + i}`)}`);

describe('KnownTails', () => {
  it('never takes a token of the set for a stranger, whatever comes and goes', () => {
    const end = fc.string({ unit: fc.constantFrom(...'abcé.'), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(fc.record({ end, isLeaving: fc.boolean() }), { maxLength: 60 }), (events) => {
        const tails = new SignatureFilter();
        const inside: { readonly token: string; readonly slot: number }[] = [];
        for (const { end: token, isLeaving } of events) {
          const left = isLeaving ? inside.shift() : undefined;
          if (left === undefined) inside.push({ token, slot: tails.add(token) });
          else tails.delete(left.slot);
          expect(inside.every((known) => tails.mightContain(known.token))).toBe(true);
        }
      }),
      { seed: 7515 },
    );
  });

  it('never does so when more tokens of one end leave than it can count', () => {
    const tails = new SignatureFilter();
    const slots = Array.from({ length: 1000 }, (_, i) => tails.add(`${i}.end..`));
    for (const slot of slots.slice(1)) tails.delete(slot);
    expect(tails.mightContain('0.end..')).toBe(true);
  });

  it('takes few strangers for tokens of a full default cache, and none once it is empty', () => {
    const tails = new SignatureFilter();
    const strangers = tokens(10_000, 10_000);
    expect(strangers.some((token) => tails.mightContain(token))).toBe(false);
    const slots = tokens(10_000).map((token) => tails.add(token));
    const taken = strangers.filter((token) => tails.mightContain(token)).length;
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(1250);
    for (const slot of slots) tails.delete(slot);
    expect(strangers.some((token) => tails.mightContain(token))).toBe(false);
  });
});
