import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE } from '../support/built-package.js';

// The security matrix is written by a program, and CI compares it.
const DOCUMENTS = [
  ...listDocuments('.'),
  ...listDocuments('docs'),
  'src/adapters/README.md',
  'src/integrations/README.md',
];

function listDocuments(folder: string): readonly string[] {
  const names = readdirSync(join(PACKAGE, folder)).filter((name) => name.endsWith('.md'));
  return names.map((name) => join(folder, name)).filter((path) => path !== join('docs', 'security-matrix.md'));
}

/** A path with a slash in it, in code or in a drawing; or the target of a link. */
const CODE = /`([^`\n]+)`/g;
const LINK = /\]\(([^)#\s]+)(?:#[^)]*)?\)/g;
const DRAWN = /(?<![\w./<-])(?:[\w.-]+\/)+[\w.-]+\.(?:ts|md|mjs|json)\b/g;
const PATH = /^(?:[\w.-]+\/)+(?:[\w.-]+\.(?:ts|md|mjs|json))?$|^(?:src|test|docs|bench|examples)(?:\/[\w.-]+)+$/;

/** Finds the paths that a document names and that lead nowhere: from the project, from src, or from the document. */
function findLostPaths(document: string, text: string, exists: (path: string) => boolean): readonly string[] {
  const inCode = [...text.matchAll(CODE)].map(([, code = '']) => code).filter((code) => PATH.test(code));
  const drawn = [...text.matchAll(DRAWN)].map(([path]) => path);
  const linked = [...text.matchAll(LINK)].map(([, target = '']) => target).filter((target) => !target.includes('://'));
  const lost = [...inCode, ...drawn].filter((path) => !exists(path) && !exists(join('src', path)));
  const lostLinks = linked.filter((target) => !exists(join(dirname(document), target)));
  return [...new Set([...lost.filter((path) => !linked.includes(path)), ...lostLinks])];
}

describe('the paths that documents name', () => {
  it.each(DOCUMENTS)('%s: lead to files and folders', (document) => {
    const text = readFileSync(join(PACKAGE, document), 'utf8');
    expect(findLostPaths(document, text, (path) => existsSync(join(PACKAGE, path)))).toEqual([]);
  });

  it.each([
    ['`src/token/a.ts`', ['src/token/a.ts']],
    ['`token/a.ts`', ['token/a.ts']],
    ['`token/`', ['token/']],
    ['  token/a.ts  ──►', ['token/a.ts']],
    ['[the page](../token/a.md#part)', ['../token/a.md']],
    ['`npm run a`, `401/403`, `./presets`, [a page](https://docs.test/a.md), `<name>/a.ts`', []],
  ])('are found, and lost where there is no such file: %s', (text, lost) => {
    expect(findLostPaths('docs/page.md', text, () => false)).toEqual(lost);
    expect(findLostPaths('docs/page.md', text, () => true)).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  const documented = readFileSync(join(PACKAGE, 'docs/architecture.md'), 'utf8');
  const tested = readFileSync(join(PACKAGE, 'test/architecture.test.ts'), 'utf8');

  it('says which folder may import which as the test of the layers does', () => {
    const [, table = ''] = /const MAY_IMPORT: MayImport = \{\n([\s\S]*?)^\};$/m.exec(tested) ?? [];
    const inTest = [...table.matchAll(/^ {2}'?([\w/]+)'?: \[([^\]]*)\]/gm)].map(([, folder = '', list = '']) => [
      folder,
      [...list.matchAll(/'([\w/]+)'/g)].map(([, name]) => name),
    ]);
    const inDocs = [...documented.matchAll(/^\| `([\w/]+?)\/?` \| .+ \| ([\w/, ]+) \|$/gm)].map(
      ([, folder = '', list = '']) => [folder, list === 'nothing' ? [] : list.split(', ')],
    );
    expect(inTest.length).toBeGreaterThan(10);
    expect(Object.fromEntries(inDocs)).toEqual(Object.fromEntries(inTest));
  });
});
