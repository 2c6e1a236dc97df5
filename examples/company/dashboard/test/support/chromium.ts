import { existsSync } from 'node:fs';
import { describe } from 'vitest';
import { INSTALL, isInstalled } from '../../../is-installed.js';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where Chromium is: the program that CHROMIUM names, or where packages put it. */
export const CHROMIUM = process.env['CHROMIUM'] || PLACES.find((path) => existsSync(path));

const HAS_DRIVER = existsSync(new URL('../node_modules', import.meta.url));
const LACKS = [
  CHROMIUM === undefined && 'Chromium (or its path in CHROMIUM)',
  !HAS_DRIVER && 'npm ci --prefix examples/company/dashboard/test',
  !isInstalled() && INSTALL,
].filter((one) => one !== false);
const IS_SKIPPED = LACKS.length > 0 && process.env['CI'] !== 'true';

/** Like `describe`. Skipped visibly where something is missing, but never in CI. */
export function describeInBrowser(name: string, declare: () => void): void {
  const note = IS_SKIPPED ? `: skipped, needs ${LACKS.join(', ')}` : '';
  describe.skipIf(IS_SKIPPED)(name + note, declare);
}
