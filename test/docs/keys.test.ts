import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE } from '../support/built-package.js';

const read = (path: string) => readFileSync(join(PACKAGE, path), 'utf8');
const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name).sort();

describe('docs/keys.md', () => {
  it('has a row for each diagnostics channel', () => {
    const channels = namesIn(read('src/platform/diagnostics.ts'), /^ {2}'(scopegate:[\w-]+)': \{/gm);
    expect(channels.length).toBeGreaterThan(5);
    expect(namesIn(read('docs/keys.md'), /^\| `(scopegate:[\w-]+)` \|/gm)).toEqual(channels);
  });

  it('says how long a slice of an import is', () => {
    const [slice] = namesIn(read('src/platform/time-slices.ts'), /^const MAX_SLICE_MS = (\d+);$/gm);
    expect(namesIn(read('docs/keys.md'), /imported in slices of (\d+) ms/g)).toEqual([slice]);
  });
});
