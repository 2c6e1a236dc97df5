import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PROJECT, type Program, startProgram, startVitest } from '../support/child-program.js';
import { THOROUGH } from '../support/thorough.js';

const EXAMPLES = join(PROJECT, 'examples');
const FOLDERS = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const WITHOUT_OUTAGES = ['KEYS', 'INTROSPECTION', 'SECRET']
  .flatMap((what) => [`SCOPEGATE_${what}_UNAVAILABLE`, `SCOPEGATE_${what}_AVAILABLE`])
  .map((code) => `--disable-warning=${code}`)
  .join(' ');

/** An example is a main.ts that checks itself, or a folder of tests. Any other folder is one that nobody runs. */
function startExample(folder: string): Program {
  const path = join(EXAMPLES, folder);
  // `--once` is for those that stay up otherwise.
  if (existsSync(join(path, 'main.ts'))) {
    // Those that show an outage warn of it, as they should.
    const env = { PORT: '0', NODE_OPTIONS: WITHOUT_OUTAGES };
    return startProgram(join(path, 'main.ts'), { args: ['--once'], env });
  }
  if (existsSync(join(path, 'test'))) return startVitest(path);
  throw new Error(`examples/${folder} has neither a main.ts nor a test folder`);
}

// What an example needs that `npm ci` does not bring. moto is a Python package.
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  'aws-secrets-manager': [
    ...(isCommand('moto_server') ? [] : ['moto_server on PATH']),
    ...(existsSync(join(EXAMPLES, 'aws-secrets-manager/aws/node_modules'))
      ? []
      : ['npm ci --prefix examples/aws-secrets-manager/aws']),
  ],
  company: existsSync(join(EXAMPLES, 'company/database/node_modules'))
    ? []
    : ['npm ci --prefix examples/company/database'],
};

function isCommand(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

/** The one that `npm test` runs. */
const SMALL_RUN = 'typed-claims';

describe('examples/', () => {
  it('has one folder a use case, and no program beside them', () => {
    expect(readdirSync(EXAMPLES).filter((name) => !FOLDERS.includes(name) && name !== 'README.md')).toEqual([]);
    expect(FOLDERS).toEqual(
      expect.arrayContaining([
        'aws-secrets-manager',
        'company',
        'migration',
        'quickstart',
        'server-sent-events',
        'testing',
        'typed-claims',
        'websocket',
      ]),
    );
  });

  describe.each(FOLDERS)('%s', (folder) => {
    const missing = NEEDS[folder] ?? [];
    const skipped = missing.length === 0 ? '' : `: skipped, needs ${missing.join(' and ')}`;

    it.skipIf(missing.length > 0 || !(THOROUGH || folder === SMALL_RUN))(
      `runs, and finds every answer as expected${skipped}`,
      async () => {
        const example = startExample(folder);
        onTestFinished(async () => {
          await example.end('SIGKILL');
        });
        const { code, stdout, stderr } = await example.ended;
        expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
        expect(stdout).not.toBe('');
      },
    );

    it('has a README', () => {
      expect(existsSync(join(EXAMPLES, folder, 'README.md'))).toBe(true);
    });
  });
});
