import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkIsBuilt, PACKAGE } from '../support/built-package.js';
import { CodeProject } from '../support/code-project.js';
import { readDocExamples } from '../support/doc-examples.js';

/** What users call. An editor shows the example of each. */
const CALLED = [
  'createVerifier',
  'Verifier.verify',
  'Verifier.authenticate',
  'Verifier.ready',
  'Verifier.userInfo',
  'Verifier.snapshot',
  'createGuard',
  'OptionalGuard',
  'PublicGuard',
  'authOf',
  'listGuards',
  'allOf',
  'anyOf',
  'claim',
  'createScopeRecorder',
  'createFetchGuard',
  'createFastifyGuard',
  'scopegatePlugin',
  'createKoaGuard',
  'createNestGuard',
  'accessTokenSignal',
  'createTestIssuer',
];

const sources = readdirSync(join(PACKAGE, 'src'), { recursive: true, encoding: 'utf8' })
  .map((path) => `src/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.ts'));
// Their frameworks are not installed here. test/adapters compiles the programs of docs/frameworks.md, which say the same.
const NEEDS_FRAMEWORK = /^src\/adapters\/(?:fastify|koa|nest)\//;
const examples = sources.flatMap((path) => readDocExamples(path, readFileSync(join(PACKAGE, path), 'utf8')));

/** The presets that the package exports. */
function readPresets(): readonly string[] {
  const index = readFileSync(join(PACKAGE, 'src/presets/index.ts'), 'utf8');
  return [...index.matchAll(/\b([a-z]\w*) \} from/g)].map(([, name = '']) => name);
}

describe('the examples in doc comments', () => {
  let project: CodeProject;

  beforeAll(() => {
    checkIsBuilt();
    project = new CodeProject();
  });
  afterAll(() => project.remove());

  it('are there for all that users call', () => {
    const presets = readPresets();
    expect(presets.length).toBeGreaterThan(5);
    expect(examples.map(({ of }) => of)).toEqual(expect.arrayContaining([...CALLED, ...presets]));
  });

  it('compile in a project of a user', { timeout: 60_000 }, async () => {
    const blocks = examples.map(({ block }) => block).filter(({ document }) => !NEEDS_FRAMEWORK.test(document));
    expect(await project.check(blocks)).toBe('');
  });

  it('do not compile where they call something wrong', { timeout: 60_000 }, async () => {
    const [{ block }] = examples.filter(({ of }) => of === 'Verifier.verify') as [(typeof examples)[number]];
    const wrong = { ...block, fileName: 'wrong.ts', code: block.code.replace('verify(', 'verifi(') };
    expect(await project.check([wrong])).toMatch(/wrong\.ts\(1,\d+\): error TS2551: Property 'verifi' does not exist/);
  });
});

describe('the search for examples', () => {
  const source = (comment: string) =>
    `/** A. */\nconst a = 1;\n\n/**\n * Makes b.\n${comment} */\nexport function makeB() {}\n`;
  const example = ' * @example\n * ```ts\n * makeB();\n *\n * makeB();\n * ```\n';

  it('gives the code, where it stands, and what it is about', () => {
    expect(readDocExamples('src/b.ts', source(example))).toEqual([
      { of: 'makeB', block: expect.objectContaining({ line: 8, code: 'makeB();\n\nmakeB();\n' }) },
    ]);
  });

  it('names the interface of a method', () => {
    const method = `export interface B {\n  /**\n${example.replace(/^/gm, '  ').trimEnd()}\n   */\n  make(): void;\n}\n`;
    expect(readDocExamples('src/b.ts', method).map(({ of }) => of)).toEqual(['B.make']);
  });

  it.each([
    ['has no fence', ' * @example makeB();\n'],
    ['has a fence in another language', example.replace('```ts', '```js')],
    ['is one of two in a comment', `${example}${example}`],
  ])('refuses one that %s', (_, comment) => {
    expect(() => readDocExamples('src/b.ts', source(comment))).toThrow('src/b.ts');
  });
});
