import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CodeProject } from './code-project.js';
import { type CodeBlock, readMarkdownCode } from './markdown-code.js';
import { thorough } from './thorough.js';

function fence(language: string, code: string, marks = '```'): string {
  return `${marks}${language}\n${code}\n${marks}\n`;
}

function read(text: string): readonly CodeBlock[] {
  const { blocks, problems } = readMarkdownCode('docs/page.md', text);
  expect(problems).toEqual([]);
  return blocks;
}

describe('the reader of code in documents', () => {
  it.each(['run', 'check', 'fragment'])('reads a block to %s, with its place', (treatment) => {
    const text = `# Title\n\n<!-- test: ${treatment} -->\n${fence('ts', 'one();\n\ntwo();')}`;
    expect(read(text)).toEqual([
      {
        document: 'docs/page.md',
        line: 5,
        language: 'ts',
        treatment,
        fileName: 'line-5.ts',
        code: 'one();\n\ntwo();\n',
      },
    ]);
  });

  it('reads a block that has a name', () => {
    const text = `<!-- test: check as app.ts -->\n\n${fence('ts', 'one();')}`;
    expect(read(text)).toMatchObject([{ treatment: 'check', fileName: 'app.ts' }]);
  });

  it('reads a block within a list, and one with other marks', () => {
    const listed = '- item\n  <!-- test: check -->\n  ```ts\n  if (one)\n    two();\n  ```\n';
    const other = `<!-- test: check -->\n${fence('js', '```', '~~~~')}`;
    expect(read(listed + other)).toMatchObject([{ code: 'if (one)\n  two();\n' }, { code: '```\n', language: 'js' }]);
  });

  it('passes over what is no code', () => {
    expect(read(fence('sh', 'npm install scopegate') + fence('', 'a --> b'))).toEqual([]);
  });

  it.each([
    ['a block without a comment', fence('ts', 'one();'), 'page.md:1 wants a comment'],
    ['a comment that is misspelt', `<!-- test: chek -->\n${fence('ts', 'one();')}`, 'page.md:2 wants a comment'],
    ['a name that is no file', `<!-- test: check as ../x.ts -->\n${fence('ts', '')}`, 'page.md:2 wants a comment'],
    [
      'a comment that text parts from its block',
      `<!-- test: run -->\ntext\n${fence('ts', '')}`,
      'page.md:1 is a test comment',
    ],
    ['a comment at the end', 'text\n<!-- test: run -->\n', 'page.md:2 is a test comment'],
    ['another name for TypeScript', fence('typescript', "import 'scopegate';"), 'page.md:1 is code'],
    ['code without a language', fence('', "import { claim } from 'scopegate';"), 'page.md:1 is code'],
    ['a comment before another language', `<!-- test: run -->\n${fence('json', '{}')}`, 'page.md:2 has a test comment'],
    ['a fence without an end', '```sh\nnpm test\n', 'page.md:1 is a fence that is never closed'],
  ])('finds a problem in %s', (_, text, problem) => {
    expect(readMarkdownCode('page.md', text).problems[0]).toContain(problem);
  });
});

const WRONG: readonly [what: string, treatment: string, language: string, code: string, error: string][] = [
  ['a wrong type', 'check', 'ts', "const count: number = 'one';", 'docs/page.md/line-3.ts(1,7): error TS2322'],
  ['a wrong option', 'fragment', 'ts', "\ncreateGuard(verifier, { aud: 'a' });", 'docs/page.md/line-3.ts(2,'],
  ['a claim that the schema lacks', 'fragment', 'ts', 'guard((req) => req.auth.claims.tenant.x);', 'TS2339'],
  ['a name that it does not import', 'check', 'ts', 'createGuard();', 'TS2304'],
  ['a wrong type in JavaScript', 'fragment', 'js', 'verifier.verify(1);', 'docs/page.md/line-3.js(1,'],
];

const GOOD: readonly [what: string, treatment: string, language: string, code: string][] = [
  ['declares a name again', 'fragment', 'ts', 'const verifier = createVerifier({ issuer: token, audience: token });'],
  [
    'imports and destructures names',
    'fragment',
    'ts',
    "import { createVerifier } from 'scopegate';\nconst { guard } = { guard: createVerifier };\nguard;",
  ],
  ['uses types', 'fragment', 'ts', '(error: AuthorizationError, req: Request<{ id: string }>) => req.params.id;'],
  ['is JavaScript', 'fragment', 'js', "app.get('/orders', guard('orders:read'), (req, res) => res.json({}));"],
];

describe('the project of a user, for code in documents', () => {
  let project: CodeProject;
  beforeAll(() => {
    project = new CodeProject();
  });
  afterAll(() => project.remove());

  async function check(...[treatment, language, code]: readonly [string, string, string]): Promise<string> {
    return project.check(read(`<!-- test: ${treatment} -->\n${fence(language, code)}`));
  }

  it.each(thorough(WRONG, WRONG.slice(0, 1)))('finds %s', async (_, treatment, language, code, error) => {
    expect(await check(treatment, language, code)).toContain(error);
  });

  it.each(thorough(GOOD, GOOD.slice(0, 1)))('accepts a fragment that %s', async (_, ...block) => {
    expect(await check(...block)).toBe('');
  });

  it('lets blocks of one document import each other, and keeps what one adds to types from the others', async () => {
    const app = `<!-- test: check as app.ts -->\n${fence('ts', 'export const port = 3000;')}`;
    const main = `<!-- test: check -->\n${fence('ts', "import { port } from './app.js';\nport.toFixed();")}`;
    const global = `<!-- test: check -->\n${fence('ts', "import 'scopegate/global';")}`;
    const user = `<!-- test: fragment -->\n${fence('ts', "app.get('/', (req) => {\n  // @ts-expect-error: no guard is here\n  req.auth;\n});")}`;
    expect(await project.check(read(app + main + global + user))).toBe('');
  });
});
