import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createBlocks, fillBlocks } from '../../bench/draw/markdown.js';
import { readResults } from '../../bench/lib/result-file.js';
import { TARGETS } from '../../bench/targets.js';

const all = readResults(false);
const parts = all.flatMap((results) =>
  Object.entries(results.parts).map(([name, part]) => [`${name} on Node ${results.major}`, part] as const),
);

describe('bench/results', () => {
  it.each(parts)('%s: holds tables, targets and spreads, and no samples', (_, part) => {
    expect(Object.keys(part).sort()).toEqual(
      ['command', 'date', 'environment', 'seconds', 'spreads', 'tables', 'targets'].sort(),
    );
    for (const spread of part.spreads) {
      expect(Object.keys(spread)).toEqual(['what', 'unit', 'rounds', 'least', 'median', 'most']);
      expect(spread.least).toBeLessThanOrEqual(spread.median);
      expect(spread.median).toBeLessThanOrEqual(spread.most);
    }
  });

  it('names targets that bench/targets.ts lists, and leaves none of them out', () => {
    const named = new Set(parts.flatMap(([, part]) => part.targets.map(({ target }) => target)));
    expect([...named].sort()).toEqual(Object.keys(TARGETS).sort());
  });
});

describe('docs/performance.md', () => {
  it('shows what bench/results says', () => {
    const page = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8');
    expect(fillBlocks(page, createBlocks(all))).toEqual({ text: page, unknown: [] });
  });
});

describe('bench/README.md', () => {
  it('lists every target with its limit and unit', () => {
    const readme = readFileSync(new URL('../../bench/README.md', import.meta.url), 'utf8');
    for (const [name, { bound, limit, unit }] of Object.entries(TARGETS)) {
      const shown = limit.toLocaleString('en-US', { maximumFractionDigits: 2 });
      expect(readme).toContain(`| \`${name}\` | ${bound} ${shown} ${unit} |`);
    }
  });
});
