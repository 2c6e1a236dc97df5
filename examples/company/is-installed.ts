import { existsSync } from 'node:fs';

/** What installs the packages that this example alone needs: those of its database, and of its dashboard. */
export const INSTALL = 'npm run company:install';

/** Tells whether they are there. */
export function isInstalled(): boolean {
  return ['database', 'dashboard'].every((part) => existsSync(new URL(`${part}/node_modules`, import.meta.url)));
}
