import { cp, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { PACKAGE } from '../support/built-package.js';
import { run } from '../support/run.js';

const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));
const PROJECTS = fileURLToPath(new URL('projects/', import.meta.url));

/** A project of somebody else that has scopegate from its tarball. */
export interface Consumer {
  readonly path: string;
  /** Runs one of its files and gives the JSON that the file prints. */
  runJson(file: string, args?: readonly string[], input?: string): Promise<unknown>;
  remove(): Promise<void>;
}

/**
 * Installs the tarball into a new project, and packages by the names that this repository has for them:
 * `{ express: 'express4' }` installs Express in the version of `express4`.
 */
export async function installConsumer(
  fixture: string,
  packages: Readonly<Record<string, string>> = {},
): Promise<Consumer> {
  const path = await createFolder();
  await writeFile(join(path, 'package.json'), '{ "name": "consumer", "private": true }\n');
  await cp(join(FIXTURES, fixture), path, { recursive: true });
  const { devDependencies } = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const wanted = [
    inject('tarball'),
    ...Object.entries(packages).map(([name, ours]) => `${name}@${devDependencies[ours]}`),
  ];
  await runNpm(path, 'install', ...wanted);
  return createConsumer(path);
}

/** Copies a project of `projects/`, and installs what its lockfile names and the tarball. */
export async function installProject(project: string): Promise<Consumer> {
  const path = await createFolder();
  const isOwn = (source: string) => !source.includes('node_modules');
  await cp(join(PROJECTS, project), path, { recursive: true, filter: isOwn });
  await runNpm(path, 'ci');
  await runNpm(path, 'install', '--no-save', inject('tarball'));
  return createConsumer(path);
}

async function createFolder(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'scopegate-consumer-')));
}

async function runNpm(path: string, command: string, ...args: readonly string[]): Promise<void> {
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  const { status, stderr } = await run('npm', [command, ...options, ...args], { cwd: path });
  if (status !== 0) throw new Error(`npm ${command} failed: ${stderr}`);
}

function createConsumer(path: string): Consumer {
  return {
    path,
    async runJson(file, options = [], input = '') {
      const result = await run(process.execPath, [file, ...options], { cwd: path, input });
      if (result.status !== 0) throw new Error(`${file} ended with ${result.status}: ${result.stderr}`);
      return JSON.parse(result.stdout);
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
