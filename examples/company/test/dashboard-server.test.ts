import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeCompany } from '../../../test/support/company-world.js';
import { listen, type TestServer } from '../../../test/support/listen.js';
import { type RawResponse, sendRaw } from '../../../test/support/raw-http.js';
import { DASHBOARD, MANAGER_API, ORDERS_API, SCOPES } from '../company.js';
import { type CalledOrigins, createDashboardServer } from '../dashboard-server.js';

const ORIGINS: CalledOrigins = {
  issuer: 'http://127.0.0.1:4000',
  ordersApi: 'http://127.0.0.1:4001',
  managerServer: 'http://127.0.0.1:4002',
};
const PAGE = '<!doctype html><title>Company dashboard</title>';
const SCRIPT = 'document.title = "started";';
const PAGES = ['/', '/staff', '/report', '/access', '/permissions', '/callback', '/callback?code=1&state=2'];
/** What changes from file to file and from connection to connection. */
const PASSING = ['date', 'etag', 'last-modified', 'connection', 'content-length'];

function policyOf(connect: string): string {
  return [
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'",
    `connect-src ${connect}`,
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "require-trusted-types-for 'script'; trusted-types 'none'",
  ].join('; ');
}

/** On every answer, whatever it is. */
const EVERYWHERE = {
  'content-security-policy': policyOf(`'self' ${Object.values(ORIGINS).join(' ')}`),
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
const OF_PAGES = { 'accept-ranges': 'bytes', 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' };
const OF_ASSETS = {
  'accept-ranges': 'bytes',
  'cache-control': 'public, max-age=31536000, immutable',
  'content-type': 'text/javascript; charset=utf-8',
};

describeCompany('the server of the pages of examples/company', () => {
  let folder: string;
  let server: TestServer;
  let origins: CalledOrigins | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dashboard-server-'));
    const pages = join(folder, 'pages');
    await mkdir(join(pages, 'assets'), { recursive: true });
    await writeFile(join(pages, 'index.html'), PAGE);
    await writeFile(join(pages, 'notes.txt'), 'not for visitors');
    await writeFile(join(pages, 'assets', 'index-1a2b.js'), SCRIPT);
    await writeFile(join(pages, 'assets', '.hidden'), 'not for visitors');
    await writeFile(join(folder, 'secrets.txt'), 'not for visitors');
    server = await listen(createServer(createDashboardServer({ pages, origins: () => origins })));
  });
  beforeEach(() => {
    origins = ORIGINS;
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const send = (target: string, method = 'GET', lines: readonly string[] = []) =>
    sendRaw(server.port, { target, method, lines });

  function headersOf({ headers }: RawResponse): Record<string, string> {
    const kept = [...headers].filter(([name]) => !PASSING.includes(name));
    return Object.fromEntries(kept.map(([name, values]) => [name, values.join(' AND ')]));
  }

  it.each(PAGES)('gives the one page for %s, to be asked for again each time', async (path) => {
    const answer = await send(path);
    expect([answer.status, answer.body]).toEqual([200, PAGE]);
    expect(headersOf(answer)).toEqual({ ...EVERYWHERE, ...OF_PAGES });
    const etag = answer.headers.get('etag')?.[0];
    const again = await send(path, 'GET', [`If-None-Match: ${etag}`]);
    expect([again.status, again.body]).toEqual([304, '']);
    expect(headersOf(again)).toMatchObject({ ...EVERYWHERE, 'cache-control': 'no-cache' });
  });

  it('gives assets for good: their names change with what is in them', async () => {
    const answer = await send('/assets/index-1a2b.js');
    expect([answer.status, answer.body]).toEqual([200, SCRIPT]);
    expect(headersOf(answer)).toEqual({ ...EVERYWHERE, ...OF_ASSETS });
    const gone = await send('/assets/index-0000.js');
    expect(gone.status).toBe(404);
    expect(headersOf(gone)['cache-control'], 'an asset that is not there yet may come').toBeUndefined();
  });

  it('tells the settings to every visitor, and lets nobody keep them', async () => {
    const answer = await send('/settings.json');
    expect(answer.status).toBe(200);
    const ofSettings = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
    expect(headersOf(answer)).toEqual({ ...EVERYWHERE, ...ofSettings });
    expect(JSON.parse(answer.body)).toEqual({
      issuer: ORIGINS.issuer,
      clientId: 'dashboard',
      firstScope: DASHBOARD.scope,
      orders: { origin: ORIGINS.ordersApi, audience: ORDERS_API, scopes: SCOPES[ORDERS_API] },
      manager: { origin: ORIGINS.managerServer, audience: MANAGER_API, scopes: SCOPES[MANAGER_API] },
    });
  });

  it('says 503 and when to ask again while the other servers start, and allows no call to them', async () => {
    origins = undefined;
    const starting = await send('/settings.json');
    expect([starting.status, starting.body]).toEqual([503, '{"error":"starting"}']);
    expect(starting.headers.get('retry-after')).toEqual(['1']);
    expect(starting.headers.get('content-security-policy')).toEqual([policyOf("'self'")]);
    expect([(await send('/')).status, (await send('/assets/index-1a2b.js')).status]).toEqual([200, 200]);
    origins = ORIGINS;
    expect((await send('/settings.json')).status).toBe(200);
  });

  it('answers HEAD as GET, without a body', async () => {
    for (const path of ['/', '/staff', '/settings.json', '/assets/index-1a2b.js', '/nothing']) {
      const [get, head] = [await send(path), await send(path, 'HEAD')];
      expect([head.status, head.body], path).toEqual([get.status, '']);
      expect(headersOf(head), path).toEqual(headersOf(get));
      expect(head.headers.get('content-length'), path).toEqual(get.headers.get('content-length'));
    }
  });

  it.each([
    '/nothing',
    '/index.html',
    '/notes.txt',
    '/secrets.txt',
    '/assets',
    '/assets/',
    '/assets/.hidden',
    '/staff/1',
    '/settings.json/x',
    '/%00',
    '/assets/%00',
    '/%E0%A4%A',
    '/assets/%E0%A4%A',
  ])('has nothing at %s', async (path) => {
    const answer = await send(path);
    expect([answer.status, answer.body]).toEqual([404, 'There is no such page.']);
    const ofText = { 'content-type': 'text/plain; charset=utf-8', vary: 'Accept' };
    expect(headersOf(answer)).toEqual({ ...EVERYWHERE, ...ofText });
  });

  it('shows a person the app where there is no such page, which says so', async () => {
    const answer = await send('/nothing', 'GET', ['Accept: text/html,application/xhtml+xml,*/*;q=0.8']);
    expect([answer.status, answer.body]).toEqual([404, PAGE]);
    expect(headersOf(answer)).toEqual({ ...EVERYWHERE, ...OF_PAGES, vary: 'Accept' });
    const script = await send('/assets/index-0000.js', 'GET', ['Accept: */*']);
    expect([script.status, script.body], 'and no script').toEqual([404, 'There is no such page.']);
  });

  it.each([
    '/assets/../secrets.txt',
    '/assets/../../secrets.txt',
    '/assets/../notes.txt',
    '/assets/%2e%2e/notes.txt',
    '/assets/..%2fnotes.txt',
    '/assets/%2e%2e%2f%2e%2e%2fsecrets.txt',
    '/assets/..%5c..%5csecrets.txt',
    '/assets/....//....//secrets.txt',
    '/assets/index-1a2b.js/../../../secrets.txt',
    '/assets//etc/passwd',
    '/assets/%252e%252e/notes.txt',
    'http://127.0.0.1/assets/../../secrets.txt',
  ])('CWE-22: gives no file outside of the assets for %s', async (path) => {
    const answer = await send(path);
    expect([answer.status, answer.body]).toEqual([404, 'There is no such page.']);
    expect((await send('/assets/index-1a2b.js')).body).toBe(SCRIPT);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('takes no %s', async (method) => {
    for (const path of ['/', '/settings.json', '/assets/index-1a2b.js']) {
      const { status, headers, body } = await send(path, method);
      expect(body).not.toContain(PAGE);
      expect(headers.get('access-control-allow-origin')).toBeUndefined();
      expect(headers.get('content-security-policy')).toEqual([EVERYWHERE['content-security-policy']]);
      expect(status, `${method} ${path}`).toBe(404);
      expect((await send(path)).status, path).toBe(200);
    }
  });

  it('sets no cookie and names no software', async () => {
    for (const path of ['/', '/settings.json', '/assets/index-1a2b.js', '/nothing']) {
      const { headers, text } = await send(path);
      for (const name of ['set-cookie', 'x-powered-by', 'server']) expect(headers.has(name), name).toBe(false);
      expect(text).not.toContain(folder);
    }
  });
});
