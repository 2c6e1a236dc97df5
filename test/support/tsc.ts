import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { run } from './run.js';

const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

export interface Diagnostic {
  /** Relative to the folder of the project; empty for what concerns no file. */
  readonly file: string;
  readonly line: number;
  /** The whole text, with the lines that explain it. */
  readonly message: string;
}

export interface Compilation {
  readonly status: number | null;
  readonly diagnostics: readonly Diagnostic[];
  /** The files that were compiled, declarations of packages included. */
  readonly files: readonly string[];
}

/**
 * What makes a run of the compiler cheap: one thread, since several check the same declarations again, and no garbage
 * collection, since it ends before that is worth it.
 */
export const CHEAP_TSC = { args: [TSC, '--singleThreaded'], env: { GOGC: 'off' } } as const;

/** Runs the compiler on a project, as its user would. */
export async function compile(tsconfig: string, ...args: readonly string[]): Promise<Compilation> {
  const options = [...CHEAP_TSC.args, '-p', tsconfig, '--pretty', 'false', '--listFiles', ...args];
  const { env } = CHEAP_TSC;
  const { status, stdout, stderr } = await run(process.execPath, options, { cwd: dirname(tsconfig), env });
  const lines = `${stdout}${stderr}`.split(/\r?\n/);
  return { status, diagnostics: parseDiagnostics(lines), files: lines.filter((line) => /^(?:[A-Z]:)?\//.test(line)) };
}

function parseDiagnostics(lines: readonly string[]): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const line of lines) {
    const head = /^(?:(?<file>.+)\((?<line>\d+),\d+\): )?error (?<message>TS\d+: .*)$/.exec(line)?.groups;
    const last = diagnostics.at(-1);
    if (head !== undefined) {
      diagnostics.push({ file: head['file'] ?? '', line: Number(head['line'] ?? 0), message: head['message'] ?? '' });
    } else if (last !== undefined && line.startsWith(' ')) {
      diagnostics[diagnostics.length - 1] = { ...last, message: `${last.message}\n${line}` };
    }
  }
  return diagnostics;
}
