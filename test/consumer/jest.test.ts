import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/run.js';
import { type Consumer, installProject } from './install.js';

describe.each(['29', '30'])('Jest %s', (version) => {
  let consumer: Consumer;

  beforeAll(async () => {
    consumer = await installProject(`jest-${version}`);
    await cp(fileURLToPath(new URL('fixtures/jest', import.meta.url)), consumer.path, { recursive: true });
  });

  afterAll(() => consumer?.remove());

  it.each([
    ['with its default settings', 'defaults', 4],
    ['with babel-jest and TypeScript', 'babel', 1],
    ['with ts-jest', 'ts-jest', 1],
  ])('runs tests %s', async (_, folder, tests) => {
    const jest = join(consumer.path, 'node_modules/jest/bin/jest.js');
    const { status, stdout, stderr } = await run(process.execPath, [jest, '--ci', '--json'], {
      cwd: join(consumer.path, folder),
    });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const { numPassedTests, numFailedTests } = JSON.parse(stdout) as Record<string, number>;
    expect({ numPassedTests, numFailedTests }).toEqual({ numPassedTests: tests, numFailedTests: 0 });
    // A process that does not end by itself has a timer or a socket left.
    expect(stderr).not.toMatch(/did not exit|open handle/i);
  });
});
