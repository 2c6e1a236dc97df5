import { expect, it } from 'vitest';
import { browseTo } from '../../../../test/interop/support/browser.js';
import { MANAGER_API } from '../../company.js';
import { meetCallback } from './support/callback.js';
import { describeInBrowser } from './support/chromium.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

const FOREIGN = 'This sign-in was not accepted';
const OVER = 'This sign-in is over';

describeInBrowser('answers that the dashboard does not take for a sign-in', () => {
  const world = useDashboard();
  let visitor: Visitor;
  /** Nobody is signed in, nothing was asked of the APIs, and the address says nothing. */
  const expectRefusal = async (title: string) => {
    await visitor.button('Sign in').waitFor();
    expect(await visitor.alert.getByRole('heading').textContent()).toBe(title);
    expect(visitor.page.url()).toBe(`${world.origin}/`);
    expect(visitor.calls.apiCalls).toEqual([]);
    expect(await visitor.page.evaluate(() => sessionStorage.length), 'what is kept').toBe(0);
  };
  const expectControl = async () => {
    await visitor.button('Sign in').click();
    await visitor.page.getByRole('heading', { name: 'tea' }).waitFor();
    expect(await visitor.alert.count()).toBe(0);
  };

  const SET = (name: string, value: string) => (answer: URL) => answer.searchParams.set(name, value);
  it.each([
    ['RFC 6749 §10.12: another state', SET('state', 'a'.repeat(43))],
    ['RFC 6749 §10.12: no state', ({ searchParams }: URL) => searchParams.delete('state')],
    [
      'RFC 6749 §3.1: state twice',
      ({ searchParams }: URL) => searchParams.append('state', searchParams.get('state') ?? ''),
    ],
    ['RFC 9207 §2.4: another iss', SET('iss', 'https://login.evil.example')],
    [
      'RFC 9207 §2.4: an iss that differs by a slash',
      ({ searchParams }: URL) => searchParams.set('iss', `${searchParams.get('iss')}/`),
    ],
    ['RFC 9207 §2.4: no iss', ({ searchParams }: URL) => searchParams.delete('iss')],
    [
      'RFC 9207 §2.4: an error of another iss',
      ({ searchParams }: URL) => {
        searchParams.set('iss', 'https://login.evil.example');
        searchParams.set('error', 'access_denied');
      },
    ],
    ['an answer in a JWT that was not asked for', SET('response', 'e30.e30.')],
  ])('%s is refused, and its code goes nowhere', async (_, change) => {
    visitor = await world.visit();
    await visitor.open();
    await meetCallback(visitor, world, change);
    await visitor.goThroughSignIn('bo');
    await expectRefusal(FOREIGN);
    expect(visitor.calls.tokenForms).toEqual([]);
    await expectControl();
    expect(visitor.calls.tokenForms).toHaveLength(1);
  });

  it('RFC 6749 §4.1.2.1: nothing of an error becomes HTML, or is shown', async () => {
    visitor = await world.visit();
    await visitor.open();
    const html = '<img src=x onerror="document.title=1"><h1>Call 555 0100</h1>';
    await meetCallback(visitor, world, ({ searchParams }) => {
      searchParams.delete('code');
      searchParams.set('error', html);
      searchParams.set('error_description', html);
      searchParams.set('error_uri', 'javascript:alert(1)');
    });
    await visitor.goThroughSignIn('bo');
    await expectRefusal('Something went wrong');
    expect(await visitor.page.content()).not.toMatch(/555|onerror|javascript:/);
    expect(await visitor.page.title()).toBe('Company dashboard');
    expect(visitor.calls.tokenForms).toEqual([]);
    await expectControl();
  });

  it('RFC 9700 §4.7: an answer to a sign-in that was not begun in this tab is refused, and its code goes nowhere', async () => {
    const { url, redirectUri } = world.company.authorizationUrl({ scope: 'orders:read', alsoFor: [MANAGER_API] });
    const password = world.company.secrets.passwords['ada'] ?? '';
    const answer = await browseTo(redirectUri, url, { username: 'ada', password });
    expect(answer.searchParams.get('code'), 'a code of somebody else').toMatch(/./);
    visitor = await world.visit();
    await visitor.page.goto(answer.href);
    await expectRefusal(FOREIGN);
    expect(visitor.calls.tokenForms).toEqual([]);

    await visitor.goThroughSignIn('bo');
    await visitor.heading('Orders').waitFor();
    await visitor.page.goto(answer.href);
    await visitor.alert.waitFor();
    expect(await visitor.alert.getByRole('heading').textContent()).toBe(FOREIGN);
    expect(visitor.calls.tokenForms, 'the one of the sign-in').toHaveLength(1);
    await expectControl();
    await expect.poll(() => visitor.page.getByText('Signed in as bo').isVisible()).toBe(true);
  });

  it('RFC 9700 §4.5: the code of somebody else, put into a sign-in of this tab, is refused by its verifier', async () => {
    const { url, redirectUri } = world.company.authorizationUrl({ scope: 'orders:read', alsoFor: [MANAGER_API] });
    const password = world.company.secrets.passwords['ada'] ?? '';
    const answer = await browseTo(redirectUri, url, { username: 'ada', password });
    visitor = await world.visit();
    await visitor.open();
    await meetCallback(visitor, world, SET('code', answer.searchParams.get('code') ?? ''));
    await visitor.goThroughSignIn('bo');
    await expectRefusal(OVER);
    expect(visitor.calls.tokenForms).toMatchObject([{ code: answer.searchParams.get('code') }]);
    await expectControl();
    await expect.poll(() => visitor.page.getByText('Signed in as bo').isVisible()).toBe(true);
  });

  it('RFC 6749 §4.1.2: the same answer opened twice is sent once', async () => {
    visitor = await world.visit();
    await visitor.open();
    const original = await meetCallback(visitor, world, () => {});
    await visitor.goThroughSignIn('bo');
    await visitor.heading('Orders').waitFor();
    expect(visitor.calls.tokenForms).toMatchObject([{ code: original().searchParams.get('code') }]);
    await visitor.page.goto(original().href);
    await visitor.button('Sign in').waitFor();
    expect(await visitor.alert.getByRole('heading').textContent()).toBe(FOREIGN);
    expect(visitor.page.url()).toBe(`${world.origin}/`);
    const second = await visitor.page.context().newPage();
    await second.goto(original().href);
    await second.getByRole('heading', { name: FOREIGN }).waitFor();
    expect(second.url()).toBe(`${world.origin}/`);
    const entries = await second.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    expect(entries.map((name) => new URL(name).origin)).not.toContain(world.company.authorizationServer.issuer);
    expect(visitor.calls.tokenForms).toHaveLength(1);

    await visitor.page.reload();
    await visitor.page.getByRole('heading', { name: 'tea' }).waitFor();
    expect(await visitor.alert.count(), 'the sign-in before is not hurt').toBe(0);
  });

  it('RFC 6749 §4.1.2: a code that was used already is refused, and what it was used for ends', async () => {
    visitor = await world.visit();
    const { issuer } = world.company.authorizationServer;
    let stolen: { refresh_token?: string; access_token?: string } = {};
    await visitor.page.route(`${issuer}/token`, async (route) => {
      const first = await route.fetch();
      stolen = await first.json();
      await route.fulfill({ response: await route.fetch() });
    });
    await visitor.open();
    await visitor.goThroughSignIn('bo');
    await expectRefusal(OVER);
    const orders = `${world.company.ordersApi}/orders`;
    expect((await world.company.call(stolen.access_token, orders)).status, 'it was a good code').toBe(200);
    const form = { grant_type: 'refresh_token', client_id: 'dashboard', refresh_token: stolen.refresh_token ?? '' };
    expect(await world.company.requestToken(form)).toMatchObject({ status: 400, error: 'invalid_grant' });

    await visitor.page.unroute(`${issuer}/token`);
    await visitor.button('Sign in').click();
    // What was granted is gone.
    await visitor.allow();
    await visitor.heading('Orders').waitFor();
  });

  it('RFC 6749 §4.1.2.1: a server that refuses what was allowed before is not asked for ever', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    const { issuer } = world.company.authorizationServer;
    const authorization = (url: URL) => url.origin === issuer && url.pathname === '/auth';
    await visitor.page.route(authorization, (route) => {
      const state = new URL(route.request().url()).searchParams.get('state') ?? '';
      const answer = new URLSearchParams({ error: 'access_denied', state, iss: issuer });
      return route.fulfill({ status: 303, headers: { location: `${world.origin}/callback?${answer}` } });
    });
    await visitor.page.reload();
    await visitor.button('Sign in').waitFor();
    expect(await visitor.alert.getByRole('heading').textContent()).toBe('You did not allow it');
    const prompts = visitor.calls.authorizationRequests.map((request) => request.get('prompt'));
    expect(prompts).toEqual([null, 'none', 'none']);
    expect(visitor.calls.tokenForms, 'the one of the sign-in').toHaveLength(1);
    await visitor.page.unroute(authorization);
    await expectControl();
  });

  type Claims = Record<string, unknown>;
  const other = (change: Claims) => (claims: Claims) => ({ ...claims, ...change });
  it.each([
    ['OIDC Core §3.1.3.7: another nonce', other({ nonce: 'a'.repeat(43) }), FOREIGN],
    ['OIDC Core §3.1.3.7: no nonce', other({ nonce: undefined }), FOREIGN],
    ['OIDC Core §3.1.3.7: another audience', other({ aud: 'auditor' }), FOREIGN],
    ['OIDC Core §3.1.3.7: another issuer', other({ iss: 'https://login.evil.example' }), FOREIGN],
    ['OIDC Core §3.1.3.7: another person, under the signature of the first', other({ sub: 'ada' }), FOREIGN],
    [
      'OIDC Core §3.1.3.7: an hour ago',
      other({ exp: Math.floor(Date.now() / 1000) - 3600 }),
      'The time of this device seems to be wrong',
    ],
  ])('%s in the ID token is refused', async (_, change, title) => {
    visitor = await world.visit();
    const { issuer } = world.company.authorizationServer;
    let isOn = true;
    await visitor.page.route(`${issuer}/token`, async (route) => {
      const response = await route.fetch();
      const body = await response.json();
      const [header, payload = '', signature] = body.id_token.split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const changed = Buffer.from(JSON.stringify(isOn ? change(claims) : claims)).toString('base64url');
      await route.fulfill({ response, json: { ...body, id_token: `${header}.${changed}.${signature}` } });
    });
    await visitor.open();
    await visitor.goThroughSignIn('bo');
    await expectRefusal(title);
    expect(visitor.calls.tokenForms).toHaveLength(1);
    isOn = false;
    await expectControl();
  });

  it('OIDC Core §3.1.3.3: an answer without ID token, and one that is no JSON, sign nobody in', async () => {
    visitor = await world.visit();
    const { issuer } = world.company.authorizationServer;
    await visitor.page.route(`${issuer}/token`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), id_token: undefined } });
    });
    await visitor.open();
    await visitor.goThroughSignIn('bo');
    await expectRefusal(FOREIGN);
    await visitor.page.unroute(`${issuer}/token`);

    await visitor.page.route(`${issuer}/token`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' });
    });
    await visitor.button('Sign in').click();
    await visitor.page.getByText('It is not your fault').waitFor();
    await expectRefusal('Something went wrong');
    await visitor.page.unroute(`${issuer}/token`);
    await expectControl();
  });
});
