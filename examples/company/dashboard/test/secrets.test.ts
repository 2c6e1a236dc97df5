import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { MANAGER_API, NIGHTLY_JOB, ORDERS_API, PEOPLE, SCOPES } from '../../company.js';
import { describeInBrowser } from './support/chromium.js';
import { DashboardWorld } from './support/dashboard-world.js';
import type { Visitor } from './support/visitor.js';
import { Wiretap } from './support/wiretap.js';

interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
}

/** What a page holds that outlives it, or that others could read. */
interface Left {
  readonly kept: string;
  readonly html: string;
  readonly address: string;
}

describeInBrowser('after a day of ada and otto', () => {
  const world = new DashboardWorld();
  let wiretap: Wiretap;
  let issuer: string;
  /** What the servers and the pages have logged. */
  const logged: string[] = [];
  const left: Left[] = [];
  /** Where the browsers went: any origin, ours or not. */
  const visited: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      vi.spyOn(console, method).mockImplementation((...told) => void logged.push(told.map(String).join(' ')));
    }
    wiretap = new Wiretap();
    await world.start();
    issuer = world.company.authorizationServer.issuer;
    await spendDayOfAda(await enter());
    await spendDayOfOtto(await enter());
    logged.push(...world.company.log);
    vi.restoreAllMocks();
  });
  afterAll(async () => {
    wiretap.close();
    await world.close();
  });

  async function enter(): Promise<Visitor> {
    const visitor = await world.visit();
    visitor.page.on('console', (message) => logged.push(message.text()));
    visitor.page.on('request', (request) => visited.push(request.url()));
    return visitor;
  }

  async function lookAround({ page }: Visitor): Promise<void> {
    left.push({
      kept: await page.evaluate(async () =>
        JSON.stringify([
          { ...sessionStorage },
          { ...localStorage },
          document.cookie,
          history.state,
          window.name,
          await indexedDB.databases(),
          await caches.keys(),
        ]),
      ),
      html: await page.content(),
      address: page.url(),
    });
  }

  async function spendDayOfAda(visitor: Visitor): Promise<void> {
    const { page } = visitor;
    await visitor.open();
    await visitor.button('Sign in').click();
    await visitor.enterPassword('ada', world.company.secrets.passwords['bo']);
    await visitor.alert.waitFor();
    await visitor.enterPassword('ada');
    await visitor.allow();
    await visitor.heading('tea').waitFor();
    await lookAround(visitor);

    await page.getByRole('button', { name: 'New order' }).click();
    await page.getByLabel('Item').fill('pens');
    await visitor.button('Create the order').click();
    await visitor.button('Allow it on the next page').click();
    await visitor.button('Do not allow').click();
    await page.getByText('You did not allow it').waitFor();
    await visitor.button('Create the order').click();
    await visitor.allowMore();
    await page.getByLabel('Pieces').fill('0');
    await visitor.button('Create the order').click();
    await page.getByText('must be at least 1').waitFor();
    await page.getByLabel('Pieces').fill('3');
    await visitor.button('Create the order').click();
    await page.getByText('Order 4 was created.').waitFor();
    await visitor.goTo('Staff');
    await visitor.allowMore();
    await visitor.heading('Bo Berg').waitFor();
    await lookAround(visitor);
    await visitor.goTo('Report');
    await visitor.allowMore();
    await page.getByRole('table').waitFor();
    await visitor.goTo('Access');
    await visitor.alert.first().waitFor();
    await page.reload();
    await visitor.alert.first().waitFor();
    await lookAround(visitor);
    await visitor.button('Sign out').click();
    await visitor.button('Sign out').and(page.locator('[name=logout]')).click();
    await visitor.button('Sign in').waitFor();
    await visitor.open('/callback?code=stolen&state=guessed');
    await visitor.alert.waitFor();
    await lookAround(visitor);
    complaints.push(...visitor.complaints);
    await visitor.leave();
  }

  async function spendDayOfOtto(visitor: Visitor): Promise<void> {
    const { page } = visitor;
    await visitor.signIn('otto');
    await visitor.goTo('Access');
    await visitor.allowMore();
    await page.getByRole('img').first().waitFor();
    await visitor.goTo('Permissions');
    await page
      .getByRole('button', { name: /^Allow/ })
      .first()
      .waitFor();
    await visitor.goTo('Report');
    await page.getByText('This is not for you').waitFor();
    await lookAround(visitor);
    complaints.push(...visitor.complaints);
    await visitor.leave();
  }

  function tokenAnswers(): readonly Tokens[] {
    return wiretap.exchanges
      .filter(({ call, status }) => call === `POST ${issuer}/token` && status() === 200)
      .map(({ answerBody }) => JSON.parse(answerBody()));
  }

  /** A token without what other tokens have as well: its signature. */
  const ownPart = (token: string) => token.split('.').at(-1) ?? token;

  function secrets(): readonly string[] {
    const { passwords, nightlyJob, cookieKey, signingKeys } = world.company.secrets;
    const found = [...Object.values(passwords), nightlyJob, cookieKey, ...signingKeys.map(({ d }) => d ?? '')];
    expect(found).toHaveLength(PEOPLE.length + 3);
    expect(Math.min(...found.map(({ length }) => length))).toBeGreaterThan(15);
    return found;
  }

  async function readBundle(): Promise<ReadonlyMap<string, string>> {
    const entries = await readdir(world.pages, { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path, 'utf8')] as const)));
  }

  it('nobody complained, and there is something to look through', () => {
    expect(complaints).toEqual([]);
    expect(tokenAnswers().length).toBeGreaterThan(8);
    expect(logged.filter((line) => line.includes('"refused"')).length).toBeGreaterThan(4);
    expect(left).toHaveLength(5);
    const statuses = new Set(wiretap.exchanges.map(({ status }) => status()));
    for (const status of [200, 201, 303, 400, 403]) expect(statuses, `${status}`).toContain(status);
  });

  it('a password went to the sign-in page alone, and no other secret anywhere', () => {
    const { passwords, nightlyJob, cookieKey, signingKeys } = world.company.secrets;
    for (const username of ['ada', 'bo', 'otto']) {
      const places = wiretap.placesOf(passwords[username] ?? '');
      expect(places.length, 'a control: it was typed').toBeGreaterThan(0);
      for (const place of places) expect(place).toMatch(/^body of POST \S+\/interaction\/[\w-]+$/);
      expect(places.every((place) => place.includes(` ${issuer}/`))).toBe(true);
    }
    expect(wiretap.placesOf(passwords['cleo'] ?? '')).toEqual([]);
    for (const secret of [nightlyJob, cookieKey]) expect(wiretap.placesOf(secret)).toEqual([]);
    for (const { x, d } of signingKeys) {
      expect(wiretap.placesOf(d ?? '')).toEqual([]);
      expect(wiretap.placesOf(x ?? ''), 'a control: its public part').toEqual([`answer of GET ${issuer}/jwks`]);
    }
  });

  it('RFC 6750 §5.2, RFC 8707: an access token went from the token endpoint to its API, and nowhere else', () => {
    const { ordersApi, managerServer } = world.company;
    const origins: Readonly<Record<string, string>> = { [ORDERS_API]: ordersApi, [MANAGER_API]: managerServer };
    const used = new Set<string>();
    for (const { access_token: token } of tokenAnswers()) {
      const { aud } = decodeJwt(token);
      const [first, ...others] = wiretap.placesOf(ownPart(token)).filter((place) => !place.startsWith('authorization'));
      expect([first, others]).toEqual([`answer of POST ${issuer}/token`, []]);
      for (const place of wiretap.placesOf(ownPart(token)).filter((one) => one.startsWith('authorization'))) {
        expect(place).toMatch(new RegExp(`^authorization of \\w+ ${origins[String(aud)]}/`));
        used.add(String(aud));
      }
    }
    expect([...used].sort(), 'a control: both were used').toEqual(Object.keys(SCOPES).sort());
  });

  it('RFC 9700 §4.14: a refresh token went to the authorization server alone, and an ID token nowhere', () => {
    const used = new Set<string>();
    for (const { refresh_token: refresh = '', id_token: id } of tokenAnswers()) {
      const allowed = ['answer of POST', 'body of POST'].map((place) => `${place} ${issuer}/token`);
      const places = wiretap.placesOf(refresh);
      for (const place of places) expect([...allowed, `${allowed[1]}/revocation`]).toContain(place);
      for (const place of places) used.add(place);
      if (id !== undefined) expect(wiretap.placesOf(ownPart(id))).toEqual([`answer of POST ${issuer}/token`]);
    }
    expect([...used].sort()).toEqual([
      `answer of POST ${issuer}/token`,
      `body of POST ${issuer}/token`,
      `body of POST ${issuer}/token/revocation`,
    ]);
  });

  it('RFC 9700 §4.2, §4.3: a code came by the callback and went to the token endpoint; no referrer told it', () => {
    const codes = wiretap.exchanges
      .filter(({ call }) => call === `GET ${world.origin}/callback`)
      .flatMap(({ url }) => new URL(url, world.origin).searchParams.get('code') ?? []);
    expect(codes.length).toBeGreaterThan(5);
    const isRedirect = new RegExp(`^(location from|answer of) GET ${issuer}/auth\\b`);
    for (const code of codes.filter((one) => one !== 'stolen')) {
      const places = wiretap.placesOf(code).filter((place) => !isRedirect.test(place));
      expect(places).toEqual([`URL of GET ${world.origin}/callback`, `body of POST ${issuer}/token`].sort());
    }
    expect(wiretap.placesOf('stolen'), 'one of somebody else goes nowhere').toEqual([
      `URL of GET ${world.origin}/callback`,
    ]);
    const referrers = wiretap.exchanges.flatMap(({ requestHeaders }) => requestHeaders['referer'] ?? []);
    expect(referrers).toEqual([]);
    for (const { address } of left) expect(address).not.toContain('?');
  });

  it('RFC 7636 §7.1: a code verifier was told to the token endpoint alone', () => {
    const verifiers = wiretap.exchanges
      .filter(({ call }) => call === `POST ${issuer}/token`)
      .flatMap(({ requestBody }) => new URLSearchParams(requestBody()).get('code_verifier') ?? []);
    expect(verifiers.length).toBeGreaterThan(5);
    for (const verifier of verifiers) expect(wiretap.placesOf(verifier)).toEqual([`body of POST ${issuer}/token`]);
  });

  it('the browsers asked nobody but the four servers, and the APIs were told no cookie', () => {
    const { ordersApi, managerServer } = world.company;
    const origins = new Set(visited.map((url) => new URL(url).origin));
    expect([...origins].sort()).toEqual([issuer, ordersApi, managerServer, world.origin].sort());
    const cookiesAt = (origin: string) =>
      wiretap.exchanges.filter((exchange) => exchange.origin === origin && 'cookie' in exchange.requestHeaders).length;
    expect([cookiesAt(ordersApi), cookiesAt(managerServer)]).toEqual([0, 0]);
    expect(cookiesAt(issuer), 'a control').toBeGreaterThan(0);
    const atPages = wiretap.exchanges.filter(({ origin }) => origin === world.origin);
    expect(atPages.filter(({ requestHeaders }) => 'authorization' in requestHeaders)).toEqual([]);
    for (const { url } of wiretap.exchanges) expect(url).not.toContain('eyJ');
  });

  it('no log line, page or storage holds a token or a secret', () => {
    const tokens = tokenAnswers().flatMap((answer) => [answer.access_token, answer.refresh_token, answer.id_token]);
    const searched = [...secrets(), ...tokens.flatMap((token) => (token === undefined ? [] : [ownPart(token)]))];
    expect(searched.length).toBeGreaterThan(20);
    const texts = [...logged, ...left.flatMap(({ kept, html, address }) => [kept, html, address])];
    const found = (texts: readonly string[]) =>
      texts.filter((text) => searched.some((secret) => text.includes(secret)));
    expect(found(texts)).toEqual([]);
    expect(texts.filter((text) => text.includes('eyJ'))).toEqual([]);
    expect(found([...texts, `a control: ${tokens[0]}`, `another: ${secrets()[0]}`])).toHaveLength(2);
    expect(
      left.some(({ kept }) => kept.includes('signed-in')),
      'a control: the storage was read',
    ).toBe(true);
  });

  it('the bundle holds no secret, no person, no host, and no source map', async () => {
    const bundle = await readBundle();
    const kinds = [...bundle.keys()].map((path) => path.split('.').at(-1));
    expect(kinds.sort()).toEqual(['css', 'html', 'js', 'svg']);
    const text = [...bundle.values()].join('\n');
    for (const secret of secrets()) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/sourceMappingURL|BEGIN [A-Z ]*PRIVATE KEY|eyJ[\w-]{10}/);
    for (const name of [NIGHTLY_JOB.id, ...PEOPLE.map((person) => person.name), ...Object.keys(SCOPES)]) {
      expect(text).not.toContain(name);
    }
    // Names of XML, and no addresses: nobody asks there.
    const hosts = [...text.matchAll(/\b(?:https?|wss?):\/\/[\w.:[\]-]+/g)].map(([found]) => found);
    expect(hosts.filter((host) => host !== 'http://www.w3.org')).toEqual([]);
    expect(text).not.toMatch(/127\.0\.0\.1|localhost|\.example\b/);
    expect(hosts, 'a control: they are found so').toContain('http://www.w3.org');
  });

  it('what tells pages where to go is in settings.json, which holds nothing else', async () => {
    const settings = wiretap.exchanges.find(({ call }) => call === `GET ${world.origin}/settings.json`);
    const {
      issuer: named,
      clientId,
      firstScope,
      orders,
      manager,
      ...others
    } = JSON.parse(settings?.answerBody() ?? '');
    expect([named, clientId, firstScope, others]).toEqual([issuer, 'dashboard', 'orders:read', {}]);
    for (const api of [orders, manager]) expect(Object.keys(api).sort()).toEqual(['audience', 'origin', 'scopes']);
    for (const secret of secrets()) expect(settings?.answerBody()).not.toContain(secret);
    const maps = [...(await readBundle()).keys()].filter((path) => path.endsWith('.js'));
    for (const path of maps) {
      const script = `${world.origin}${path.slice(world.pages.length)}`;
      expect([(await fetch(script)).status, (await fetch(`${script}.map`)).status]).toEqual([200, 404]);
    }
  });
});
