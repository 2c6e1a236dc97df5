import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { describeInBrowser } from './support/chromium.js';
import { DashboardWorld } from './support/dashboard-world.js';
import { attempt, type Deed } from './support/deeds.js';
import { type OpenSite, openSite } from './support/open-site.js';
import type { Visitor } from './support/visitor.js';

interface Case {
  readonly deed: Deed;
  readonly directive: string;
  /** What the other site would receive. */
  readonly request?: string;
}

const TYPES = 'require-trusted-types-for';

describeInBrowser('the policy of the pages of the dashboard', () => {
  const world = new DashboardWorld();
  let site: OpenSite;
  let other: OpenSite;
  let visitor: Visitor;
  beforeAll(async () => {
    await world.start();
    site = await openSite();
    other = await openSite();
  });
  afterAll(async () => {
    await site.close();
    await other.close();
    await world.close();
  });
  afterEach(() => visitor.leave());

  const readPolicy = async () => (await fetch(world.origin)).headers.get('content-security-policy') ?? '';
  const expectForbidden = async ({ deed, directive }: Case) => {
    site.received.splice(0);
    expect(await visitor.page.evaluate(attempt, { deed, foreign: site.origin })).toBe(directive);
    const marks = await visitor.page.evaluate(() => ['marked', 'ranForeign'].filter((name) => name in globalThis));
    expect(marks).toEqual([]);
    expect(site.received).toEqual([]);
  };
  const expectPossible = async ({ deed, request = '' }: Case) => {
    await visitor.page.goto(other.origin);
    expect(await visitor.page.evaluate(attempt, { deed, foreign: site.origin }), 'in a page without the policy').toBe(
      'worked',
    );
    await expect.poll(() => site.received.join()).toContain(request);
  };

  it.each<Case>([
    { deed: 'eval', directive: TYPES },
    { deed: 'new Function', directive: TYPES },
    { deed: 'setTimeout with text', directive: TYPES },
    { deed: 'innerHTML', directive: TYPES },
    { deed: 'document.write', directive: TYPES },
    { deed: 'a script by its text', directive: TYPES },
    { deed: 'a script by its address', directive: TYPES, request: 'GET /script.js' },
    { deed: 'an event handler', directive: TYPES },
    { deed: 'a worker', directive: TYPES },
    { deed: 'a policy for Trusted Types', directive: 'trusted-types' },
    { deed: 'a style element', directive: 'style-src-elem' },
    { deed: 'a style attribute', directive: 'style-src-attr' },
    { deed: 'an image of another origin', directive: 'img-src', request: 'GET /image.svg' },
    { deed: 'a frame', directive: 'frame-src', request: 'GET /' },
    { deed: 'a base address', directive: 'base-uri' },
    { deed: 'fetch', directive: 'connect-src', request: 'GET /data' },
    { deed: 'sendBeacon', directive: 'connect-src', request: 'POST /beacon' },
    { deed: 'EventSource', directive: 'connect-src', request: 'GET /events' },
    { deed: 'WebSocket', directive: 'connect-src', request: 'upgrade /' },
    { deed: 'a form', directive: 'form-action', request: 'POST /form' },
  ])('CSP 3 §6: $deed is blocked by $directive', async (one) => {
    visitor = await world.visit();
    await visitor.open();
    await visitor.button('Sign in').waitFor();
    await expectForbidden(one);
    await expectPossible(one);
  });

  it.each<Case>([
    { deed: 'eval', directive: 'script-src' },
    { deed: 'new Function', directive: 'script-src' },
    { deed: 'setTimeout with text', directive: 'script-src' },
    { deed: 'a script by its text', directive: 'script-src-elem' },
    { deed: 'a script by its address', directive: 'script-src-elem', request: 'GET /script.js' },
    { deed: 'an event handler', directive: 'script-src-attr' },
    { deed: 'a worker', directive: 'worker-src' },
  ])('CSP 3 §6.1: $deed is blocked by $directive in a browser that knows no Trusted Types', async (one) => {
    visitor = await world.visit();
    const policy = (await readPolicy()).replace(/; require-trusted-types-for .*/, '');
    const copy = await openSite({ '/page': ['text/html', '<h1>Page</h1>', policy] });
    onTestFinished(() => copy.close());
    await visitor.page.goto(`${copy.origin}/page`);
    await expectForbidden(one);
    await expectPossible(one);
  });

  it('CSP 3 §6: HTML that somebody brings into a page runs, loads and styles nothing', async () => {
    const page = `
      <!doctype html>
      <body>
      <script>globalThis.ranInline = true</script>
      <script src="${site.origin}/script.js"></script>
      <style>body { --inline: yes }</style>
      <link rel="stylesheet" href="${site.origin}/style.css">
      <img src="${site.origin}/image.svg" onload="globalThis.ranHandler = true">
      <iframe src="${site.origin}/"></iframe>
      <object data="${site.origin}/image.svg?object"></object>`;
    const copy = await openSite({
      '/with': ['text/html', page, await readPolicy()],
      '/without': ['text/html', page],
    });
    onTestFinished(() => copy.close());
    visitor = await world.visit();
    await visitor.page.addInitScript(() => {
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      document.addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective));
    });
    const open = async (path: string) => {
      site.received.splice(0);
      await visitor.page.goto(copy.origin + path);
      const { seen, ...marks } = await visitor.page.evaluate(() => {
        const { ranInline, ranForeign, ranHandler, seen } = globalThis as unknown as Record<string, unknown>;
        const style = getComputedStyle(document.body);
        const styles = ['--inline', '--foreign'].map((name) => style.getPropertyValue(name));
        return { ranInline, ranForeign, ranHandler, styles, seen: seen as string[] };
      });
      return { marks, seen: seen.sort(), loaded: site.received.map((line) => line.split(' ')[1]).sort() };
    };
    expect(await open('/with')).toEqual({
      marks: { styles: ['', ''] },
      seen: [
        'frame-src',
        'img-src',
        'object-src',
        'script-src-attr',
        'script-src-elem',
        'script-src-elem',
        'style-src-elem',
        'style-src-elem',
      ],
      loaded: [],
    });
    expect(await open('/without'), 'control').toEqual({
      marks: { ranInline: true, ranForeign: true, ranHandler: true, styles: ['yes', 'yes'] },
      seen: [],
      loaded: ['/', '/image.svg', '/image.svg', '/script.js', '/style.css'],
    });
  });

  it('lets a page call the three servers that it works with, and its own', async () => {
    visitor = await world.visit();
    await visitor.open();
    const { authorizationServer, ordersApi, managerServer } = world.company;
    for (const origin of [ordersApi, managerServer]) {
      const status = await visitor.page.evaluate(async (url) => (await fetch(url)).status, `${origin}/health`);
      expect(status, origin).toBe(200);
    }
    const metadata = `${authorizationServer.issuer}/.well-known/openid-configuration`;
    expect(await visitor.page.evaluate(async (url) => (await fetch(url)).status, metadata)).toBe(200);
    expect(await visitor.page.evaluate(async () => (await fetch('/settings.json')).status)).toBe(200);
    expect(visitor.complaints).toEqual([]);
  });

  it('CSP 3 §6.4.2: no other site can show a page in a frame', async () => {
    visitor = await world.visit();
    const frame = async (src: string) => {
      await visitor.page.goto(site.origin);
      await visitor.page.evaluate(async (url) => {
        const element = document.createElement('iframe');
        element.src = url;
        const loaded = new Promise((resolve) => element.addEventListener('load', resolve));
        document.body.append(element);
        await loaded;
      }, src);
      return visitor.page.frames()[1]?.url();
    };
    for (const path of ['/', '/callback', '/settings.json', '/nothing']) {
      expect(await frame(world.origin + path), path).toBe('chrome-error://chromewebdata/');
    }
    expect(visitor.complaints.join()).toContain("frame-ancestors 'none'");
    expect(await frame(`${other.origin}/`), 'control').toBe(`${other.origin}/`);
  });

  it('HTML, Cross-Origin-Opener-Policy: a site that opens a page keeps no hold of it', async () => {
    visitor = await world.visit();
    const open = async (url: string) => {
      await visitor.page.goto(site.origin);
      const opened = visitor.page.context().waitForEvent('page');
      await visitor.page.evaluate((address) => {
        Object.assign(globalThis, { opened: window.open(address) });
      }, url);
      const popup = await opened;
      await popup.getByRole('heading', { level: 1 }).waitFor();
      const hasOpener = await popup.evaluate(() => window.opener !== null);
      const isClosed = await visitor.page.evaluate(() => (Reflect.get(globalThis, 'opened') as Window).closed);
      await popup.close();
      return { hasOpener, isClosed };
    };
    expect(await open(world.origin)).toEqual({ hasOpener: false, isClosed: true });
    expect(await open(other.origin), 'control').toEqual({ hasOpener: true, isClosed: false });
  });

  it('Referrer Policy §3.1: no server is told at which page somebody is', async () => {
    visitor = await world.visit();
    const from: string[] = [];
    visitor.page.on('request', async (request) => {
      const { referer } = await request.allHeaders();
      if (referer) from.push(`${request.url()} from ${referer}`);
    });
    await visitor.signIn('bo');
    expect(from).toEqual([]);
    await visitor.page.goto(site.origin);
    await visitor.page.evaluate((url) => fetch(url), `${other.origin}/data`);
    expect(other.received.at(-1), 'control').toBe('GET /data with a referrer');
    await expect.poll(() => from).toEqual([`${other.origin}/data from ${site.origin}/`]);
  });
});
