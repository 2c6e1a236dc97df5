import type { Locator, Request } from 'playwright-core';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { AccessReport } from '../../access-shapes.js';
import { MANAGER_API } from '../../company.js';
import { describeInBrowser } from './support/chromium.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

const SERVERS = ['Orders API', 'Manager server'] as const;
type Server = (typeof SERVERS)[number];
/** Longer than the two seconds between two looks, and shorter than twice that. */
const ONE_LOOK = 2500;
const MANY_LOOKS = 30_000;
const STEP = 250;
const CHART_HEIGHT = 72;

describeInBrowser('the page "Access"', () => {
  const world = useDashboard({ movesTime: true });
  let visitor: Visitor;
  /** What the page has asked of `/access` lately. */
  let looks: Request[];

  const urlOf = (server: Server) =>
    `${server === 'Orders API' ? world.company.ordersApi : world.company.managerServer}/access`;
  const partOf = (server: Server) =>
    visitor.page.locator('section.server').filter({ has: visitor.page.getByRole('heading', { name: server }) });
  const figure = (part: Locator, name: string) =>
    part.locator('.figures > div').filter({ hasText: name }).getByRole('strong').textContent();

  /** Comes in with a clock of the page that the test moves. */
  async function enter(username: string): Promise<void> {
    visitor = await world.visit();
    looks = [];
    visitor.page.on('request', (request) => {
      if (request.method() === 'GET' && SERVERS.map(urlOf).includes(request.url())) looks.push(request);
    });
    await visitor.page.clock.install();
    await visitor.signIn(username);
    await visitor.goTo('Access');
    await visitor.alert.nth(1).waitFor();
  }

  /** Comes in, allows what is asked, and stops the clock of the page: from now on it looks when the test says so. */
  async function enterOtto(): Promise<void> {
    await enter('otto');
    await visitor.allowMore();
    for (const server of SERVERS) await partOf(server).getByRole('img').waitFor();
    await visitor.page.clock.pauseAt((await visitor.page.evaluate(() => Date.now())) + 1000);
    await Promise.all(looks.map((request) => request.response()));
    await look();
  }

  async function turnOn(milliseconds: number): Promise<void> {
    for (let turned = 0; turned < milliseconds; turned += STEP) await visitor.page.clock.runFor(STEP);
  }

  /** Turns the clock on until the page asks this server, and no further. */
  async function nextLook(server: Server): Promise<Request> {
    const found = () => looks.find((request) => request.url() === urlOf(server));
    for (let turned = 0; turned < 2 * ONE_LOOK && found() === undefined; turned += STEP) await turnOn(STEP);
    return found() ?? expect.fail('the page has not looked');
  }

  async function readAnswer(request: Request): Promise<AccessReport> {
    const response = await request.response();
    return response === null ? expect.fail('there was no answer') : response.json();
  }

  /** Lets the page look once at each server, and gives what they said then. */
  async function look(): Promise<Readonly<Record<Server, AccessReport>>> {
    looks.length = 0;
    const reports = new Map<Server, AccessReport>();
    for (const server of SERVERS) {
      const report = await readAnswer(await nextLook(server));
      const letIn = partOf(server).locator('.figures > div').filter({ hasText: 'Let in' });
      await letIn.getByText(String(report.accepted), { exact: true }).waitFor();
      reports.set(server, report);
    }
    return Object.fromEntries(reports) as Record<Server, AccessReport>;
  }

  /** The first attempt may go by a connection of before, whose other side is gone. */
  async function refreshKeys(): Promise<void> {
    const { verifier } = world.company;
    await verifier.refresh().catch(() => verifier.refresh());
  }

  const rowsOf = async (part: Locator, caption: string | RegExp) => {
    const rows = part
      .getByRole('table')
      .filter({ has: visitor.page.getByText(caption) })
      .getByRole('row');
    return Promise.all((await rows.all()).map(async (row) => row.locator('th, td').allTextContents()));
  };

  it('asks for a permission of its own, and shows both servers to an operator who gives it', async () => {
    await enter('otto');
    await expect
      .poll(() => visitor.alert.allTextContents())
      .toEqual(SERVERS.map(() => expect.stringContaining('This needs your permission')));
    expect(world.company.lastReason).toBe('scope_insufficient');
    expect(await visitor.page.locator('.figures').count()).toBe(0);
    await visitor.button('Allow it on the next page').first().click();
    const wishes = visitor.page.getByRole('listitem');
    await wishes.first().waitFor();
    await expect
      .poll(() => wishes.allTextContents(), { message: 'nothing else is asked' })
      .toEqual(['See how the servers check access']);
    await visitor.allow();
    await visitor.page.getByRole('heading', { name: 'Access', level: 1 }).waitFor();
    for (const server of SERVERS) await partOf(server).getByRole('img').waitFor();
    expect(await visitor.alert.count()).toBe(0);
  });

  it('shows refusals by reason as they come, of both servers, and as many as there were', async () => {
    await enterOtto();
    const { company } = world;
    const before = (await look())['Orders API'].refused;
    const read = (await company.signIn('bo', { scope: 'orders:read' })).access_token;
    const staff = (await company.signIn('bo', { scope: 'staff:read', resource: MANAGER_API })).access_token;
    const [header, payload, signature = ''] = read.split('.');
    const tampered = [header, payload, `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`].join('.');
    const orders = `${company.ordersApi}/orders`;
    for (let count = 0; count < 3; count += 1) await company.call(undefined, orders);
    for (let count = 0; count < 2; count += 1) await company.call(tampered, orders);
    for (let count = 0; count < 4; count += 1) await company.call(read, orders, { item: 'x', quantity: 1 });
    await company.call(staff, orders);
    await company.call(read, `${company.managerServer}/staff`);
    expect((await company.call(read, orders)).status, 'a control').toBe(200);

    const reports = await look();
    for (const server of SERVERS) {
      const { refused } = reports[server];
      const grown = Object.entries(refused).map(([reason, count]) => [reason, count - (before[reason] ?? 0)]);
      expect(Object.fromEntries(grown.filter(([, count]) => count !== 0))).toEqual({
        token_missing: 3,
        signature_invalid: 2,
        scope_insufficient: 4,
        audience_mismatch: 2,
      });
      const most = Object.entries(refused).sort(([, a], [, b]) => b - a);
      const shown = await rowsOf(partOf(server), 'Refused, by reason');
      expect(shown, 'the most frequent first').toEqual(most.map(([reason, count]) => [reason, String(count)]));
      const all = Object.values(refused).reduce((sum, count) => sum + count, 0);
      expect(await figure(partOf(server), 'Refused')).toBe(String(all));
    }
  });

  it('shows how often the cache of tokens has helped, as verifier.status() has it', async () => {
    await enterOtto();
    const { company } = world;
    const { access_token: token } = await company.signIn('bo', { scope: 'orders:read' });
    // Both servers share a verifier: the one that was asked last has seen the most.
    const latest = (reports: Readonly<Record<Server, AccessReport>>) => {
      const caches = SERVERS.flatMap((server) => reports[server].status.tokenCache ?? []);
      return caches.reduce((one, other) => (other.hits > one.hits ? other : one));
    };
    const rate = (hits: number, misses: number) => `${Math.round((100 * hits) / (hits + misses))} %`;
    const before = latest(await look());
    for (let count = 0; count < 200; count += 1) await company.call(token, `${company.ordersApi}/orders`);
    const reports = await look();
    const after = latest(reports);
    expect(company.verifier.status().tokenCache).toEqual(after);
    expect([after.misses - before.misses, after.hits - before.hits]).toEqual([1, 199 + SERVERS.length]);
    for (const server of SERVERS) {
      const { hits = 0, misses = 0, size } = reports[server].status.tokenCache ?? {};
      expect(await figure(partOf(server), 'Cache hits')).toBe(rate(hits, misses));
      await partOf(server).getByText(`${size} of 10000 tokens`).waitFor();
    }
    expect(rate(after.hits, after.misses)).not.toBe(rate(before.hits, before.misses));
  });

  it('names each chart by its numbers, and draws them', async () => {
    await enterOtto();
    for (let count = 0; count < 5; count += 1) await world.company.call(undefined, `${world.company.ordersApi}/orders`);
    const reports = await look();
    for (const server of SERVERS) {
      const { spans } = reports[server];
      const sum = (kind: 'accepted' | 'refused') => spans.reduce((total, span) => total + span[kind], 0);
      const chart = partOf(server).getByRole('img');
      const name = `${server}, last 5 minutes: ${sum('accepted')} requests let in, ${sum('refused')} refused`;
      expect(await chart.getAttribute('aria-label')).toBe(name);
      expect(sum('refused')).toBeGreaterThan(4);
      const most = Math.max(...spans.map(({ accepted, refused }) => accepted + refused));
      const heights = (kind: string) =>
        chart.locator(`.bar-${kind}`).evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute('height'))));
      const expected = (kind: 'accepted' | 'refused') =>
        spans.map((span) => expect.closeTo((span[kind] / most) * CHART_HEIGHT, 3));
      expect(await heights('accepted')).toEqual(expected('accepted'));
      expect(await heights('refused')).toEqual(expected('refused'));
      await partOf(server).getByText(`at most ${most} in 10 s`).waitFor();
    }
  });

  it('shows how old the keys are', async () => {
    await enterOtto();
    await refreshKeys();
    const ages = async () => {
      const reports = await look();
      const [[kid, algorithm, known] = []] = await rowsOf(partOf('Orders API'), /^Keys of/);
      const key = reports['Orders API'].status.issuers[0]?.keys[0];
      expect([kid, algorithm]).toEqual([key?.kid, 'ES256']);
      return [
        known,
        await partOf('Orders API')
          .getByText(/^fetched|^ fetched/)
          .textContent(),
      ];
    };
    expect((await ages())[1]).toMatch(/^ fetched [0-5] s ago$/);
    vi.setSystemTime(Date.now() + 180_000);
    const [known, fetched] = await ages();
    expect(fetched).toBe(' fetched 3 min ago');
    expect(known).toMatch(/^known for [3-9] min$/);
  });

  it('shows two keys once a token of a new key has come', async () => {
    const { company } = world;
    onTestFinished(async () => {
      await world.restartAuthorizationServer();
      await refreshKeys();
    });
    await enterOtto();
    const kids = async () => {
      const reports = await look();
      const rows = await rowsOf(partOf('Manager server'), /^Keys of/);
      const shown = rows.map(([kid]) => kid);
      expect(shown).toEqual(reports['Manager server'].status.issuers[0]?.keys.map(({ kid }) => kid));
      return shown;
    };
    const [old, ...none] = await kids();
    expect(none).toEqual([]);
    await company.authorizationServer.rotateKeys();
    expect(await kids(), 'nobody has come with a token of the new key').toEqual([old]);
    const { access_token: token } = await company.signIn('bo', { scope: 'orders:read' });
    expect((await company.call(token, `${company.ordersApi}/orders`)).status).toBe(200);
    const { kid } = JSON.parse(`${Buffer.from(token.split('.')[0] ?? '', 'base64url')}`);
    const two = await kids();
    expect([...two].sort()).toEqual([old, kid].sort());
  });

  it('says that the authorization server cannot be asked for its keys, and why, while known keys go on', async () => {
    await enterOtto();
    const { company } = world;
    const state = (name: string) => partOf('Orders API').locator('caption .badge').getByText(name, { exact: true });
    await look();
    await state('fresh').waitFor();
    expect(await partOf('Orders API').locator('caption .issue').count()).toBe(0);

    await company.authorizationServer.close();
    onTestFinished(async () => {
      await world.restartAuthorizationServer();
      await refreshKeys();
    });
    await expect(company.verifier.refresh()).rejects.toMatchObject({ reason: 'metadata_unavailable' });
    const { status } = (await look())['Orders API'];
    await state('failing').waitFor();
    const why = await partOf('Orders API').locator('caption .issue').textContent();
    expect(why).toBe(status.issuers[0]?.lastError);
    expect(why).toContain('could not be fetched');
    expect((await rowsOf(partOf('Orders API'), /^Keys of/)).length).toBeGreaterThan(0);
    expect(await visitor.alert.count(), 'the page itself has no problem').toBe(0);

    await world.restartAuthorizationServer();
    await refreshKeys();
    await look();
    await state('fresh').waitFor();
    expect(await partOf('Orders API').locator('caption .issue').count()).toBe(0);
  });

  it('looks every two seconds, and no more when the page is hidden or left', async () => {
    await enterOtto();
    const { page } = visitor;
    const hide = (isHidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
      }, isHidden);
    expect(looks.map((request) => request.url()).sort(), 'once at each server').toEqual(SERVERS.map(urlOf).sort());
    looks.length = 0;
    await hide(true);
    await turnOn(MANY_LOOKS);
    expect(looks).toEqual([]);
    await hide(false);
    await look();
    expect(looks).toHaveLength(SERVERS.length);

    looks.length = 0;
    await visitor.goTo('Permissions');
    await turnOn(MANY_LOOKS);
    expect(looks).toEqual([]);
    await visitor.goTo('Access');
    await turnOn(STEP);
    for (const server of SERVERS) await partOf(server).getByRole('img').waitFor();
    expect(looks, 'a control: back again').toHaveLength(SERVERS.length);
  });

  it('waits for an answer that takes long, and asks no second time before', async () => {
    await enterOtto();
    const { page } = visitor;
    const url = urlOf('Orders API');
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route(url, async (route) => {
      await held;
      await route.continue();
    });
    looks.length = 0;
    const asked = await nextLook('Orders API');
    await turnOn(MANY_LOOKS);
    expect(looks.filter((request) => request.url() === url)).toEqual([asked]);
    expect(looks.length, 'a control: the other server is asked').toBeGreaterThan(5);
    release();
    const { accepted }: AccessReport = await readAnswer(asked);
    await partOf('Orders API').getByText(String(accepted), { exact: true }).first().waitFor();
  });

  it('keeps what it knows while one server is away, says so there, and goes on by itself', async () => {
    await enterOtto();
    const { page } = visitor;
    const url = urlOf('Manager server');
    await page.route(url, (route) => route.abort());
    looks.length = 0;
    await nextLook('Manager server');
    await partOf('Manager server').getByRole('alert').waitFor();
    expect(await visitor.alert.textContent()).toContain('The server cannot be reached');
    expect(await partOf('Manager server').getByRole('img').count()).toBe(1);
    expect(await partOf('Orders API').getByRole('alert').count()).toBe(0);
    await page.unroute(url);
    await look();
    await visitor.alert.waitFor({ state: 'detached' });
  });

  it('does not look again while the permission is missing', async () => {
    await enter('otto');
    looks.length = 0;
    await turnOn(MANY_LOOKS);
    expect(looks).toEqual([]);
    expect(world.company.lastReason).toBe('scope_insufficient');
    await visitor.allowMore();
    for (const server of SERVERS) await partOf(server).getByRole('img').waitFor();
    await turnOn(ONE_LOOK);
    expect(looks.length, 'a control: it looks once it may').toBeGreaterThan(SERVERS.length);
  });

  it('tells one who is no operator that it is not for them, shows nothing, and asks for nothing', async () => {
    await enter('ada');
    looks.length = 0;
    await expect
      .poll(() => visitor.alert.allTextContents())
      .toEqual(SERVERS.map(() => expect.stringContaining('This is not for you')));
    expect(world.company.lastReason).toBe('claim_rule_failed');
    expect(await visitor.page.locator('.figures, table, figure').count()).toBe(0);
    expect(await visitor.button('Allow it on the next page').count()).toBe(0);
    await turnOn(MANY_LOOKS);
    expect(looks).toEqual([]);

    // Nor when the app has the permission: the role is the person's.
    await visitor.goTo('Permissions');
    await visitor.button('Allow: See how the servers check access').first().click();
    await visitor.allow();
    await visitor.goTo('Access');
    await visitor.alert.nth(1).waitFor();
    await expect
      .poll(() => visitor.alert.allTextContents())
      .toEqual(SERVERS.map(() => expect.stringContaining('This is not for you')));
    expect(world.company.lastReason).toBe('claim_rule_failed');
  });
});
