import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { checkIsBuilt, PACKAGE } from '../support/built-package.js';
import { run } from '../support/run.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The packed package, as it would be published. */
    readonly tarball: string;
  }
}

/** Packs the package once for all tests. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  checkIsBuilt();
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-pack-'));
  const { status, stderr } = await run('npm', ['pack', '--pack-destination', folder], { cwd: PACKAGE });
  const [tarball] = await readdir(folder);
  if (status !== 0 || tarball === undefined) throw new Error(`npm pack failed: ${stderr}`);
  project.provide('tarball', join(folder, tarball));
  return () => rm(folder, { recursive: true, force: true });
}
