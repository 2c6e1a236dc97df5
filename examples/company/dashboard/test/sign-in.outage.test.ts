import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { listen } from '../../../../test/support/listen.js';
import { meetCallback } from './support/callback.js';
import { describeInBrowser } from './support/chromium.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

const UNREACHABLE = 'The server cannot be reached';

describeInBrowser('signing in while something is broken', () => {
  const world = useDashboard();
  let visitor: Visitor;
  const stopAuthorizationServer = async () => {
    onTestFinished(() => world.restartAuthorizationServer());
    await world.company.authorizationServer.close();
  };
  const expectAlert = async (title: string) => {
    await visitor.alert.getByRole('heading', { name: title, exact: true }).waitFor();
    await visitor.button('Sign in').waitFor();
    expect(await visitor.alert.count()).toBe(1);
  };
  const expectOrders = async () => {
    await visitor.page.getByRole('heading', { name: 'tea' }).waitFor();
    expect(await visitor.alert.count()).toBe(0);
  };

  it('says that the storage of the page is blocked, and sends nobody away', async () => {
    visitor = await world.visit();
    await visitor.page.addInitScript(() => {
      if (localStorage.getItem('blocked') === 'no') return;
      const block = () => {
        throw new DOMException('Access is denied for this document.', 'SecurityError');
      };
      Object.defineProperty(window, 'sessionStorage', { get: block });
    });
    await visitor.open();
    await visitor.button('Sign in').click();
    await expectAlert('Your browser blocks the storage of this page');
    expect(await visitor.alert.textContent()).toContain('Allow this site to store data, and try again.');
    expect(visitor.calls.authorizationRequests).toEqual([]);
    expect(visitor.page.url()).toBe(`${world.origin}/`);

    await visitor.page.evaluate(() => localStorage.setItem('blocked', 'no'));
    await visitor.page.reload();
    await visitor.goThroughSignIn('bo');
    await expectOrders();
  });

  it('takes no answer when the storage was blocked on the way', async () => {
    visitor = await world.visit();
    await visitor.open();
    await visitor.button('Sign in').click();
    await visitor.enterPassword('bo');
    await visitor.page.addInitScript(() => {
      Storage.prototype.getItem = () => {
        throw new DOMException('Access is denied for this document.', 'SecurityError');
      };
    });
    await visitor.allow();
    await expectAlert('This sign-in was not accepted');
    expect(visitor.calls.authorizationRequests).toHaveLength(1);
    expect(visitor.calls.tokenForms).toEqual([]);
  });

  it.each([
    ['no JSON', '{"state":'],
    ['null', 'null'],
    ['a number', '1e999'],
    ['a list', '[[]]'],
    ['an object of objects', '{"state":{},"nonce":{},"codeVerifier":{},"scope":{},"page":{},"item":{}}'],
  ])('is not confused by what others have put into the storage: %s', async (_, mess) => {
    visitor = await world.visit();
    const putMess = (text: string) => {
      const names = ['sign-in', 'notice', 'order-draft', 'invitation-draft'];
      for (const name of names) sessionStorage.setItem(name, text);
      // Text would be what it has to be: scopes.
      if (!text.startsWith('"')) sessionStorage.setItem('signed-in', text);
    };
    await visitor.open();
    await visitor.page.evaluate(putMess, mess);
    await visitor.page.reload();
    await visitor.button('Sign in').waitFor();
    expect(await visitor.alert.count()).toBe(0);
    expect(visitor.calls.authorizationRequests).toEqual([]);

    await visitor.open('/callback?code=a&state=a');
    await expectAlert('This sign-in was not accepted');
    expect(visitor.page.url()).toBe(`${world.origin}/`);
    expect(visitor.calls.tokenForms).toEqual([]);

    await visitor.page.evaluate(putMess, mess);
    await visitor.goThroughSignIn('bo');
    await expectOrders();
    expect(visitor.calls.tokenForms).toHaveLength(1);
    await visitor.page.evaluate(putMess, mess);
    await visitor.page.getByRole('button', { name: 'New order' }).click();
    expect(await visitor.page.getByLabel('Item').inputValue()).toBe('');
  });

  it('leads nobody to a page of another origin that others have put into the storage', async () => {
    visitor = await world.visit();
    await visitor.open();
    const begun = { state: 'a', nonce: 'a', codeVerifier: 'a'.repeat(43), scope: 'orders:read' };
    const { issuer } = world.company.authorizationServer;
    const comeBackTo = async (page: string) => {
      const text = JSON.stringify({ ...begun, page });
      await visitor.page.evaluate((value) => sessionStorage.setItem('sign-in', value), text);
      await visitor.open(`/callback?code=a&state=a&iss=${encodeURIComponent(issuer)}`);
      await visitor.button('Sign in').waitFor();
      return visitor.page.url();
    };
    for (const page of ['//login.evil.example/', '/\\login.evil.example/', 'https://login.evil.example/', 'staff']) {
      expect(await comeBackTo(page), page).toBe(`${world.origin}/`);
      await expectAlert('This sign-in was not accepted');
    }
    expect(visitor.calls.tokenForms).toEqual([]);
    expect(await comeBackTo('/staff'), 'control').toBe(`${world.origin}/staff`);
    await expectAlert('This sign-in is over');
    expect(visitor.calls.tokenForms).toHaveLength(1);
  });

  it('says that the authorization server is down when somebody signs in, and works once it is up', async () => {
    visitor = await world.visit();
    await visitor.open();
    await stopAuthorizationServer();
    await visitor.button('Sign in').click();
    await expectAlert(UNREACHABLE);
    expect(visitor.calls.authorizationRequests).toEqual([]);
    await world.restartAuthorizationServer();
    await visitor.goThroughSignIn('bo');
    await expectOrders();
  });

  it('says that the authorization server is down when the page is loaded again, and goes on there once it is up', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    await visitor.goTo('Permissions');
    await stopAuthorizationServer();
    await visitor.page.reload();
    await expectAlert(UNREACHABLE);
    expect(visitor.page.url()).toBe(`${world.origin}/permissions`);
    expect(visitor.calls.authorizationRequests).toHaveLength(1);
    await world.restartAuthorizationServer();
    await visitor.goThroughSignIn('bo');
    await visitor.heading('Permissions').waitFor();
    expect(await visitor.alert.count()).toBe(0);
  });

  it('says that the authorization server went down before it gave tokens, and signs nobody in', async () => {
    visitor = await world.visit();
    await visitor.open('/permissions');
    await meetCallback(visitor, world, stopAuthorizationServer);
    await visitor.goThroughSignIn('bo');
    await expectAlert(UNREACHABLE);
    expect(visitor.page.url(), 'without the code').toBe(`${world.origin}/permissions`);
    expect(visitor.calls.tokenForms).toEqual([]);
    expect(visitor.calls.apiCalls).toEqual([]);
    await world.restartAuthorizationServer();
    await visitor.goThroughSignIn('bo');
    await visitor.heading('Permissions').waitFor();
    expect(visitor.calls.tokenForms.map(({ grant_type }) => grant_type)).toContain('authorization_code');
  });

  const discoveryOf = () => `${world.company.authorizationServer.issuer}/.well-known/openid-configuration`;
  it('RFC 8414 §3.3, RFC 9207 §4: metadata of another issuer is refused before anybody is sent there', async () => {
    visitor = await world.visit();
    await visitor.page.route(discoveryOf(), async (route) => {
      const response = await route.fetch();
      const issuer = 'https://login.evil.example';
      const json = { ...(await response.json()), issuer, authorization_endpoint: `${issuer}/auth` };
      await route.fulfill({ response, json });
    });
    await visitor.open();
    await visitor.button('Sign in').click();
    await expectAlert('This is not the sign-in server of your company');
    expect(visitor.calls.authorizationRequests).toEqual([]);
    expect(visitor.urls.filter((url) => url.includes('evil.example'))).toEqual([]);
    await visitor.page.unroute(discoveryOf());
    await visitor.goThroughSignIn('bo');
    await expectOrders();
  });

  it('RFC 9700 §4.4: a code is not sent to a token endpoint at an origin that the page may not call', async () => {
    const received: string[] = [];
    const thief = await listen(
      createServer((req, res) => {
        received.push(`${req.method} ${req.url}`);
        res.setHeader('Access-Control-Allow-Origin', '*').end('{}');
      }),
    );
    onTestFinished(() => thief.close());
    const tokenEndpoint = `http://127.0.0.1:${thief.port}/token`;
    visitor = await world.visit();
    await visitor.page.route(discoveryOf(), async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), token_endpoint: tokenEndpoint } });
    });
    await visitor.open();
    await visitor.goThroughSignIn('bo');
    await expectAlert(UNREACHABLE);
    expect(visitor.complaints.splice(0).join()).toContain(`Connecting to '${tokenEndpoint}' violates`);
    expect(received).toEqual([]);
    await fetch(tokenEndpoint, { method: 'POST' });
    expect(received, 'control').toEqual(['POST /token']);
    await visitor.page.unroute(discoveryOf());
    await visitor.button('Sign in').click();
    await expectOrders();
  });

  it.each([
    ['an error page', { status: 500, contentType: 'text/html', body: '<h1>Oops</h1>' }],
    ['no JSON', { status: 200, contentType: 'text/html', body: '<h1>Log in to this network</h1>' }],
    ['half an answer', { status: 200, contentType: 'application/json', body: '{"issuer":' }],
    ['a list', { status: 200, contentType: 'application/json', body: '[]' }],
  ])('says that something went wrong when %s comes in place of the metadata', async (_, answer) => {
    visitor = await world.visit();
    await visitor.page.route(discoveryOf(), async (route) => {
      await route.fulfill({ ...answer, headers: { 'access-control-allow-origin': '*' } });
    });
    await visitor.open();
    await visitor.button('Sign in').click();
    await expectAlert('Something went wrong');
    expect(await visitor.page.content()).not.toMatch(/Oops|network/);
    expect(visitor.calls.authorizationRequests).toEqual([]);
    await visitor.page.unroute(discoveryOf());
    await visitor.goThroughSignIn('bo');
    await expectOrders();
  });

  it('says so when the settings of the page cannot be had, and begins when asked again', async () => {
    visitor = await world.visit();
    const settings = `${world.origin}/settings.json`;
    await visitor.page.route(settings, (route) => route.fulfill({ status: 503, headers: { 'retry-after': '7' } }));
    await visitor.open();
    expect(await visitor.alert.textContent()).toContain('Try again in 7 seconds.');
    await visitor.page.unroute(settings);
    await visitor.page.route(settings, (route) => route.abort('connectionrefused'));
    await visitor.button('Try again').click();
    await visitor.alert.getByRole('heading', { name: UNREACHABLE }).waitFor();
    await visitor.page.unroute(settings);
    await visitor.button('Try again').click();
    await visitor.goThroughSignIn('bo');
    await expectOrders();
  });
});
