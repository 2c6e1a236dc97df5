import { afterAll, beforeAll, expect, it } from 'vitest';
import { browseTo } from '../../../test/interop/support/browser.js';
import { CompanyWorld, DASHBOARD_ORIGIN, describeCompany, type Visit } from '../../../test/support/company-world.js';
import { MANAGER_API } from '../company.js';

describeCompany('signing in at examples/company', () => {
  let world: CompanyWorld;
  beforeAll(async () => {
    world = await CompanyWorld.start();
  });
  afterAll(() => world.close());

  it('shows pages without scripts, under a policy that would let none run', async () => {
    const { url } = world.authorizationUrl({ scope: 'orders:read' });
    const redirect = await world.fetch(url);
    const cookie = redirect.headers.getSetCookie().map((line) => line.split(';')[0]);
    const page = new URL(redirect.headers.get('location') ?? '', url).href;
    const { status, headers, text } = await world.fetch(page, { headers: { cookie: cookie.join('; ') } });
    expect([status, headers.get('content-security-policy')]).toEqual([
      200,
      `default-src 'none'; style-src 'self'; form-action 'self' ${DASHBOARD_ORIGIN}; base-uri 'none'; frame-ancestors 'none'`,
    ]);
    expect(text).toContain('<label for="username">');
    expect(text).not.toMatch(/<script|\son\w+=|\sstyle=|<style/i);
    expect((await world.fetch(page)).text, 'without the cookie').toContain('This page is over');
  });

  it('refuses a wrong password in words, and says the same for a username that nobody has', async () => {
    const { url, redirectUri } = world.authorizationUrl({ scope: 'orders:read' });
    const tryAs = (username: string, password = 'wrong') => browseTo(redirectUri, url, { username, password });
    await expect(tryAs('ada')).rejects.toThrow('This username and password do not fit');
    await expect(tryAs('nobody')).rejects.toThrow('This username and password do not fit');
    await expect(tryAs('ada', 'typed by mistake')).rejects.not.toThrow('typed by mistake');
    await expect(tryAs('"><script>')).rejects.toThrow('value="&#34;&#62;&#60;script&#62;"');
    expect((await tryAs('ada', world.secrets.passwords['ada'])).searchParams.get('code')).toBeTruthy();
  });

  it('RFC 6749 §4.1.2.1: tells the app when a person says no', async () => {
    const { url, redirectUri } = world.authorizationUrl({ scope: 'orders:read' });
    const answers = { username: 'ada', password: world.secrets.passwords['ada'] ?? '' };
    const denied = await browseTo(redirectUri, url, { ...answers, decision: 'deny' });
    expect(denied.searchParams.get('error')).toBe('access_denied');
    expect(denied.searchParams.get('state')).toBe('kept by the app');
  });

  it('RFC 7636 §4.4.1: wants PKCE of every app', async () => {
    const { url } = world.authorizationUrl({ scope: 'orders:read' });
    const without = url.replace(/&code_challenge(?:_method)?=[^&]*/g, '');
    const refused = await world.fetch(without);
    expect(new URL(refused.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request');
    expect((await world.fetch(url)).headers.get('location')).toContain('/interaction/');
  });

  it('asks once for each scope: an app that wants more later asks for that alone', async () => {
    const browser = world.openBrowser();
    const wish = (scope: string) => browser.open(world.authorizationUrl({ scope }).url);
    const login = await wish('orders:read');
    expect(login.answer?.text).toContain('<h1>Sign in</h1>');
    const password = world.secrets.passwords['bo'] ?? '';
    const consent = await browser.submit(login, { username: 'bo', password, decision: 'allow' });
    expect(consent.answer?.text).toContain('You are signed in as Bo Berg.');
    expect(listWishes(consent)).toEqual(['Know who you are', 'See the orders of your company']);
    expect((await browser.submit(consent, { decision: 'allow' })).url.searchParams.get('code')).toBeTruthy();

    const more = await wish('orders:read orders:write');
    expect(listWishes(more)).toEqual(['Create and cancel orders']);
    const denied = await browser.submit(more, { decision: 'deny' });
    expect(denied.url.searchParams.get('error')).toBe('access_denied');
    expect((await wish('orders:read')).url.searchParams.get('code'), 'what was allowed stays so').toBeTruthy();
    expect(listWishes(await wish('orders:read orders:write'))).toEqual(['Create and cancel orders']);
  });

  it('RFC 8707 §2.2: gives an app that asked for both APIs a token for each, with its own scopes', async () => {
    const scope = 'orders:read staff:read';
    const first = await world.signIn('ada', { scope, alsoFor: [MANAGER_API] });
    expect(first).toMatchObject({ status: 200, scope: expect.not.stringContaining('staff:read') });
    const form = { grant_type: 'refresh_token', client_id: 'dashboard', refresh_token: first.refresh_token ?? '' };
    const second = await world.requestToken({ ...form, resource: MANAGER_API });
    expect(second).toMatchObject({ status: 200, scope: expect.not.stringContaining('orders:read') });
    expect((await world.call(first.access_token, `${world.ordersApi}/orders`)).status).toBe(200);
    expect((await world.call(second.access_token, `${world.managerServer}/staff`)).status).toBe(200);
    expect((await world.call(second.access_token, `${world.ordersApi}/orders`)).status).toBe(401);
    expect(world.lastReason).toBe('audience_mismatch');
  });

  it('signs out: the session is over, and so is the refresh token', async () => {
    const browser = world.openBrowser();
    const { url, verifier, redirectUri } = world.authorizationUrl({ scope: 'orders:read' });
    const password = world.secrets.passwords['bo'] ?? '';
    const consent = await browser.submit(await browser.open(url), { username: 'bo', password, decision: 'allow' });
    const back = await browser.submit(consent, { decision: 'allow' });
    const ofApp = { client_id: 'dashboard', redirect_uri: redirectUri, code_verifier: verifier };
    const code = back.url.searchParams.get('code') ?? '';
    const first = await world.requestToken({ grant_type: 'authorization_code', code, ...ofApp });
    const refresh = (token = '') =>
      world.requestToken({ grant_type: 'refresh_token', client_id: 'dashboard', refresh_token: token });
    const second = await refresh(first.refresh_token);
    expect(second.status).toBe(200);

    const target = `client_id=dashboard&post_logout_redirect_uri=${encodeURIComponent(`${DASHBOARD_ORIGIN}/`)}`;
    const page = await browser.open(`${world.authorizationServer.issuer}/session/end?${target}`);
    expect(page.answer?.text).toContain('<h1>Sign out?</h1>');
    expect(page.answer?.text).not.toMatch(/<script|\son\w+=/i);
    expect(page.answer?.headers.get('content-security-policy')).toContain(`form-action 'self' ${DASHBOARD_ORIGIN};`);
    const out = await browser.submit(page, { logout: 'yes' });
    expect(out.url.href).toBe(`${DASHBOARD_ORIGIN}/`);
    expect(await refresh(second.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect((await browser.open(url)).answer?.text).toContain('<h1>Sign in</h1>');
  });

  it('shows what is wrong with a request without believing it', async () => {
    const { url } = world.authorizationUrl({ scope: 'orders:read' });
    const wrong = new URL(url);
    wrong.searchParams.set('redirect_uri', 'https://evil.example/"><script>alert(1)</script>');
    const { status, headers, text } = await world.fetch(wrong.href, { headers: { accept: 'text/html' } });
    expect([status, headers.get('location')]).toEqual([400, null]);
    expect(text).toContain('<h1>This did not work</h1>');
    expect(text).not.toContain('<script');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await world.fetch(url)).status).toBe(303);
  });

  it('RFC 9700 §4.14.2: rotates refresh tokens, and ends the grant when one is used twice', async () => {
    const first = await world.signIn('ada', { scope: 'orders:read orders:write' });
    const refresh = (token = '', more = {}) =>
      world.requestToken({ grant_type: 'refresh_token', client_id: 'dashboard', refresh_token: token, ...more });
    const second = await refresh(first.refresh_token, { scope: 'orders:read' });
    expect(second).toMatchObject({ status: 200, scope: 'orders:read' });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await refresh(first.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await refresh(second.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' });
  });
});

function listWishes({ answer }: Visit): readonly string[] {
  return [...(answer?.text ?? '').matchAll(/<li>(.*)<\/li>/g)].map(([, wish = '']) => wish);
}
