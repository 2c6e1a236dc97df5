import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE } from '../support/built-package.js';

const { findDeadLinks, findMissingFields, findUnreleased } = (await import(
  join(PACKAGE, 'scripts/release-problems.mjs')
)) as {
  findMissingFields(manifest: object): readonly string[];
  findUnreleased(version: string, changelog: string): readonly string[];
  findDeadLinks(files: readonly string[], read: (path: string) => string): readonly string[];
};

const read = (path: string) => readFileSync(join(PACKAGE, path), 'utf8');

/** The pages that are packed, by what package.json says. */
function packedFiles(): readonly string[] {
  const { files } = JSON.parse(read('package.json')) as { readonly files: readonly string[] };
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: PACKAGE });
  const always = ['README.md', 'LICENSE', 'package.json'];
  const isPacked = (path: string) => [...files, ...always].some((file) => path === file || path.startsWith(`${file}/`));
  return tracked.toString().split('\n').filter(isPacked);
}

describe('the links of the package', () => {
  it('lead to files that are in it, and to their headings', () => {
    const files = packedFiles();
    expect(files).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'docs/options.md', 'docs/keys.md']));
    expect(findDeadLinks(files, read)).toEqual([]);
  });

  const pages: Readonly<Record<string, string>> = {
    'README.md': '[a](docs/a.md) [b](docs/a.md#the-api) [c](#here)\n\n## Here\n',
    'docs/a.md': '# The `API`\n\n```md\n[no link](nowhere.md)\n```\n[d](../README.md) [e](https://docs.test/a.md)\n',
  };

  it.each<[what: string, changes: Readonly<Record<string, string>>, found: readonly string[]]>([
    ['none', {}, []],
    [
      'to a file that is not packed',
      { 'docs/a.md': '# The API\n[x](../src/x.ts)' },
      ['docs/a.md links to src/x.ts, which is not packed'],
    ],
    ['to no heading', { 'docs/a.md': '# Another' }, ['README.md links to docs/a.md#the-api, which is no heading']],
    [
      'to a heading of its own that is none',
      { 'README.md': '[c](#here)' },
      ['README.md links to README.md#here, which is no heading'],
    ],
  ])('are dead: %s', (_, changes, found) => {
    const changed = { ...pages, ...changes };
    expect(findDeadLinks(Object.keys(changed), (path) => changed[path] as string)).toEqual(found);
  });
});

describe('npm run release-check', () => {
  const manifest = {
    repository: { type: 'git', url: 'git+https://git.scopegate.dev/scopegate.git' },
    homepage: 'https://scopegate.dev',
    bugs: { url: 'https://git.scopegate.dev/scopegate/issues' },
    author: 'the scopegate authors',
  };

  it('asks for what package.json does not say, and takes no example for it', () => {
    expect(findMissingFields(manifest)).toEqual([]);
    for (const field of Object.keys(manifest)) {
      expect(findMissingFields({ ...manifest, [field]: undefined })).toEqual([expect.stringContaining(`no ${field}`)]);
      const made = { url: 'https://scopegate.example.com' };
      expect(findMissingFields({ ...manifest, [field]: made })).toEqual([expect.stringContaining('is an example')]);
      expect(findMissingFields({ ...manifest, [field]: '' })).toEqual([`package.json: ${field} is empty`]);
    }
  });

  it('asks for the date of the version in CHANGELOG.md', () => {
    expect(findUnreleased('1.2.3', '# Changelog\n\n## 1.2.3 (2026-12-24)\n\n## 1.2.2 (2026-12-01)\n')).toEqual([]);
    for (const heading of ['1.2.3 (unreleased)', '1.2.2 (2026-12-01)', '1.2.30 (2026-12-24)', 'Unreleased']) {
      expect(findUnreleased('1.2.3', `# Changelog\n\n## ${heading}\n`)).toEqual([expect.stringContaining(heading)]);
    }
    expect(findUnreleased('1.2.3', '')).toHaveLength(1);
  });
});
