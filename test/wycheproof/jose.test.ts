import { describe, expect, it } from 'vitest';
import { describeWycheproof, type GroupedVector, listVectors } from '../support/wycheproof.js';
import { DEVIATIONS, expectedOf, idsOf, type JoseFile, TOTALS } from './expected.js';
import { judgeJws } from './jws-step.js';

const FILES = Object.keys(TOTALS) as JoseFile[];
const AT_START = 'refused at start: ';

describeWycheproof('JWS as they are', () => {
  describe.each(FILES)('%s', (file) => {
    const vectors = listVectors(file);
    // Those for JWE are in jwe.test.ts.
    const rows = vectors
      .filter(({ vector }) => vector.jws !== undefined)
      .map((row) => ({ ...row, expected: expectedOf(file, row) }));

    it('has all of its vectors', () => {
      const count = (result: string) => vectors.filter(({ vector }) => vector.result === result).length;
      expect({ valid: count('valid'), invalid: count('invalid') }).toEqual(TOTALS[file]);
      const jwe = vectors.filter(({ vector }) => vector.jwe !== undefined);
      expect(rows.length + jwe.length).toBe(TOTALS[file].valid + TOTALS[file].invalid);
      expect(jwe).toHaveLength(file === 'json_web_crypto_test' ? 34 : 0);
      expect(new Set(vectors.map(({ vector }) => vector.tcId)).size).toBe(vectors.length);
    });

    it.each(rows)('RFC 7515 §5.2: $vector.tcId $vector.comment ($vector.result): $expected', async (row) => {
      await expectVerdict(row, row.expected);
    });
  });

  it.each(DEVIATIONS)('$file $ids: we say $here, since $why', ({ file, ids, here }) => {
    const rows = listVectors(file).filter(({ vector }) => idsOf(ids).includes(vector.tcId));
    expect(rows).toHaveLength(idsOf(ids).length);
    for (const { vector } of rows) expect(vector.result).toBe(here === 'accepted' ? 'invalid' : 'valid');
  });

  it('367 and 370 are the valid 357, to the byte', () => {
    const tokens = listVectors('json_web_signature_test').filter(({ vector }) => [357, 367, 370].includes(vector.tcId));
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(1);
    expect(tokens).toHaveLength(3);
  });
});

async function expectVerdict({ token, group }: GroupedVector, expected: string): Promise<void> {
  const verdict = await judgeJws(token, group);
  if (!expected.startsWith(AT_START)) return expect(verdict).toBe(expected);
  expect(verdict.startsWith(AT_START)).toBe(true);
  expect(verdict).toContain(expected.slice(AT_START.length));
}
