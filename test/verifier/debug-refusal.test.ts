import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { covers } from '../support/covers.js';

const PROGRAM = `
import { createTestIssuer } from './src/testing/index.ts';
import { createGuard, createVerifier } from './src/index.ts';
const issuer = await createTestIssuer();
const verifier = createVerifier(issuer.verifierOptions);
const middleware = createGuard(verifier)('orders:read');
const token = await issuer.token({ scope: 'read' });
const ask = (method, url, headers) => new Promise((resolve) => {
  const res = { setHeader() {}, getHeader() {}, end: resolve };
  middleware({ method, url, headers }, res, resolve);
});
await ask('GET', '/orders?access_token=' + token, { authorization: 'Bearer ' + token });
await ask('GET', '/orders', { authorization: 'Bearer ' + token });
await ask('POST', '/a\\nb', {});
await verifier.verify('x'.repeat(30)).catch(() => {});
console.log(token);
verifier.close();
await issuer.close();
`;

async function run(nodeDebug: string): Promise<{ readonly lines: readonly string[]; readonly token: string }> {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM];
  const env = { ...process.env, NODE_DEBUG: nodeDebug };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
  const lines = stderr.split('\n').filter((line) => line.startsWith('SCOPEGATE '));
  return { lines: lines.map((line) => line.replace(/^SCOPEGATE \d+: /, '')), token: stdout.trim() };
}

describe('NODE_DEBUG=scopegate', () => {
  it('prints a line for each refusal, and nothing of a token', { timeout: 30_000 }, async () => {
    covers('F14');
    const { lines, token } = await run('scopegate');
    expect(lines).toEqual([
      'GET /orders 400 multiple_tokens: 2 tokens in header, query',
      'GET /orders 403 scope_insufficient: lacks orders:read; "read" was granted',
      'POST "/a\\nb" 401 token_missing: no Authorization header',
      '- - 401 token_opaque: there is no dot in it',
    ]);
    for (const segment of token.split('.')) expect(lines.join('\n')).not.toContain(segment);
    expect((await run('http')).lines).toEqual([]);
  });
});
