import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/run.js';
import { type Consumer, installProject } from './install.js';

let consumer: Consumer;

beforeAll(async () => {
  consumer = await installProject('fetches');
  await cp(fileURLToPath(new URL('fixtures/fetches', import.meta.url)), consumer.path, { recursive: true });
});

afterAll(() => consumer?.remove());

const IMPLEMENTATIONS = ['global', 'undici', 'nodeFetch3', 'nodeFetch2'];

describe('another fetch', () => {
  it('fits by its own types: undici, node-fetch 2 and 3', async () => {
    const compilerOptions = { module: 'nodenext', target: 'es2023', strict: true, types: ['node'], noEmit: true };
    const options = { ...compilerOptions, esModuleInterop: true, skipLibCheck: true };
    const tsconfig = JSON.stringify({ compilerOptions: options, files: ['types.ts'] });
    await writeFile(join(consumer.path, 'tsconfig.json'), tsconfig);
    const compiler = join(consumer.path, 'node_modules/typescript/bin/tsc');
    const { stdout, stderr } = await run(process.execPath, [compiler, '-p', '.'], { cwd: consumer.path });
    expect(stdout + stderr).toBe('');
  });

  it('fetches keys and introspects, within the same limits', async () => {
    const { results, forms } = (await consumer.runJson('real.mjs')) as {
      readonly results: Readonly<Record<string, Readonly<Record<string, string>>>>;
      readonly forms: readonly unknown[];
    };
    expect(Object.keys(results)).toEqual(IMPLEMENTATIONS);
    for (const name of IMPLEMENTATIONS) {
      expect(results[name], name).toEqual({
        jwt: 'test-user',
        '/introspect': 'jane',
        '/large': 'introspection_unavailable: /large answered with more than 2048 bytes',
        '/redirect': 'introspection_unavailable: /redirect answered 302: a redirect, which is not followed',
        '/slow': 'introspection_unavailable: /slow gave no complete answer within 1 s',
      });
    }

    const form = { token: 'opaque-token', token_type_hint: 'access_token' };
    const type = expect.stringMatching(/^application\/x-www-form-urlencoded/);
    expect(forms).toEqual(Array(IMPLEMENTATIONS.length).fill([type, form]));
  });

  it.each(['fake-timers.mjs', 'fake-timers.cjs'])(
    'verifies under fake timers that come after the import: %s',
    async (file) => {
      expect(await consumer.runJson(file)).toEqual({ before: 'test-user', after: 'token_expired', later: 'test-user' });
    },
  );

  it('may be the one of msw, which comes after the import', async () => {
    expect(await consumer.runJson('msw.mjs')).toEqual({
      subject: 'test-user',
      requests: ['/.well-known/openid-configuration', '/jwks'],
    });
  });
});
