import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkIsBuilt } from '../support/built-package.js';
import { createTempProject } from '../support/temp-project.js';
import { type Compilation, compile } from '../support/tsc.js';

const TYPES = fileURLToPath(new URL('./', import.meta.url));
const FOLDER = 'must-not-compile';
const PACKAGES = ['jose', 'lru-cache', '@types', 'express', 'zod'];
const TIMEOUT = 120_000;

const DIRECTIVE = /^ *\/\/ @ts-expect-error (.*) \(([^()]*(?:\([^()]*\))?[^()]*)\)$/;

/** A line that the compiler has to refuse, and some of what it has to say of it. */
interface WrongLine {
  readonly mistake: string;
  readonly words: string;
  readonly file: string;
  readonly line: number;
}

const files = readdirSync(join(TYPES, FOLDER)).filter((file) => file.endsWith('.ts'));
const wrongLines = files.flatMap(findWrongLines);

/** Every directive stands above the line that it is about, and names words of the diagnostic in parentheses. */
function findWrongLines(file: string): readonly WrongLine[] {
  const lines = readFileSync(join(TYPES, FOLDER, file), 'utf8').split('\n');
  return lines.flatMap((text, index) => {
    if (!text.includes('@ts-expect-error')) return [];
    const [, mistake, words] = DIRECTIVE.exec(text) ?? [];
    if (mistake === undefined || words === undefined) throw new Error(`${file}:${index + 1} does not say why`);
    return [{ mistake, words, file, line: index + 2 }];
  });
}

/** Compiles the files with their directives taken away, so that the compiler says what it has against them. */
async function compileWithoutDirectives(): Promise<Compilation> {
  const project = await createTempProject(TYPES, ['tsconfig.base.json', 'type-of.ts', FOLDER], PACKAGES);
  try {
    for (const file of files) {
      const path = join(project.path, FOLDER, file);
      await writeFile(path, (await readFile(path, 'utf8')).replaceAll('@ts-expect-error', 'wrong:'));
    }
    // types.test.ts checks the declarations of the packages.
    return await compile(join(project.path, FOLDER, 'tsconfig.json'), '--skipLibCheck');
  } finally {
    await project.remove();
  }
}

describe('does not compile', () => {
  let compilation: Compilation;

  beforeAll(async () => {
    checkIsBuilt();
    compilation = await compileWithoutDirectives();
  }, TIMEOUT);

  it.each(wrongLines.map((wrong) => [wrong.mistake, wrong] as const))('%s', (_, { file, line, words }) => {
    const found = compilation.diagnostics.filter((diagnostic) => diagnostic.file === file && diagnostic.line === line);
    expect(found.map(({ message }) => message)).toEqual([expect.stringContaining(words)]);
  });

  it('nothing else in these files, so that the mistake is what makes the difference', () => {
    const isWrong = (file: string, line: number) =>
      wrongLines.some((wrong) => wrong.file === file && wrong.line === line);
    expect(compilation.diagnostics.filter(({ file, line }) => !isWrong(file, line))).toEqual([]);
    expect(wrongLines.length).toBeGreaterThan(70);
  });
});
