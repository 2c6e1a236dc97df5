import { existsSync } from 'node:fs';

/** What installs the database, which the other examples do not need. */
export const INSTALL = 'npm ci --prefix examples/company/database';

/** Tells whether the packages of this folder are there. */
export function isInstalled(): boolean {
  return existsSync(new URL('node_modules', import.meta.url));
}
