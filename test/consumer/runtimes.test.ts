import { readFileSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE } from '../support/built-package.js';
import { run } from '../support/run.js';
import { type Consumer, installProject } from './install.js';

interface Runtime {
  /** The folder of the packages that hold its binaries, one for each kind of machine. */
  readonly scope: string;
  readonly binary: string;
  readonly args: readonly string[];
}

const RUNTIMES: Readonly<Record<string, Runtime>> = {
  Bun: { scope: '@oven', binary: 'bin/bun', args: ['--bun'] },
  Deno: { scope: '@deno', binary: 'deno', args: ['run', '--allow-all'] },
};

const FIXTURES = ['runtimes/quickstart.mjs', 'javascript/verify.mjs', 'javascript/verify.cjs'];

let consumer: Consumer;

beforeAll(async () => {
  consumer = await installProject('runtimes');
  for (const fixture of FIXTURES) {
    const name = fixture.slice(fixture.indexOf('/') + 1);
    await cp(fileURLToPath(new URL(`fixtures/${fixture}`, import.meta.url)), join(consumer.path, name));
  }
});

afterAll(() => consumer?.remove());

async function binaryOf({ scope, binary }: Runtime): Promise<string> {
  const folder = join(consumer.path, 'node_modules', scope);
  const [machine] = await readdir(folder);
  return join(folder, machine as string, binary);
}

describe.each(Object.entries(RUNTIMES))('%s', (name, runtime) => {
  async function runJson(file: string): Promise<unknown> {
    const { status, stdout, stderr } = await run(await binaryOf(runtime), [...runtime.args, file], {
      cwd: consumer.path,
    });
    if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
    return JSON.parse(stdout);
  }

  it('runs the API of the quickstart, and the process ends by itself', async () => {
    const challenge = 'Bearer realm="https://api.test"';
    const invalid = expect.stringMatching(/^Bearer realm="https:\/\/api\.test", error="invalid_token"/);
    const insufficient = expect.stringMatching(/error="insufficient_scope", .*scope="orders:read"$/);
    const accepted = { status: 200, challenge: null, body: { subject: 'test-user', scopes: ['orders:read'] } };
    expect(await runJson('quickstart.mjs')).toEqual({
      good: accepted,
      again: accepted,
      missing: { status: 401, challenge, body: {} },
      foreign: { status: 401, challenge: invalid, body: expect.objectContaining({ error: 'invalid_token' }) },
      lacking: { status: 403, challenge: insufficient, body: expect.objectContaining({ error: 'insufficient_scope' }) },
      request: 'test-user',
      preset: 'https://tenant.eu.auth0.com/',
      down: { status: 503, reason: 'metadata_unavailable' },
    });
  });

  it('loads the package by import and by require', async () => {
    const good = { subject: 'test-user', scopes: ['orders:read'] };
    const foreign = { status: 401, reason: 'audience_mismatch' };
    expect(await runJson('verify.mjs')).toEqual({ good, foreign });
    const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string };
    const ofRequire = { version, good, foreign: { ...foreign, isAuthorizationError: true } };
    expect(await runJson('verify.cjs')).toEqual(ofRequire);
  });

  it("answers by the HTTP contract's table, and verifies by every algorithm that it has", async () => {
    const vitest = join(PACKAGE, 'node_modules/vitest/vitest.mjs');
    const args = [...runtime.args, vitest, 'run', '--config', 'test/runtimes/vitest.config.ts'];
    const { status, stdout, stderr } = await run(await binaryOf(runtime), args, {
      cwd: PACKAGE,
      env: { SCOPEGATE_TEST_RUNTIME: name.toLowerCase() },
    });
    const text = stripVTControlCharacters(stdout);
    expect(status, text + stderr).toBe(0);
    expect(text).not.toMatch(/\d failed/);
    expect(Number(/Tests +(\d+) passed/.exec(text)?.[1])).toBeGreaterThan(200);
  });
});
