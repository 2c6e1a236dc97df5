import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const VITE = fileURLToPath(new URL('node_modules/vite/bin/vite.js', import.meta.url));

/** Builds the pages of the dashboard into a folder, which is emptied before. */
export async function buildDashboard(into: string): Promise<void> {
  const args = [VITE, 'build', '--outDir', into, '--emptyOutDir', '--logLevel', 'warn'];
  const child = spawn(process.execPath, args, { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'] });
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`the dashboard cannot be built: vite ended with status ${status}`);
}
