import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formatTable } from '../../examples/quickstart/table.js';
import { type Program, runCommand, startProgram } from '../support/child-program.js';
import { listen } from '../support/listen.js';
import { THOROUGH } from '../support/thorough.js';
import { fetchCurlLine, type ShellVariables } from './curl-line.js';

const HAS_CURL = spawnSync('curl', ['--version']).status === 0;
const MAIN = 'examples/quickstart/main.ts';

const ROWS = [
  ['GET', 'no token', '401', 'token_missing', 'Bearer'],
  ['GET', 'scope orders:read', '200', '-', '-'],
  ['POST', 'scope orders:read', '403', 'scope_insufficient', 'Bearer error="insufficient_scope", scope="orders:write"'],
  ['POST', 'scope orders:write', '201', '-', '-'],
  ['GET', 'for another audience', '401', 'audience_mismatch', 'Bearer error="invalid_token"'],
  ['GET', 'expired', '401', 'token_expired', 'Bearer error="invalid_token"'],
  ['POST', 'tampered: scope added', '401', 'signature_invalid', 'Bearer error="invalid_token"'],
  ['GET', 'opaque: no API named', '401', 'token_opaque', 'Bearer error="invalid_token"'],
  ['GET', 'Basic scheme', '401', 'token_missing', 'Bearer'],
  ['GET', 'two words after Bearer', '400', 'bearer_malformed', 'Bearer error="invalid_request"'],
  ['GET', 'scope orders:read again', '200', '-', '-'],
];

describe('npm run demo -- --once', () => {
  it('ends with status 0 and a table in which every answer is as expected', async () => {
    const { code, stdout, stderr } = await startDemo({ args: ['--once'] }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readTable(stdout)).toEqual(ROWS.map((row) => [...row, 'yes']));
    expect(stdout, 'colours in a pipe').not.toContain('\u001b');
  });

  it.runIf(THOROUGH)('takes a free port where the one that it was given is taken', async () => {
    const other = await listen(createServer());
    onTestFinished(() => other.close());
    const { code, stdout } = await startDemo({ args: ['--once'], port: other.port }).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^API behind scopegate {2}http:\/\/127\.0\.0\.1:\d+$/m);
    expect(stdout).not.toContain(`:${other.port}\n`);
  });
});

describe('the table of the demonstration', () => {
  const expected = { status: 401, reason: 'token_expired', challenge: 'Bearer error="invalid_token"' } as const;
  const call = { name: 'expired', method: 'GET', expected } as const;

  it.each([
    ['another status', { status: 200 }],
    ['another reason', { reason: 'audience_mismatch' }],
    ['no reason', { reason: undefined }],
    ['another challenge', { challenge: 'Bearer' }],
  ] as const)('says NO to %s than expected', (_, difference) => {
    expect(formatTable([{ call, outcome: expected }], false)).toMatch(/ yes$/);
    expect(formatTable([{ call, outcome: { ...expected, ...difference } }], false)).toMatch(/ NO$/);
  });
});

describe.runIf(THOROUGH)('npm run demo', () => {
  it.skipIf(!HAS_CURL)('prints lines for curl that answer what it says, pasted one after the other', async () => {
    const steps = await readSteps(startDemo());
    const { stdout } = await runCommand('sh', ['-c', steps.flatMap(({ lines }) => lines).join('\n')]);
    const statuses = [...stdout.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
    expect(statuses).toEqual([401, 200, 403, 201]);
    expect(steps.map(({ said }) => said)).toEqual(statuses);
  });

  it('prints lines that answer the same without curl', async () => {
    const steps = await readSteps(startDemo());
    const variables: ShellVariables = new Map();
    const statuses: (number | undefined)[] = [];
    for (const { lines } of steps) statuses.push(await fetchStep(lines, variables));
    expect(statuses).toEqual([401, 200, 403, 201]);
    expect(steps.map(({ said }) => said)).toEqual(statuses);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('closes everything on %s, and ends with status 0', async (signal) => {
    const demo = startDemo();
    await readSteps(demo);
    expect(await demo.end(signal)).toMatchObject({ code: 0, signal: null, stderr: '' });
  });
});

interface DemoOptions {
  readonly args?: readonly string[];
  readonly port?: number;
}

function startDemo({ args = [], port = 0 }: DemoOptions = {}): Program {
  const demo = startProgram(MAIN, { args, env: { PORT: String(port) } });
  onTestFinished(async () => {
    await demo.end('SIGKILL');
  });
  return demo;
}

/** Gives the cells of the table, without its heading. */
function readTable(stdout: string): readonly (readonly string[])[] {
  const [, table = ''] = stdout.split('\n\n');
  const lines = table.split('\n').slice(1);
  return lines.map((line) => line.split(/ {2,}/));
}

/** Lines to paste, and the status that they are said to end in. */
interface Step {
  readonly said: number;
  readonly lines: readonly string[];
}

const LAST_STEP = /^ {2}201, .*:\n(?: {4}.+\n){2}/m;
const STEPS = /^ {2}(\d{3}), .*:\n((?: {4}.+\n)+)/gm;

async function readSteps(demo: Program): Promise<readonly Step[]> {
  const stdout = await demo.untilItSays(LAST_STEP);
  return [...stdout.matchAll(STEPS)].map(([, said, block = '']) => ({
    said: Number(said),
    lines: block
      .trimEnd()
      .split('\n')
      .map((line) => line.trim()),
  }));
}

/** Does what a shell would do with the lines of a step, and gives the status of the last answer. */
async function fetchStep(lines: readonly string[], variables: ShellVariables): Promise<number | undefined> {
  let status: number | undefined;
  for (const line of lines) {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    const [, piped] = /^\$\((curl .*) \| sed .*\)$/.exec(value) ?? [];
    const response = name === '' ? await fetchCurlLine(line, variables) : undefined;
    status = response?.status;
    if (piped !== undefined) variables.set(name, await fetchTokenOf(piped, variables));
    else if (name !== '') variables.set(name, value);
  }
  return status;
}

async function fetchTokenOf(line: string, variables: ShellVariables): Promise<string> {
  const response = await fetchCurlLine(line, variables);
  return ((await response.json()) as { access_token: string }).access_token;
}
