import type { Route } from 'playwright-core';
import { describe, expect, it, vi } from 'vitest';
import { DASHBOARD, MANAGER_API, ORDERS_API } from '../../company.js';
import { describeInBrowser } from './support/chromium.js';
import { hold } from './support/hold.js';
import { OrdersServer } from './support/orders-server.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

const TOKEN_SECONDS = 300;
const TOLERANCE_SECONDS = 5;
// The dashboard gets a new token this long before the end of the old one.
const MARGIN_SECONDS = 10;

describeInBrowser('tokens that end, or are not what they were', () => {
  const world = useDashboard({ movesTime: true });
  let visitor: Visitor;

  const arrive = async () => {
    visitor = await world.visit();
    await visitor.page.clock.install({ time: Date.now() });
  };
  /** The clock of all servers. */
  const passOnServers = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
  const pass = async (seconds: number) => {
    passOnServers(seconds);
    await visitor.page.clock.fastForward(seconds * 1000);
  };
  const allow = async (wish: string) => {
    await visitor.grant(wish);
    await visitor.page.getByText('allowed').nth(1).waitFor();
  };
  const refreshes = () => visitor.calls.tokenForms.filter((form) => form['grant_type'] === 'refresh_token');
  const countOf = (call: string) => visitor.calls.apiCalls.filter((made) => made === call).length;
  /** RFC 9700 §4.14.2: whoever uses a refresh token twice is taken for a thief. */
  const expectNoneTwice = () => {
    const used = refreshes().map((form) => form['refresh_token']);
    expect(new Set(used).size).toBe(used.length);
  };

  it('RFC 6749 §1.5: gets a new token shortly before the old one ends, so that no API refuses anything', async () => {
    await arrive();
    await visitor.signIn('bo');
    await visitor.heading('tea').waitFor();
    const refusals = world.company.log.length;
    await pass(TOKEN_SECONDS - MARGIN_SECONDS - 5);
    await visitor.goTo('Permissions');
    await visitor.heading('See the orders of your company').waitFor();
    await visitor.goTo('Orders');
    await visitor.heading('tea').waitFor();
    expect((await visitor.calls.tokens()).length).toBe(1);

    await pass(6);
    await visitor.goTo('Permissions');
    await visitor.goTo('Orders');
    await visitor.heading('tea').waitFor();
    expect((await visitor.calls.tokens()).length).toBe(2);
    expect(refreshes().filter(({ resource }) => resource === ORDERS_API)).toHaveLength(1);
    expectNoneTwice();
    expect(world.company.log).toHaveLength(refusals);
  });

  it('gets a new token once the API says that the old one is over, and creates the order once', async () => {
    const server = await OrdersServer.start(world);
    await arrive();
    await visitor.signIn('bo');
    await allow('Create and cancel orders');
    await visitor.goTo('Orders');
    await visitor.fillOrder('ink');
    await visitor.button('Create the order').click();
    await visitor.heading('ink').waitFor();
    expect(countOf('POST /orders')).toBe(1);
    const before = refreshes().length;

    await visitor.fillOrder('pens');
    passOnServers(TOKEN_SECONDS + TOLERANCE_SECONDS);
    await visitor.button('Create the order').click();
    await visitor.heading('pens').waitFor();
    expect(world.company.lastReason).toBe('token_expired');
    expect(countOf('POST /orders')).toBe(3);
    expect(refreshes()).toHaveLength(before + 1);
    expectNoneTwice();
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups', 'ink', 'pens']);
  });

  it('RFC 9700 §4.14: two APIs that refuse at once lead to one refresh each, one after the other', async () => {
    await arrive();
    await visitor.signIn('otto');
    await visitor.goTo('Access');
    await visitor.allowMore();
    await visitor.page.getByText('Cache hits').nth(1).waitFor();
    await visitor.goTo('Orders');
    await visitor.heading('tea').waitFor();
    const before = refreshes().length;
    const refused = () => world.company.log.filter((line) => line.includes('token_expired')).length;
    const refusedBefore = refused();

    passOnServers(TOKEN_SECONDS + TOLERANCE_SECONDS);
    await visitor.goTo('Access');
    await visitor.page.getByText('Cache hits').nth(1).waitFor();
    expect(refused()).toBe(refusedBefore + 2);
    const apis = refreshes()
      .slice(before)
      .map(({ resource }) => resource);
    expect(apis.sort()).toEqual([MANAGER_API, ORDERS_API]);
    expectNoneTwice();
  });

  it('RFC 9700 §4.14: two calls that one API refuses at once lead to one refresh, and each is done once', async () => {
    const server = await OrdersServer.start(world);
    const { id } = await server.orders.create('acme', { item: 'ink', quantity: 1, note: '' }, 'bo');
    await arrive();
    await visitor.signIn('bo');
    await allow('Create and cancel orders');
    await visitor.goTo('Orders');
    await visitor.heading('ink').waitFor();
    const before = refreshes().length;
    const letGo = await hold(visitor.page, '**/token');
    let refused = 0;
    const bothRefused = new Promise<void>((resolve) => {
      visitor.page.on('response', (response) => {
        if (response.status() === 401 && ++refused === 2) resolve();
      });
    });

    passOnServers(TOKEN_SECONDS + TOLERANCE_SECONDS);
    for (const name of ['Cancel order 1, tea', `Cancel order ${id}, ink`]) {
      await visitor.page.getByRole('button', { name }).click();
      await visitor.button('Cancel the order').click();
    }
    await bothRefused;
    letGo();
    await visitor.page.getByRole('button', { name: 'Cancel order' }).first().waitFor({ state: 'detached' });
    expect(refreshes()).toHaveLength(before + 1);
    expect(countOf('POST /orders/1/cancel')).toBe(2);
    expect(countOf(`POST /orders/${id}/cancel`)).toBe(2);
    const orders = await server.orders.list('acme', { after: 0, limit: 10 });
    expect(orders.map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });

  it('RFC 9700 §4.14.2: a refresh token that somebody else has used ends the sign-in, and no draft', async () => {
    const server = await OrdersServer.start(world);
    await arrive();
    const stolen: string[] = [];
    visitor.page.on('response', async (response) => {
      if (response.url().endsWith('/token')) stolen.push((await response.json())['refresh_token']);
    });
    await visitor.signIn('bo');
    await allow('Create and cancel orders');
    await visitor.goTo('Orders');
    await visitor.fillOrder('pens');
    const use = (token = '') => {
      const form = { grant_type: 'refresh_token', client_id: DASHBOARD.id, refresh_token: token, resource: ORDERS_API };
      return world.company.requestToken(form);
    };
    const thief = await use(stolen.at(-1));
    expect(thief.status).toBe(200);

    await pass(TOKEN_SECONDS);
    await visitor.button('Create the order').click();
    await visitor.heading('Your sign-in has ended').waitFor();
    expect(await visitor.page.getByLabel('Item').inputValue()).toBe('pens');
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups']);
    // It ends for the other one too: nobody can tell who of the two is the thief.
    expect(await use(thief.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' });

    await visitor.button('Sign in again').click();
    await visitor.allow();
    await visitor.heading('New order').waitFor();
    expect(await visitor.page.getByLabel('Item').inputValue()).toBe('pens');
    await visitor.button('Create the order').click();
    await visitor.heading('pens').waitFor();
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups', 'pens']);
  });

  it('goes on with the old token when the key is rotated, and with the new key afterwards', async () => {
    await arrive();
    await visitor.signIn('bo');
    await visitor.heading('tea').waitFor();
    const [old = ''] = await visitor.calls.tokens();
    const refusals = world.company.log.length;
    await world.company.authorizationServer.rotateKeys();
    await visitor.goTo('Permissions');
    await visitor.goTo('Orders');
    await visitor.heading('tea').waitFor();
    expect(await visitor.calls.tokens()).toEqual([old]);

    await pass(TOKEN_SECONDS - MARGIN_SECONDS + 1);
    await visitor.goTo('Permissions');
    await visitor.goTo('Orders');
    await visitor.heading('tea').waitFor();
    const [, latest = ''] = await visitor.calls.tokens();
    expect(keyOf(latest)).not.toBe(keyOf(old));
    const known = world.company.verifier.status().issuers.flatMap(({ keys }) => keys.map(({ kid }) => kid));
    expect(known).toEqual(expect.arrayContaining([keyOf(old), keyOf(latest)]));
    // Its key signs nothing any more, and it goes on to its end all the same.
    expect((await world.company.call(old, `${world.company.ordersApi}/orders`)).status).toBe(200);
    expect(world.company.log).toHaveLength(refusals);
  });

  describe.each<[string, string, (token: string) => string]>([
    ['whose signature was changed by one character', 'signature_invalid', flipSignature],
    ['in which another company was written', 'signature_invalid', moveToGlobex],
    ['that was cut short', 'token_malformed', (token) => token.slice(0, -1)],
  ])('a token %s', (_, reason, tamper) => {
    const tamperWith = (times?: number) => {
      const orders = `${world.company.ordersApi}/orders*`;
      return visitor.page.route(
        orders,
        (route) => {
          const { authorization = '', ...headers } = route.request().headers();
          const [scheme, token = ''] = authorization.split(' ');
          return route.continue({ headers: { ...headers, authorization: `${scheme} ${tamper(token)}` } });
        },
        times === undefined ? {} : { times },
      );
    };

    it('RFC 6750 §3.1: is replaced by a new one once, and then the sign-in is over', async () => {
      await arrive();
      await visitor.signIn('bo');
      await visitor.heading('tea').waitFor();
      await visitor.goTo('Permissions');
      const asked = countOf('GET /orders');
      await tamperWith();
      await visitor.goTo('Orders');
      await visitor.heading('Your sign-in has ended').waitFor();
      expect(world.company.lastReason).toBe(reason);
      expect(refreshes().filter(({ resource }) => resource === ORDERS_API)).toHaveLength(1);
      expect(countOf('GET /orders')).toBe(asked + 2);
      expectNoneTwice();
      expect(await visitor.page.getByRole('listitem').count()).toBe(0);

      await visitor.page.unroute(`${world.company.ordersApi}/orders*`);
      await visitor.button('Sign in again').click();
      await visitor.heading('tea').waitFor();
      expect(await visitor.alert.count()).toBe(0);
    });

    it('is not noticed by the person where it happens once', async () => {
      await arrive();
      await visitor.signIn('bo');
      await visitor.heading('tea').waitFor();
      await visitor.goTo('Permissions');
      await tamperWith(1);
      await visitor.goTo('Orders');
      await visitor.heading('tea').waitFor();
      expect(world.company.lastReason).toBe(reason);
      expect(refreshes().filter(({ resource }) => resource === ORDERS_API)).toHaveLength(1);
      expect(await visitor.alert.count()).toBe(0);
    });
  });

  it('takes away what was shown when it may not be shown any more', async () => {
    const server = await OrdersServer.start(world);
    await arrive();
    await visitor.signIn('bo');
    await allow('Create and cancel orders');
    await visitor.goTo('Orders');
    await visitor.heading('tea').waitFor();
    await visitor.page.route(`${world.company.ordersApi}/orders?*`, (route) => {
      const { authorization = '', ...headers } = route.request().headers();
      return route.continue({ headers: { ...headers, authorization: flipSignature(authorization) } });
    });
    await visitor.button('Cancel order 1, tea').click();
    await visitor.button('Cancel the order').click();
    await visitor.heading('Your sign-in has ended').waitFor();
    expect(world.company.lastReason).toBe('signature_invalid');
    expect(await visitor.heading('tea').count()).toBe(0);
    expect((await server.orders.find('acme', 1))?.status).toBe('cancelled');

    await visitor.page.unrouteAll();
    await visitor.button('Sign in again').click();
    await visitor.heading('tea').waitFor();
  });

  it('RFC 9068 §4: a token of the other API is refused by each of the two, and nothing is shown', async () => {
    await arrive();
    await visitor.signIn('bo');
    await visitor.goTo('Staff');
    await visitor.allowMore();
    await visitor.heading('Bo Berg').waitFor();
    await visitor.goTo('Orders');
    await visitor.heading('tea').waitFor();
    const tokens = await visitor.calls.tokens();
    const { ordersApi, managerServer } = world.company;
    const audiences = { [ordersApi]: ORDERS_API, [managerServer]: MANAGER_API };
    const swap = (route: Route) => {
      const { origin } = new URL(route.request().url());
      const other = tokens.findLast((token) => payloadOf(token)['aud'] !== audiences[origin]);
      return route.continue({ headers: { ...route.request().headers(), authorization: `Bearer ${other}` } });
    };
    for (const [page, url, shown] of [
      ['Staff', `${managerServer}/staff`, 'Bo Berg'],
      ['Orders', `${ordersApi}/orders*`, 'tea'],
    ] as const) {
      await visitor.goTo('Permissions');
      await visitor.page.route(url, swap);
      await visitor.goTo(page);
      await visitor.heading('Your sign-in has ended').waitFor();
      expect(world.company.lastReason).toBe('audience_mismatch');
      expect(await visitor.heading(shown).count()).toBe(0);
      await visitor.page.unroute(url);
      await visitor.goTo('Permissions');
      await visitor.goTo(page);
      await visitor.heading(shown).waitFor();
    }
  });
});

function keyOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
}

function payloadOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

function flipSignature(token: string): string {
  const at = token.lastIndexOf('.') + 1;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

function moveToGlobex(token: string): string {
  const [header, , signature] = token.split('.');
  const payload = JSON.stringify({ ...payloadOf(token), tenant: 'globex' });
  return `${header}.${Buffer.from(payload).toString('base64url')}.${signature}`;
}
