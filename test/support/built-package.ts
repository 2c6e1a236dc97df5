import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package. */
export const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

/** Throws unless `dist` was built from `src` as it is now, so that no test judges the build before. */
export function checkIsBuilt(): void {
  const sources = readdirSync(join(PACKAGE, 'src'), { recursive: true, encoding: 'utf8' });
  for (const source of sources.filter((path) => path.endsWith('.ts'))) {
    const written = statSync(join(PACKAGE, 'src', source)).mtimeMs;
    const built = statSync(join(PACKAGE, 'dist', source.replace(/\.ts$/, '.d.ts')), { throwIfNoEntry: false })?.mtimeMs;
    if (built === undefined || built < written) throw new Error(`dist lacks what src/${source} says: npm run build`);
  }
}
