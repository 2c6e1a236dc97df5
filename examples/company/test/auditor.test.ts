import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { createGuard } from 'scopegate';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startProgram } from '../../../test/support/child-program.js';
import {
  type CompanyBrowser,
  CompanyWorld,
  DASHBOARD_ORIGIN,
  describeCompany,
} from '../../../test/support/company-world.js';
import { listen } from '../../../test/support/listen.js';
import { type AuditOptions, runAudit } from '../audit/audit.js';
import { ORDERS_API, PEOPLE } from '../company.js';
import type { Company } from '../company-processes.js';
import { formatGuide } from '../guide.js';

const AUDITOR_PROGRAM = fileURLToPath(new URL('../auditor.ts', import.meta.url));
const DOWN = 'http://127.0.0.1:9';

describeCompany('the auditor of examples/company', () => {
  let world: CompanyWorld;
  beforeAll(async () => {
    world = await CompanyWorld.start();
  });
  afterAll(() => world.close());

  it('shows each person the orders and the staff of their own company', async () => {
    const { outcome } = await audit(asPerson('ada'));
    expect(await outcome).toEqual({
      ended: 'well',
      message: `Orders: 2, 1 open
     1  open           3  tea
     3  cancelled     12  cups

${(await staffOf('acme')).join('\n')}`,
    });
    const { message } = await (await audit(asPerson('cleo'))).outcome;
    expect(message).toBe(`Orders: 1, 1 open
     2  open          40  copper wire

${(await staffOf('globex')).join('\n')}`);
  });

  it('asks for the password once, and then for exactly two scopes, an API at a time (RFC 8707)', async () => {
    const browser = world.openBrowser();
    const { url, outcome } = await audit();
    const login = await browser.open(url);
    expect(login.answer?.text).toContain('<h1>Sign in</h1>');
    const first = await browser.submit(login, answersOf('bo'));
    expect(listWishes(first.answer?.text)).toEqual(['See the orders of your company']);
    const back = await browser.submit(first, { decision: 'allow' });
    const second = await browser.open(await comeBack(back.url));
    expect(second.answer?.text).toContain('You are signed in as Bo Berg.');
    expect(listWishes(second.answer?.text)).toEqual(['See who works at your company']);
    await visit((await browser.submit(second, { decision: 'allow' })).url);
    expect((await outcome).ended).toBe('well');

    const again = await audit();
    const third = await browser.open(again.url);
    expect(third.answer?.text).toContain('asks to go on with what you have allowed before.');
    expect(listWishes(third.answer?.text)).toEqual([]);
    await visit((await browser.submit(third, { decision: 'deny' })).url);
    expect((await again.outcome).ended).toBe('refused');
  });

  it('cannot write, whoever signs in with it', async () => {
    const tokens: string[] = [];
    const { outcome } = await audit(asPerson('ada'), {
      fetch: (url, options) => {
        const authorization = new Headers(options?.headers).get('authorization');
        if (authorization !== null) tokens.push(authorization.replace('Bearer ', ''));
        return fetch(url, options);
      },
    });
    expect((await outcome).ended).toBe('well');
    expect(tokens.map((token) => scopeOf(token)).sort()).toEqual(['orders:read', 'staff:read']);
    const [forOrders = '', forManager = ''] = [...tokens].sort((one) => (scopeOf(one) === 'orders:read' ? -1 : 1));
    const order = { item: 'pens', quantity: 1 };
    const orders = `${world.ordersApi}/orders`;
    expect((await world.call(forOrders, orders)).status).toBe(200);
    expect((await world.call(forOrders, orders, order)).status).toBe(403);
    expect(world.lastReason).toBe('scope_insufficient');
    expect((await world.call(forOrders, `${orders}/1/cancel`, {})).status).toBe(403);
    expect((await world.call(forManager, `${world.managerServer}/staff`)).status).toBe(200);
    expect((await world.call(forManager, `${world.managerServer}/staff/invitations`, { email: 'a@b.co' })).status).toBe(
      403,
    );
    expect(world.lastReason).toBe('scope_insufficient');
  });

  it('does not let text of an order steer the terminal', async () => {
    const ordersApi = await world.startOrdersApi(world.verifier);
    const { access_token: token } = await world.signIn('cleo', { scope: 'orders:write' });
    await world.call(token, `${ordersApi}/orders`, { item: '\u001b[2J\u009b2J\u202egone\r\n', quantity: 1 });
    const { message } = await (await audit(asPerson('cleo'), { ordersApi })).outcome;
    expect(message).toContain('\ufffd[2J\ufffd2J\ufffdgone\ufffd\ufffd\n');
    expect(message).toContain('copper wire');
  });

  describe('the page at the end', () => {
    it('says that it can be closed, under a strict policy, and the listener is gone (RFC 8252 §7.3)', async () => {
      const browser = world.openBrowser();
      const { url, outcome } = await audit();
      const redirectUri = new URL(url).searchParams.get('redirect_uri') ?? '';
      expect(redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
      expect((await fetch(new URL('/favicon.ico', redirectUri))).status).toBe(404);
      expect((await fetch(redirectUri, { method: 'POST' })).status).toBe(404);
      const first = await answerAll(browser, url, 'ada');
      const second = await answerAll(browser, await comeBack(first), 'ada');
      const page = await visit(second);
      expect(page.text).toContain('You can close this page.');
      expect(page.headers.get('content-security-policy')).toBe(
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(page.headers.get('cache-control')).toBe('no-store');
      expect(page.headers.get('referrer-policy')).toBe('no-referrer');
      expect(page.text).not.toMatch(/<script|\son\w+=|\sstyle=|<style|<link/i);
      expect((await outcome).ended).toBe('well');
      await expect(fetch(redirectUri)).rejects.toThrow();
    });

    it('escapes what came with the browser', async () => {
      const error = '<img src=x onerror=alert(1)>';
      const { page, outcome } = await comeBackWith((parameters) => {
        parameters.delete('code');
        parameters.set('error', error);
      });
      expect(await outcome).toMatchObject({ ended: 'refused', message: expect.stringContaining(error) });
      expect(page.text).toContain('&#60;img src=x onerror=alert(1)&#62;');
      expect(page.text).not.toContain('<img');
      expect(page.text).toContain('You can close this page.');
    });
  });

  describe('what can go wrong', () => {
    it.each([
      ['the login is denied', 'login'],
      ['consent for the orders is refused', 'orders'],
      ['consent for the staff is refused', 'staff'],
    ])('RFC 6749 §4.1.2.1: %s', async (_, at) => {
      const browser = world.openBrowser();
      const { url, outcome } = await audit();
      const login = await browser.open(url);
      const orders = at === 'login' ? login : await browser.submit(login, answersOf('bo'));
      const isEarly = at !== 'staff';
      const staff = isEarly
        ? orders
        : await browser.open(await comeBack((await browser.submit(orders, { decision: 'allow' })).url));
      const page = await visit((await browser.submit(staff, { decision: 'deny' })).url);
      expect(page.text).toContain('The sign-in was refused. Nothing was read. You can close this page.');
      expect(await outcome).toEqual({ ended: 'refused', message: 'The sign-in was refused. Nothing was read.' });
    });

    it.each([
      ['RFC 6749 §10.12: another state', 'state', (parameters: URLSearchParams) => parameters.set('state', 'another')],
      ['RFC 6749 §10.12: no state', 'state', (parameters: URLSearchParams) => parameters.delete('state')],
      [
        'RFC 9207 §2.4: another issuer',
        'iss',
        (parameters: URLSearchParams) => parameters.set('iss', 'https://evil.example'),
      ],
      ['RFC 9207 §2.4: no issuer', 'iss', (parameters: URLSearchParams) => parameters.delete('iss')],
      ['RFC 6749 §3.1: two states', 'state', (parameters: URLSearchParams) => parameters.append('state', 'another')],
    ])('%s in the callback is refused, and no code is sent anywhere', async (_, wrong, change) => {
      const sent: string[] = [];
      const fetchIt: typeof fetch = (url, options) => {
        sent.push(String(url));
        return fetch(url, options);
      };
      const { page, outcome } = await comeBackWith(change, { fetch: fetchIt });
      const message = `The browser came back with an answer to another request: wrong ${wrong}. Run the audit again.`;
      expect(await outcome).toEqual({ ended: 'refused', message });
      expect(page.text).toContain(message);
      expect(sent.filter((url) => url.endsWith('/token'))).toEqual([]);
      const control = await comeBackWith(() => {}, { fetch: fetchIt });
      expect(control.page.status).toBe(303);
      expect(sent.filter((url) => url.endsWith('/token'))).toHaveLength(1);
    });

    it('RFC 6749 §4.1.2: a code that was used before', async () => {
      const sendTokenRequest =
        (times: number): typeof fetch =>
        async (url, options) => {
          const isToken = String(url).endsWith('/token');
          for (let sent = 1; isToken && sent < times; sent += 1) expect((await fetch(url, options)).status).toBe(200);
          return fetch(url, options);
        };
      const { page, outcome } = await comeBackWith(() => {}, { fetch: sendTokenRequest(2) });
      const message = 'The code from the browser was used before, or is too old. Run the audit again.';
      expect(await outcome).toEqual({ ended: 'refused', message });
      expect(page.text).toContain(message);
      expect((await comeBackWith(() => {}, { fetch: sendTokenRequest(1) })).page.status).toBe(303);
    });

    it('a callback that is loaded again does not use its code again', async () => {
      const browser = world.openBrowser();
      const { url, outcome } = await audit();
      const back = await answerAll(browser, url, 'ada');
      const first = fetch(back, { redirect: 'manual' });
      const [one, other] = await Promise.all([first, fetch(back, { redirect: 'manual' })]);
      expect([one.status, other.status].sort()).toEqual([303, 400]);
      const next = [one, other].find(({ status }) => status === 303)?.headers.get('location') ?? '';
      await visit(await answerAll(browser, next, 'ada'));
      expect((await outcome).ended).toBe('well');
    });

    it('an API that answers 401, 403, 503, nonsense, or not at all', async () => {
      const distrusting = await world.startOrdersApi(world.createVerifier(DOWN));
      expect(await finish({ ordersApi: distrusting })).toEqual({
        ended: 'refused',
        message: 'The orders API does not take the token of the audit. Its log says why.',
      });
      const stricter = express();
      stricter.get('/orders', createGuard(world.verifier, { audience: ORDERS_API })('orders:report'));
      expect(await finish({ ordersApi: await serve(stricter) })).toEqual({
        ended: 'refused',
        message: 'The audit lacks the scope orders:report. Let it ask for that, and allow it to have it.',
      });
      const closed = world.createVerifier();
      closed.close();
      const later = await finish({ managerServer: await world.startManagerServer(closed) });
      expect(later.ended).toBe('later');
      expect(later.message).toMatch(
        /^The manager server cannot check tokens now. Run the audit again in \d+ seconds.$/,
      );
      const withoutDatabase = 'postgres://name@127.0.0.1:9/orders';
      expect(await finish({ ordersApi: await world.startOrdersApi(world.verifier, withoutDatabase) })).toEqual({
        ended: 'later',
        message: 'The orders API cannot reach its database now. Run the audit again in 5 seconds.',
      });
      expect(
        await finish({ ordersApi: await serve((_, res) => res.writeHead(502).end('<h1>Bad gateway</h1>')) }),
      ).toEqual({
        ended: 'later',
        message: 'The orders API answered 502. Run the audit again later.',
      });
      expect(await finish({ managerServer: DOWN })).toEqual({
        ended: 'later',
        message: 'The manager server cannot be reached. Run the audit again later.',
      });
      expect((await finish({})).ended).toBe('well');
    });

    it('an authorization server that is down, at first or in the middle, or is none', async () => {
      const isDown = {
        ended: 'later',
        message: 'The authorization server cannot be reached. Run the audit again later.',
      };
      expect(await runAudit(optionsWith({ issuer: DOWN }))).toEqual(isDown);
      const none = await serve((_, res) => res.end('{}'));
      expect(await runAudit(optionsWith({ issuer: none }))).toEqual({
        ended: 'later',
        message: `No authorization server is at ${none}.`,
      });
      const inTheMiddle: typeof fetch = (url, options) =>
        fetch(String(url).endsWith('/token') ? `${DOWN}/token` : url, options);
      const { page, outcome } = await comeBackWith(() => {}, { fetch: inTheMiddle });
      expect(await outcome).toEqual(isDown);
      expect(page.text).toContain(isDown.message);
      expect((await comeBackWith(() => {})).page.status).toBe(303);
    });

    it('nobody who comes in time', async () => {
      let url = '';
      const tell = (line: string) => {
        url = line;
      };
      expect(await runAudit(optionsWith({ tell, waitSeconds: 0.001 }))).toEqual({
        ended: 'refused',
        message: 'Nobody has signed in within 1 minutes. Run the audit again.',
      });
      const redirectUri = new URL(/http\S+/.exec(url)?.[0] ?? '').searchParams.get('redirect_uri') ?? '';
      await expect(fetch(redirectUri)).rejects.toThrow();
    });
  });

  it('runs as a program, prints no token, code or secret, and keeps nothing on disk', async () => {
    const { issuer } = world.authorizationServer;
    const { ordersApi, managerServer } = world;
    const origins = { issuer, ordersApi, managerServer, dashboard: DASHBOARD_ORIGIN };
    const guide = formatGuide({ origins, authorizationServerPid: 1 } as Company, world.secrets, undefined);
    const args = /npm run company:audit -- (.*)\n/.exec(guide)?.[1]?.split(' ') ?? [];
    const folder = await mkdtemp(join(tmpdir(), 'auditor-test-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const env = { HOME: folder, TMPDIR: folder };
    const program = startProgram(AUDITOR_PROGRAM, { args, cwd: folder, env });
    onTestFinished(async () => {
      await program.end('SIGKILL');
    });
    const url = /http\S+/.exec(await program.untilItSays(/http\S+\n/))?.[0] ?? '';
    const browser = world.openBrowser();
    const first = await answerAll(browser, url, 'ada');
    const second = await answerAll(browser, await comeBack(first), 'ada');
    await visit(second);
    const { code, stdout, stderr } = await program.ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Orders: 2, 1 open\n');
    expect(stdout).not.toContain('eyJ');
    for (const back of [first, second]) expect(stdout).not.toContain(back.searchParams.get('code'));
    const written = await readdir(folder);
    expect(written.filter((name) => !name.startsWith('tsx-'))).toEqual([]);
    const failed = await startProgram(AUDITOR_PROGRAM, { args: ['--issuer', DOWN] }).ended;
    expect([failed.code, failed.stderr]).toEqual([75, '']);
  }, 60_000);

  type Change = (parameters: URLSearchParams) => void;

  function optionsWith(options: Partial<AuditOptions>): AuditOptions {
    const { issuer } = world.authorizationServer;
    const { ordersApi, managerServer } = world;
    return { issuer, ordersApi, managerServer, tell: () => {}, ...options };
  }

  /** Starts an audit, and gives the URL that it asks to open. A person may go there at once. */
  async function audit(person?: (url: string) => Promise<void>, options: Partial<AuditOptions> = {}) {
    let told = (_: string) => {};
    const url = new Promise<string>((resolve) => {
      told = resolve;
    });
    const outcome = runAudit(optionsWith({ tell: (text) => told(/http\S+/.exec(text)?.[0] ?? ''), ...options }));
    await person?.(await url);
    return { url: await url, outcome };
  }

  /** Signs in and allows all that is asked. */
  function asPerson(username: string) {
    return async (url: string) => {
      const browser = world.openBrowser();
      const next = await comeBack(await answerAll(browser, url, username));
      expect((await visit(await answerAll(browser, next, username))).status).toBe(200);
    };
  }

  async function finish(options: Partial<AuditOptions>) {
    return (await audit(asPerson('ada'), options)).outcome;
  }

  /** Signs in for the first code, and changes what the browser brings back. */
  async function comeBackWith(change: Change, options: Partial<AuditOptions> = {}) {
    const { url, outcome } = await audit(undefined, options);
    const back = await answerAll(world.openBrowser(), url, 'ada');
    change(back.searchParams);
    const page = await visit(back);
    onTestFinished(async () => {
      // One that still waits for its second code is ended by an answer that is none.
      if (page.status === 303) await visit(new URL(back.pathname, back));
      await outcome;
    });
    return { page, outcome };
  }

  /** Goes through the pages of the authorization server, to where it sends the browser back. */
  async function answerAll(browser: CompanyBrowser, url: string, username: string): Promise<URL> {
    let at = await browser.open(url);
    while (at.answer !== undefined) {
      expect(at.answer.status).toBe(200);
      at = await browser.submit(at, answersOf(username));
    }
    return at.url;
  }

  function answersOf(username: string): Readonly<Record<string, string>> {
    return { username, password: world.secrets.passwords[username] ?? '', decision: 'allow' };
  }

  async function visit(url: URL) {
    const response = await fetch(url, { redirect: 'manual' });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** Visits the callback, which sends the browser on for the second code. */
  async function comeBack(url: URL): Promise<string> {
    const { status, headers } = await visit(url);
    expect(status).toBe(303);
    return headers.get('location') ?? '';
  }

  async function staffOf(tenant: string): Promise<readonly string[]> {
    const people = PEOPLE.filter((person) => person.tenant === tenant);
    return [`Staff: ${people.length}`, ...people.map(({ name, roles }) => `  ${name}: ${roles.join(', ')}`)];
  }

  async function serve(app: RequestListener): Promise<string> {
    const server = await listen(createServer(app));
    onTestFinished(() => server.close());
    return `http://127.0.0.1:${server.port}`;
  }
});

function listWishes(text = ''): readonly string[] {
  return [...text.matchAll(/<li>(.*)<\/li>/g)].map(([, wish = '']) => wish);
}

function scopeOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).scope;
}
