import { createServer } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import { listen } from '../../../../test/support/listen.js';
import { describeInBrowser } from './support/chromium.js';
import { hold } from './support/hold.js';
import { OrdersServer } from './support/orders-server.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

const TOKEN_SECONDS = 300;

describeInBrowser('servers that fail while somebody works', () => {
  const world = useDashboard({ movesTime: true });
  let visitor: Visitor;

  const arrive = async () => {
    visitor = await world.visit();
    await visitor.page.clock.install({ time: Date.now() });
  };
  const pass = async (seconds: number) => {
    vi.setSystemTime(Date.now() + seconds * 1000);
    await visitor.page.clock.fastForward(seconds * 1000);
  };
  const signInToOrder = async () => {
    await arrive();
    await visitor.signIn('bo');
    await visitor.grant('Create and cancel orders');
    await visitor.page.getByText('allowed').nth(1).waitFor();
    await visitor.goTo('Orders');
    await visitor.heading('tea').waitFor();
  };
  const create = () => visitor.button('Create the order').click();
  const expectDraft = async (item: string) => expect(await visitor.page.getByLabel('Item').inputValue()).toBe(item);

  it('goes on without the authorization server while the tokens last, says then what is wrong, and recovers', async () => {
    const server = await OrdersServer.start(world);
    await signInToOrder();
    await world.company.authorizationServer.close();
    onTestFinished(() => world.restartAuthorizationServer());
    const tokenRequests = visitor.calls.tokenForms.length;
    await visitor.fillOrder('ink');
    await create();
    await visitor.heading('ink').waitFor();
    expect(visitor.calls.tokenForms).toHaveLength(tokenRequests);

    await visitor.fillOrder('pens');
    await pass(TOKEN_SECONDS);
    await create();
    await visitor.heading('The server cannot be reached').waitFor();
    await expectDraft('pens');
    await visitor.goTo('Permissions');
    await visitor.heading('The server cannot be reached').waitFor();
    const asked = visitor.calls.tokenForms.length;
    await visitor.button('Try again').click();
    await expect.poll(() => visitor.calls.tokenForms.length).toBe(asked + 1);
    await visitor.button('Try again').waitFor();

    // It has forgotten everybody: its sessions were in the memory of a process that is gone.
    await world.restartAuthorizationServer();
    await visitor.button('Try again').click();
    await visitor.heading('Your sign-in has ended').waitFor();
    await visitor.button('Sign in again').click();
    await visitor.enterPassword('bo');
    await visitor.allow();
    await visitor.page.getByText('allowed').nth(1).waitFor();
    await visitor.goTo('Orders');
    await expectDraft('pens');
    await create();
    await visitor.heading('pens').waitFor();
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups', 'ink', 'pens']);
  });

  it('goes on with the same refresh token where the authorization server could not be reached for a while', async () => {
    await OrdersServer.start(world);
    await signInToOrder();
    await pass(TOKEN_SECONDS);
    await visitor.page.route('**/token', (route) => route.abort('connectionrefused'));
    await visitor.goTo('Report');
    await visitor.heading('The server cannot be reached').waitFor();
    await visitor.page.unroute('**/token');
    await visitor.button('Try again').click();
    await visitor.heading('This is not for you').waitFor();
    await visitor.goTo('Orders');
    await visitor.heading('tea').waitFor();
  });

  it('says that an API is down, keeps what was typed, and goes on when it is up again', async () => {
    const server = await OrdersServer.start(world);
    await signInToOrder();
    await visitor.fillOrder('pens');
    await server.stop();
    await create();
    await visitor.heading('The server cannot be reached').waitFor();
    await expectDraft('pens');
    await visitor.goTo('Report');
    await visitor.heading('The server cannot be reached').waitFor();
    // The other one is up.
    await visitor.goTo('Staff');
    await visitor.heading('This needs your permission').waitFor();
    await visitor.goTo('Orders');
    await visitor.heading('The server cannot be reached').waitFor();

    await server.restart();
    await visitor.button('Try again').click();
    await visitor.heading('tea').waitFor();
    expect(await visitor.alert.count()).toBe(0);
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups']);
    await expectDraft('pens');
    await create();
    await visitor.heading('pens').waitFor();
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups', 'pens']);
  });

  it('RFC 9110 §10.2.3: tells how long to wait where an API has no keys to verify tokens with', async () => {
    await OrdersServer.start(world, { verifier: world.company.createVerifier() });
    await arrive();
    const letGo = await hold(visitor.page, `${world.company.ordersApi}/orders*`);
    const answered = visitor.page.waitForResponse((response) => response.url().startsWith(world.company.ordersApi));
    await visitor.signIn('bo');
    await world.company.authorizationServer.close();
    onTestFinished(() => world.restartAuthorizationServer());
    letGo();
    const answer = await answered;
    expect(answer.status()).toBe(503);
    const seconds = Number(await answer.headerValue('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    await visitor.heading('This cannot be done now').waitFor();
    const wait = seconds === 1 ? 'a second' : `${seconds} seconds`;
    expect(await visitor.alert.textContent()).toContain(`The server asks for patience. Try again in ${wait}.`);
    // It is not the token's fault, so it is kept.
    expect(visitor.calls.tokenForms).toHaveLength(1);

    await world.restartAuthorizationServer();
    await pass(seconds);
    await visitor.button('Try again').click();
    await visitor.heading('tea').waitFor();
    expect(visitor.calls.tokenForms).toHaveLength(1);
    expect(await visitor.alert.count()).toBe(0);
  });

  it('says no more of a mistake of the server than that there was one, however often somebody tries again', async () => {
    const server = await OrdersServer.start(world);
    await signInToOrder();
    await visitor.fillOrder('pens');
    const logged = world.company.log.length;
    await server.orders.close();
    await create();
    await visitor.heading('Something went wrong').waitFor();
    await expectDraft('pens');
    expect(world.company.log).toHaveLength(logged + 1);
    expect(world.company.log.at(-1)).toContain('"event":"failed"');
    const [token = ''] = (await visitor.calls.tokens()).slice(-1);
    const { status, text } = await world.company.call(token, `${world.company.ordersApi}/orders`);
    expect([status, text]).toEqual([500, '{"error":"server_error"}']);

    // A browser has six connections to one server: no answer may keep one.
    await visitor.goTo('Permissions');
    await visitor.goTo('Orders');
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      const asked = world.company.log.length;
      await visitor.button('Try again').click();
      await expect.poll(() => world.company.log.length).toBe(asked + 1);
      await visitor.page.locator('[aria-busy=false]').waitFor();
    }
    await visitor.heading('Something went wrong').waitFor();
  });

  it.each([
    ['HTML of a proxy', 502, '<h1 id="proxy">Bad gateway</h1><script>alert(1)</script>'],
    ['a page of somebody who wants a payment first', 200, '<h1 id="proxy">Welcome to our Wi-Fi</h1>'],
    ['nothing', 200, ''],
  ])('gets by with %s in place of an answer (%d)', async (_, status, body) => {
    const server = await OrdersServer.start(world);
    await signInToOrder();
    const garble = (times: number) => {
      const headers = { 'content-type': 'text/html', 'access-control-allow-origin': world.origin };
      return visitor.page.route(
        `${world.company.ordersApi}/orders*`,
        (route) => route.fulfill({ status, headers, body }),
        { times },
      );
    };
    await visitor.goTo('Permissions');
    await garble(1);
    await visitor.goTo('Orders');
    await visitor.heading('Something went wrong').waitFor();
    expect(await visitor.page.locator('#proxy').count()).toBe(0);
    await visitor.button('Try again').click();
    await visitor.heading('tea').waitFor();

    await visitor.fillOrder('pens');
    await garble(1);
    await create();
    await visitor.heading('Something went wrong').waitFor();
    await expectDraft('pens');
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups']);
  });

  it('Fetch §3.2 (CORS): lets the dashboard read its APIs and tokens, and no page of another origin', async () => {
    await signInToOrder();
    const [token = ''] = await visitor.calls.tokens();
    const elsewhere = await listen(createServer((_, res) => res.end('<!doctype html><title>Elsewhere</title>')));
    onTestFinished(() => elsewhere.close());
    const stranger = await visitor.page.context().newPage();
    await stranger.goto(`http://127.0.0.1:${elsewhere.port}`);
    const { ordersApi, managerServer, authorizationServer, counts, verifier } = world.company;
    const authorization = `Bearer ${token}`;
    const form = 'grant_type=refresh_token&client_id=dashboard&refresh_token=none';
    const requests: readonly [url: string, options: RequestInit, status: number][] = [
      [`${ordersApi}/orders`, { headers: { authorization } }, 200],
      [`${ordersApi}/orders`, {}, 401],
      [`${managerServer}/staff`, { headers: { authorization } }, 401],
      [`${ordersApi}/health`, {}, 200],
      [
        `${authorizationServer.issuer}/token`,
        { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form },
        400,
      ],
    ];
    for (const [url, options, status] of requests) {
      const read = ([address, init]: readonly [string, RequestInit]) =>
        fetch(address, init).then(
          async (response) => `${response.status} ${(await response.text()) !== ''}`,
          (error: Error) => error.name,
        );
      const { accepted } = counts.report(verifier);
      expect(await stranger.evaluate(read, [url, options] as const), url).toBe('TypeError');
      expect(counts.report(verifier).accepted).toBe(accepted);
      expect(await visitor.page.evaluate(read, [url, options] as const), url).toBe(`${status} true`);
    }
  });

  it('does nothing wrong when somebody leaves a page before its answer comes', async () => {
    const server = await OrdersServer.start(world);
    await signInToOrder();
    await visitor.goTo('Permissions');
    const letGo = await hold(visitor.page, `${world.company.ordersApi}/orders*`);
    await visitor.goTo('Orders');
    await visitor.goTo('Staff');
    await visitor.heading('This needs your permission').waitFor();
    letGo();
    await visitor.page.unrouteAll({ behavior: 'wait' });
    expect(await visitor.page.getByRole('heading', { level: 1 }).textContent()).toBe('Staff');
    expect(await visitor.page.title()).toBe('Staff · Company dashboard');
    expect(await visitor.heading('tea').count()).toBe(0);
    await visitor.goTo('Orders');
    await visitor.heading('tea').waitFor();

    await visitor.fillOrder('pens');
    const letCreate = await hold(visitor.page, `${world.company.ordersApi}/orders`);
    const created = visitor.page.waitForResponse((response) => response.status() === 201);
    await create();
    await visitor.goTo('Staff');
    letCreate();
    await (await created).finished();
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups', 'pens']);
    await visitor.goTo('Orders');
    await visitor.heading('pens').waitFor();
    expect(await visitor.heading('New order').count()).toBe(0);
    expect(await visitor.alert.count()).toBe(0);
  });

  it('keeps what was typed while the browser is offline, and creates it once afterwards', async () => {
    const server = await OrdersServer.start(world);
    await signInToOrder();
    await visitor.fillOrder('pens');
    await visitor.page.context().setOffline(true);
    await create();
    await visitor.heading('The server cannot be reached').waitFor();
    await expectDraft('pens');
    await visitor.goTo('Report');
    await visitor.heading('The server cannot be reached').waitFor();
    expect(await visitor.alert.textContent()).toContain('Look at your connection');
    await visitor.goTo('Orders');
    await visitor.heading('The server cannot be reached').waitFor();

    await visitor.page.context().setOffline(false);
    await visitor.button('Try again').click();
    await visitor.heading('tea').waitFor();
    await create();
    await visitor.heading('pens').waitFor();
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups', 'pens']);
  });

  it('RFC 9110 §9.2.2: does not repeat an order by itself when its answer is lost, and says that it may be done', async () => {
    const server = await OrdersServer.start(world);
    await signInToOrder();
    await visitor.fillOrder('pens');
    const orders = `${world.company.ordersApi}/orders`;
    await visitor.page.route(orders, async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    });
    await create();
    await visitor.heading('The server cannot be reached').waitFor();
    expect(await visitor.alert.textContent()).toContain('It may have been done all the same');
    expect(visitor.calls.apiCalls.filter((call) => call === 'POST /orders')).toHaveLength(1);
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups', 'pens']);

    await visitor.page.unroute(orders);
    await visitor.page.reload();
    await visitor.heading('pens').waitFor();
    await expectDraft('pens');
    await visitor.button('Leave it').click();
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups', 'pens']);
  });

  it('RFC 9700 §4.14.2: ends the sign-in, and no draft, when the answer with a new refresh token is lost', async () => {
    const server = await OrdersServer.start(world);
    await signInToOrder();
    await visitor.fillOrder('pens');
    await pass(TOKEN_SECONDS);
    await visitor.page.route('**/token', async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    });
    await create();
    await visitor.heading('The server cannot be reached').waitFor();
    // No order was sent without a token.
    expect(await visitor.alert.textContent()).not.toContain('It may have been done');
    await visitor.page.unroute('**/token');
    await create();
    await visitor.heading('Your sign-in has ended').waitFor();
    await expectDraft('pens');
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups']);

    await visitor.button('Sign in again').click();
    await visitor.allow();
    await visitor.heading('tea').waitFor();
    await expectDraft('pens');
    await create();
    await visitor.heading('pens').waitFor();
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups', 'pens']);
  });
});
