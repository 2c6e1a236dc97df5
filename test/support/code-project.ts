import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PROJECT, runCommand } from './child-program.js';
import * as fragmentContext from './fragment-context.js';
import type { CodeBlock } from './markdown-code.js';
import { CHEAP_TSC } from './tsc.js';

/** A project of a user of this package, in a folder outside of it, with the code of documents in it. */
export class CodeProject {
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'scopegate-docs-')));

  constructor() {
    this.#write('package.json', JSON.stringify({ type: 'module' }));
    this.#write('fragment-context.ts', readFileSync(join(PROJECT, 'test/support/fragment-context.ts'), 'utf8'));
    for (const name of ['scopegate', '@types', ...dependencies()]) this.#link(name);
  }

  /** Type-checks code with the settings of this package. Gives what the compiler says, nothing when all is well. */
  async check(blocks: readonly CodeBlock[]): Promise<string> {
    const files = blocks.map((block) => ({ block, file: this.add(block) }));
    const together = files.filter(({ block }) => !ADDS_TO_TYPES.test(block.code)).map(({ file }) => file);
    const alone = files.filter(({ block }) => ADDS_TO_TYPES.test(block.code)).map(({ file }) => [file]);
    let said = together.length === 0 ? '' : await this.#compile(together);
    for (const program of alone) said += await this.#compile(program);
    return said;
  }

  /** Writes a block to its file, or other code in its place, and gives the path. */
  add(block: CodeBlock, code = block.code): string {
    const up = block.document.replace(/[^/]+/g, '..');
    // On the same line, so that the compiler counts lines as the document does.
    const context = block.treatment === 'fragment' ? `${importContext(block, `${up}/fragment-context.js`)} ` : '';
    return this.#write(join(block.document, block.fileName), `${context}${code}\nexport {};\n`);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  async #compile(files: readonly string[]): Promise<string> {
    const settings = {
      extends: join(PROJECT, 'tsconfig.json'),
      // A piece of documentation may show what it does not use.
      compilerOptions: { allowJs: true, checkJs: true, noUnusedLocals: false, noUnusedParameters: false },
      files,
      include: [],
    };
    this.#write('tsconfig.json', JSON.stringify(settings));
    const { args, env } = CHEAP_TSC;
    const { code, stdout, stderr } = await runCommand(process.execPath, [...args, '-p', '.'], {
      cwd: this.#folder,
      env,
    });
    return code === 0 ? '' : `${stdout}${stderr}`;
  }

  #write(name: string, text: string): string {
    const path = join(this.#folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  #link(name: string): void {
    const path = join(this.#folder, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(name === 'scopegate' ? PROJECT : join(PROJECT, 'node_modules', name), path, 'dir');
  }
}

const ADDS_TO_TYPES = /\bdeclare\s+(?:module|global)\b|['"]scopegate\/global['"]/;

function dependencies(): readonly string[] {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  return Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !name.startsWith('@types/'));
}

/** Imports what fragment-context.ts offers and a fragment does not bring along. */
function importContext({ code, language }: CodeBlock, path: string): string {
  const values = Object.keys(fragmentContext);
  const types = ['Request', 'Response', ...typesOfScopegate()].map((name) => `type ${name}`);
  const names = [...values, ...(language === 'ts' ? types : [])].filter(
    (name) => !declares(code, name.replace('type ', '')),
  );
  return `import { ${names.join(', ')} } from '${path}';`;
}

function typesOfScopegate(): readonly string[] {
  const declarations = readFileSync(join(PROJECT, 'dist/index.d.ts'), 'utf8');
  const lists = [...declarations.matchAll(/export (type )?\{([^}]*)\}/g)];
  const names = lists.flatMap(([, isType, list = '']) =>
    list.split(',').map((item) => `${isType ?? ''}${item.trim()}`.split(' ')),
  );
  return names.flatMap(([first, name]) => (first === 'type' && name ? [name] : []));
}

function declares(code: string, name: string): boolean {
  const declaration = `\\b(?:const|let|var|function|class|interface|type|enum|import)\\s+${name}\\b`;
  const inBraces = `\\b(?:const|let|var|import)\\s+(?:type\\s+)?(?:\\w+\\s*,\\s*)?\\{[^}]*\\b${name}\\b`;
  return new RegExp(`${declaration}|${inBraces}`).test(code);
}
