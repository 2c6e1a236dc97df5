import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createTestIssuer } from '../../src/testing/index.js';
import { checkIsBuilt } from '../support/built-package.js';
import { PROJECT, runCommand, startProgram } from '../support/child-program.js';
import { type CodeBlock, readMarkdownCode } from '../support/markdown-code.js';
import { clientFor } from './recipe-clients.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const IS_SKIPPED = !existsSync(join(HERE, 'node_modules')) && process.env['CI'] === undefined;
const DOCUMENT = 'docs/frameworks.md';
const { blocks } = readMarkdownCode(DOCUMENT, readFileSync(join(PROJECT, DOCUMENT), 'utf8'));
const PROGRAMS = blocks.filter(({ treatment }) => treatment === 'framework');
const AUDIENCE = 'https://orders.example.com';

// Tells the port of every server that listens, whatever framework it belongs to.
const TELL_PORT = `
import { Server } from 'node:net';
const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  return listen.apply(this.once('listening', () => console.log('port ' + this.address().port)), args);
};
`;

const SETTINGS = {
  extends: join(PROJECT, 'test/types/tsconfig.base.json'),
  compilerOptions: { preserveSymlinks: true, skipLibCheck: true, experimentalDecorators: true },
  include: ['*.ts'],
};

let folder: string;
beforeAll(async () => {
  await checkIsBuilt();
  // Beside the frameworks, so that the programs find them.
  mkdirSync(join(HERE, '.scratch'), { recursive: true });
  folder = mkdtempSync(join(HERE, '.scratch/docs-'));
  writeFileSync(join(folder, 'tell-port.mjs'), TELL_PORT);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(SETTINGS));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(IS_SKIPPED)('the programs of docs/frameworks.md', () => {
  // The declarations of the frameworks themselves are not for us to check.
  it('compile with the types of their frameworks', { timeout: 60_000 }, async () => {
    for (const { fileName, code } of PROGRAMS) writeFileSync(join(folder, fileName), code);
    const tsc = join(PROJECT, 'node_modules/typescript/bin/tsc');
    const { stdout } = await runCommand(process.execPath, [tsc, '-p', '.'], { cwd: folder });
    expect(stdout).toBe('');
  });

  it.each(PROGRAMS)('$fileName lets a good token through, and answers others as docs/http.md says', async (block) => {
    const issuer = await createTestIssuer({ network: true, audience: AUDIENCE });
    onTestFinished(() => issuer.close());
    const origin = await start(block, issuer.issuer);
    const ask = clientFor(block.fileName);

    const good = await ask(origin, await issuer.token({ scope: 'orders:read', subject: 'alice' }));
    expect([good.status, good.challenge ?? null, good.reader]).toEqual([200, null, 'alice']);

    const missing = await ask(origin);
    expect([missing.status, missing.reader]).toEqual([401, undefined]);
    const insufficient = await ask(origin, await issuer.token({ scope: 'orders:write' }));
    expect([insufficient.status, insufficient.reader]).toEqual([403, undefined]);

    if (missing.challenge === undefined) return;
    expect(missing.challenge).toBe(`Bearer realm="${AUDIENCE}"`);
    expect(insufficient.challenge).toMatch(/^Bearer .*error="insufficient_scope".*scope="orders:read"/);
  });
});

/** Starts a program with another issuer and another port than it says. */
async function start({ fileName, code }: CodeBlock, issuer: string): Promise<string> {
  const trusted = code.replace(
    "issuer: 'https://login.example.com'",
    `issuer: '${issuer}', dangerouslyAllowInsecureHttp: true`,
  );
  const file = join(folder, `run-${fileName}`);
  writeFileSync(file, trusted.replace('3000', '0'));
  const env = {
    NODE_OPTIONS: `--import=${join(folder, 'tell-port.mjs')}`,
    TSX_TSCONFIG_PATH: join(folder, 'tsconfig.json'),
  };
  const program = startProgram(file, { env });
  onTestFinished(async () => {
    await program.end('SIGKILL');
  });
  const [, port] = /^port (\d+)$/m.exec(await program.untilItSays(/^port \d+$/m)) ?? [];
  return `http://localhost:${port}`;
}
