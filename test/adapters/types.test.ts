import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkIsBuilt } from '../support/built-package.js';
import { compile } from '../support/tsc.js';

const FRAMEWORKS = fileURLToPath(new URL('node_modules', import.meta.url));
const IS_SKIPPED = !existsSync(FRAMEWORKS) && process.env['CI'] === undefined;
const TSCONFIG = fileURLToPath(new URL('types/tsconfig.json', import.meta.url));

describe.skipIf(IS_SKIPPED)('the types of the adapters', () => {
  it('give guarded handlers a typed access token, with the types of each framework', { timeout: 120_000 }, async () => {
    await checkIsBuilt();
    const { diagnostics, files } = await compile(TSCONFIG);
    expect(diagnostics).toEqual([]);
    for (const name of ['fastify', '@types/koa', 'hono']) {
      expect(files.filter((file) => file.includes(`/test/adapters/node_modules/${name}/`))).not.toEqual([]);
    }
  });
});
