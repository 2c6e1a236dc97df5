import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { REFUSALS } from '../../src/index.js';
import { createTestIssuer, type TestIssuer, type TestTokenOptions } from '../../src/testing/index.js';
import { PROJECT, startProgram } from '../support/child-program.js';
import { CodeProject } from '../support/code-project.js';
import { type CodeBlock, readMarkdownCode } from '../support/markdown-code.js';
import { thorough } from '../support/thorough.js';
import { parseWwwAuthenticate } from '../support/www-authenticate.js';

// The rules for documents are at the top of test/support/markdown-code.ts.
const DOCUMENTS = [
  'README.md',
  ...readdirSync(join(PROJECT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const READ = DOCUMENTS.map((name) => readMarkdownCode(name, readFileSync(join(PROJECT, name), 'utf8')));
const BLOCKS = READ.flatMap(({ blocks }) => blocks.filter(({ treatment }) => treatment !== 'framework'));
const PROGRAMS = BLOCKS.filter(({ treatment }) => treatment === 'run');

let project: CodeProject;
beforeAll(() => {
  project = new CodeProject();
});
afterAll(() => project.remove());

describe('the code in README.md and docs/', () => {
  it('says how it is tested, all of it', () => {
    expect(READ.flatMap(({ problems }) => problems)).toEqual([]);
  });

  it('begins with a program that runs', () => {
    expect(BLOCKS[0]).toMatchObject({ document: 'README.md', treatment: 'run' });
  });

  it('compiles in a project of a user', { timeout: 60_000 }, async () => {
    expect(await project.check(BLOCKS)).toBe('');
  });
});

describe.each(thorough(PROGRAMS, PROGRAMS.slice(0, 1)))('the program of $document, line $line', (block) => {
  it('lets through a token with the scope of the route, and refuses others by RFC 6750 §3.1', async () => {
    const issuer = await createTestIssuer({ network: true, audience: readAudience(block) });
    onTestFinished(() => issuer.close());
    const origin = await startBlock(block, issuer);
    const routes = readRoutes(block);
    const clientId = /\bclientIds: \['([^']+)'/.exec(block.code)?.[1] ?? 'test-client';
    // An issuer that names no audience is held to its clients.
    const foreign = /\baudience: false/.test(block.code)
      ? ({ token: { clientId: 'other-client' }, reason: 'client_not_allowed' } as const)
      : ({ token: { audience: 'https://other.example.com' }, reason: 'audience_mismatch' } as const);
    expect(routes).not.toEqual([]);

    for (const { method, path, scope } of routes) {
      const send = (authorization?: string) =>
        fetch(origin + path, { method, headers: authorization === undefined ? {} : { authorization } });
      const sendToken = async (token: TestTokenOptions) =>
        send(`Bearer ${await issuer.token({ claims: { tenant: 'acme' }, clientId, ...token })}`);

      expect((await sendToken({ scope })).status).toBe(200);
      expect(await readRefusal(await send())).toEqual({ status: 401 });
      expect(await readRefusal(await sendToken({ scope: `${scope}x` }))).toEqual({
        status: 403,
        error: 'insufficient_scope',
        error_description: REFUSALS.scope_insufficient.description,
        scope,
      });
      expect(await readRefusal(await sendToken({ scope, ...foreign.token }))).toEqual({
        status: 401,
        error: 'invalid_token',
        error_description: REFUSALS[foreign.reason].description,
      });
      expect((await sendToken({ scope })).status).toBe(200);
    }
  });
});

/** Starts a program with another issuer and another port than it says, and gives its origin. */
async function startBlock(block: CodeBlock, { issuer }: TestIssuer): Promise<string> {
  const trusted = replaceIn(
    block.code,
    "issuer: 'https://login.example.com'",
    `issuer: '${issuer}', dangerouslyAllowInsecureHttp: true`,
  );
  const listening = replaceIn(trusted, /\b(\w+)\.listen\(\d+,?/, 'listenOnFreePort($1,');
  const program = startProgram(project.add({ ...block, fileName: `run-${block.fileName}` }, listening + LISTEN));
  onTestFinished(async () => {
    await program.end('SIGKILL');
  });
  const [, port] = LISTENING.exec(await program.untilItSays(LISTENING)) ?? [];
  return `http://127.0.0.1:${port}`;
}

const LISTENING = /^listening on (\d+)$/m;
const LISTEN = `
function listenOnFreePort(app, done = () => {}) {
  const server = app.listen(0, '127.0.0.1', () => {
    console.log('listening on ' + server.address().port);
    done();
  });
  return server;
}
`;

function replaceIn(code: string, what: string | RegExp, by: string): string {
  const replaced = code.replace(what, by);
  if (replaced === code) throw new Error(`there is no ${what} to replace`);
  return replaced;
}

function readAudience({ code }: CodeBlock): string {
  const [, audience] = /\baudience: '([^']+)'/.exec(code) ?? [];
  if (audience === undefined) throw new Error('there is no audience that is a string');
  return audience;
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly scope: string;
}

/** Finds the routes that a scope string guards. */
function readRoutes({ code }: CodeBlock): readonly Route[] {
  const routes = code.matchAll(/\b\w+\.(get|post|put|patch|delete)\(\s*'([^']+)',\s*\w+\(\s*'([^']+)'/g);
  return [...routes].map(([, method = '', path = '', scope = '']) => ({ method: method.toUpperCase(), path, scope }));
}

/** Gives the status and the parameters of the one challenge but realm, which must be there. */
async function readRefusal(response: Response): Promise<Record<string, unknown>> {
  const challenges = parseWwwAuthenticate(response.headers.get('www-authenticate') ?? '');
  expect(challenges).toEqual([{ scheme: 'Bearer', params: expect.objectContaining({ realm: expect.any(String) }) }]);
  const { realm, ...params } = challenges[0]?.params ?? {};
  return { status: response.status, ...params };
}
