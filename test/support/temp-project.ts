import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PACKAGE } from './built-package.js';

/** A project in a folder of its own, where no package is found but those that it was given. */
export interface TempProject {
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes a project with the built package, with files copied from a folder, and with packages of this repository. */
export async function createTempProject(
  folder: string,
  files: readonly string[],
  packages: readonly string[],
): Promise<TempProject> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'scopegate-')));
  await writeFile(join(path, 'package.json'), '{ "type": "module" }\n');
  for (const file of files) await cp(join(folder, file), join(path, file), { recursive: true });
  for (const part of ['dist', 'package.json']) {
    await cp(join(PACKAGE, part), join(path, 'node_modules/scopegate', part), { recursive: true });
  }
  for (const name of packages) {
    const link = join(path, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(PACKAGE, 'node_modules', name), link, 'junction');
  }
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
