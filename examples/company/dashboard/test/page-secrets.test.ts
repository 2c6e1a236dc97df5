import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeInBrowser } from './support/chromium.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

describeInBrowser('what the pages of the dashboard hold', () => {
  const world = useDashboard();
  let visitor: Visitor;

  /** Every place where a script of the page, or a person at this computer later, could find something. */
  const readAll = async ({ page }: Visitor): Promise<Readonly<Record<string, string>>> => {
    const devtools = await page.context().newCDPSession(page);
    const places = await page.evaluate(async () => {
      const fields = [...document.querySelectorAll('input, textarea')].map(
        (field) => (field as HTMLInputElement).value,
      );
      return {
        localStorage: JSON.stringify(localStorage),
        sessionStorage: JSON.stringify(sessionStorage),
        indexedDB: JSON.stringify(await indexedDB.databases()),
        caches: JSON.stringify(await caches.keys()),
        cookies: document.cookie,
        'history state': JSON.stringify(history.state),
        'window name': window.name,
        globals: Object.entries(globalThis)
          .map(([name, value]) => `${name}=${typeof value === 'object' ? '' : value}`)
          .join(),
        document: document.documentElement.outerHTML + fields.join(),
        'addresses of calls': JSON.stringify(performance.getEntries().map(({ name }) => name)),
      };
    });
    return {
      ...places,
      'cookies of the host': JSON.stringify(await page.context().cookies(world.origin)),
      'addresses of pages': JSON.stringify(await devtools.send('Page.getNavigationHistory')),
    };
  };

  it('keeps tokens and passwords in no storage, cookie, address or page', async () => {
    visitor = await world.visit();
    await visitor.signIn('ada');
    await visitor.goTo('Staff');
    await visitor.allowMore();
    await visitor.heading('Invite somebody').waitFor();
    await visitor.page.reload();
    await visitor.heading('Invite somebody').waitFor();
    await visitor.goTo('Permissions');
    await visitor.page.getByText('See who works at your company').waitFor();

    const { issuer } = world.company.authorizationServer;
    const answers = (await visitor.answers()).filter((text) => text.startsWith(`${issuer}/token 200`));
    const tokens = answers.flatMap((text) => {
      const { access_token, refresh_token, id_token } = JSON.parse(text.split('\n').at(-1) ?? '');
      return [access_token, refresh_token, id_token].filter((token) => token !== undefined);
    });
    expect(tokens.length, 'access, refresh and ID tokens of each sign-in').toBeGreaterThanOrEqual(9);
    expect(tokens.every((token: string) => token.length > 40)).toBe(true);
    const codes = visitor.urls.flatMap((url) => new URL(url).searchParams.getAll('code'));
    expect(codes.length, 'codes').toBeGreaterThanOrEqual(3);
    // Signatures too: a token whose signature is known can be put together again.
    const parts = tokens.map((token: string) => token.split('.').at(-1) ?? token);
    const secrets = [...tokens, ...parts, world.company.secrets.passwords['ada'] ?? ''];

    const places = await readAll(visitor);
    for (const [place, text] of Object.entries(places)) {
      const found = secrets.filter((secret) => text.includes(secret));
      expect(found, place).toEqual([]);
      // A browser does not let a page forget how it was opened. The code is used up, and its verifier gone.
      const isOfBrowser = place === 'addresses of calls';
      expect(isOfBrowser ? [] : codes.filter((code) => text.includes(code)), place).toEqual([]);
    }
    expect(places['sessionStorage'], 'what it may keep').toContain('"signed-in":"\\"orders:read staff:read\\""');
    expect(places['addresses of calls']).toContain('/settings.json');

    await visitor.page.evaluate((token) => sessionStorage.setItem('control', token), tokens[0]);
    expect((await readAll(visitor))['sessionStorage'], 'control').toContain(tokens[0]);
  });

  it('sends tokens to the servers that they are for, and in no address', async () => {
    visitor = await world.visit();
    const sent = new Map<string, Set<string>>();
    visitor.page.on('request', (one) => {
      const { authorization = '' } = one.headers();
      const { origin } = new URL(one.url());
      if (authorization !== '') sent.set(origin, (sent.get(origin) ?? new Set()).add(audienceOf(authorization)));
    });
    await visitor.signIn('ada');
    await visitor.goTo('Staff');
    await visitor.allowMore();
    await visitor.heading('Invite somebody').waitFor();
    await visitor.goTo('Orders');
    await visitor.page.getByRole('heading', { name: 'tea' }).waitFor();
    expect(Object.fromEntries([...sent].map(([origin, audiences]) => [origin, [...audiences]]))).toEqual({
      [world.company.ordersApi]: ['https://orders.company.example'],
      [world.company.managerServer]: ['https://manager.company.example'],
    });
    expect(visitor.urls.filter((url) => url.includes('eyJ'))).toEqual([]);
  });

  it('has no secret in its settings and its files', async () => {
    const text = await (await fetch(`${world.origin}/settings.json`)).text();
    const settings = JSON.parse(text);
    expect(Object.keys(settings).sort()).toEqual(['clientId', 'firstScope', 'issuer', 'manager', 'orders']);
    for (const api of [settings.orders, settings.manager]) {
      expect(Object.keys(api).sort()).toEqual(['audience', 'origin', 'scopes']);
    }
    const folder = join(world.pages, 'assets');
    const assets = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    const all = [text, await (await fetch(world.origin)).text(), ...assets].join('\n');
    expect(all, 'the control: the files were read').toContain('Company dashboard');
    const { passwords, nightlyJob, cookieKey, signingKeys } = world.company.secrets;
    const secrets = [...Object.values(passwords), nightlyJob, cookieKey, ...signingKeys.map(({ d }) => d ?? '')];
    expect(
      secrets.filter((secret) => secret.length < 12),
      'each is one',
    ).toEqual([]);
    expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
    expect(all).not.toMatch(/client_secret|sourceMappingURL|localStorage|indexedDB/);
  });
});

function audienceOf(authorization: string): string {
  return JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString()).aud;
}
