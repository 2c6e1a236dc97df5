import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { MANAGER_API, ORDERS_API } from '../../company.js';
import { describeInBrowser } from './support/chromium.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

describeInBrowser('signing in at the dashboard', () => {
  const world = useDashboard();
  let visitor: Visitor;

  it('RFC 7636 §4.3, RFC 9700 §2.1.1: asks with PKCE, state and nonce for both APIs, and for one scope', async () => {
    visitor = await world.visit();
    await visitor.open();
    await visitor.button('Sign in').click();
    await visitor.page.getByLabel('Username').waitFor();
    const [request] = visitor.calls.authorizationRequests;
    const fields = [...(request ?? [])].map(([name, value]) =>
      isRandom(value) ? `${name}: random` : `${name}: ${value}`,
    );
    expect(fields).toEqual([
      'client_id: dashboard',
      'response_type: code',
      `redirect_uri: ${world.origin}/callback`,
      'scope: openid orders:read',
      'state: random',
      'nonce: random',
      'code_challenge: random',
      'code_challenge_method: S256',
      `resource: ${ORDERS_API}`,
      `resource: ${MANAGER_API}`,
    ]);

    await visitor.enterPassword('bo');
    await visitor.heading('Allow dashboard?').waitFor();
    await expect
      .poll(() => visitor.page.getByRole('listitem').allTextContents())
      .toEqual(['Know who you are', 'See the orders of your company']);
    await visitor.allow();
    await visitor.heading('Orders').waitFor();
    const [form, ...more] = visitor.calls.tokenForms;
    expect(more).toEqual([]);
    const sent = ['client_id', 'grant_type', 'redirect_uri', 'resource', 'code', 'code_verifier'];
    expect(Object.keys(form ?? {}).sort()).toEqual(sent.sort());
    expect(form).toMatchObject({ grant_type: 'authorization_code', client_id: 'dashboard', resource: ORDERS_API });
    const challenge = createHash('sha256')
      .update(form?.['code_verifier'] ?? '')
      .digest('base64url');
    expect(request?.get('code_challenge')).toBe(challenge);
  });

  it('RFC 9700 §2.1.1: takes another verifier, state and nonce for each sign-in', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    await visitor.page.reload();
    await visitor.heading('Orders').waitFor();
    expect(visitor.calls.authorizationRequests).toHaveLength(2);
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(new Set(visitor.calls.authorizationRequests.map((request) => request.get(name))), name).toHaveLength(2);
    }
    expect(new Set(visitor.calls.tokenForms.map(({ code_verifier }) => code_verifier))).toHaveLength(2);
  });

  it('RFC 9700 §4.2.4: leaves no code in the address, nor in the pages that one can go back to', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    expect(visitor.page.url()).toBe(`${world.origin}/`);
    expect(
      visitor.urls.some((url) => url.startsWith(`${world.origin}/callback?code=`)),
      'there was one',
    ).toBe(true);
    const devtools = await visitor.page.context().newCDPSession(visitor.page);
    const { entries } = await devtools.send('Page.getNavigationHistory');
    const paths = entries.map(({ url }) => url.replace(/^http:\/\/[^/]+/, '').replace(/[\w-]{20,}/, '…'));
    expect(paths).toEqual(['about:blank', '/', '/interaction/…', '/interaction/…', '/']);

    await visitor.page.goBack();
    await visitor.heading('This page is over').waitFor();
    await visitor.page.goForward({ waitUntil: 'commit' });
    await visitor.heading('Orders').waitFor();
  });

  it.each([
    { path: '/staff', title: 'Staff' },
    { path: '/permissions', title: 'Permissions' },
  ])('leads somebody who opened $path back there, and stays there when it is loaded again', async ({ path, title }) => {
    visitor = await world.visit();
    await visitor.open(path);
    await visitor.button('Sign in').click();
    await visitor.enterPassword('ada');
    await visitor.allow();
    await visitor.heading(title).waitFor();
    expect(visitor.page.url()).toBe(world.origin + path);

    await visitor.page.reload();
    await visitor.heading(title).waitFor();
    expect(visitor.page.url()).toBe(world.origin + path);
    const prompts = visitor.calls.authorizationRequests.map((request) => request.get('prompt'));
    expect(prompts, 'without a question the second time').toEqual([null, 'none']);
  });

  it('CWE-601: leads nobody to another origin that a link has put into the path', async () => {
    visitor = await world.visit();
    await visitor.open('//login.evil.example/staff');
    await visitor.button('Sign in').click();
    await visitor.enterPassword('ada');
    await visitor.allow();
    await visitor.heading('There is no such page').waitFor();
    expect(visitor.page.url()).toBe(`${world.origin}/login.evil.example/staff`);
    expect(await visitor.alert.count()).toBe(0);
    expect(visitor.urls.filter((url) => new URL(url).hostname !== '127.0.0.1')).toEqual([]);
    await visitor.goTo('Orders');
    await visitor.page.getByRole('heading', { name: 'tea' }).waitFor();
  });

  it('OIDC Core §3.1.2.1: stays signed in when it is loaded again, with what was allowed later too', async () => {
    visitor = await world.visit();
    await visitor.signIn('ada');
    await visitor.goTo('Report');
    await visitor.allowMore();
    await visitor.heading('Report').waitFor();
    await visitor.page.getByRole('table').waitFor();
    await visitor.page.reload();
    await visitor.page.getByRole('table').waitFor();
    expect(visitor.page.url()).toBe(`${world.origin}/report`);
    expect(visitor.calls.authorizationRequests.at(-1)?.get('scope')?.split(' ')).toEqual([
      'openid',
      'orders:read',
      'orders:report',
    ]);
    expect(await visitor.alert.count()).toBe(0);
  });

  it('says in words that a sign-in was cancelled, and asks again when one wants to', async () => {
    visitor = await world.visit();
    await visitor.open('/staff');
    await visitor.button('Sign in').click();
    await visitor.button('Cancel').click();
    await visitor.page.waitForURL(`${world.origin}/staff`);
    expect(await visitor.alert.textContent()).toContain('You did not allow it');
    expect(visitor.calls.tokenForms).toEqual([]);
    expect(visitor.calls.apiCalls).toEqual([]);

    await visitor.button('Sign in').click();
    await visitor.enterPassword('ada');
    await visitor.allow();
    await visitor.heading('Staff').waitFor();
    expect(visitor.calls.tokenForms.map(({ grant_type }) => grant_type)).toContain('authorization_code');
  });

  it('RFC 6749 §4.1.2.1: signs nobody in who allows nothing, and asks again when one wants to', async () => {
    visitor = await world.visit();
    await visitor.open();
    await visitor.button('Sign in').click();
    await visitor.enterPassword('bo');
    await visitor.button('Do not allow').click();
    await visitor.page.waitForURL(`${world.origin}/`);
    expect(await visitor.alert.textContent()).toContain('You did not allow it');
    expect(visitor.calls.tokenForms).toEqual([]);
    await visitor.page.reload();
    await visitor.button('Sign in').waitFor();
    expect(await visitor.alert.count(), 'said once').toBe(0);
    expect(visitor.calls.authorizationRequests, 'a page that is loaded again does not ask').toHaveLength(1);

    await visitor.button('Sign in').click();
    await visitor.allow();
    await visitor.heading('Orders').waitFor();
    expect(visitor.calls.apiCalls).toContain('GET /orders');
  });

  it('goes on with what was allowed before when somebody refuses more, and keeps what was typed', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    await visitor.button('New order (asks for your permission)').click();
    await visitor.page.getByLabel('Item').fill('pens');
    await visitor.page.getByLabel('Pieces').fill('7');
    await visitor.button('Create the order').click();
    await visitor.button('Allow it on the next page').click();
    await visitor.heading('Allow dashboard?').waitFor();
    await expect.poll(() => visitor.page.getByRole('listitem').allTextContents()).toEqual(['Create and cancel orders']);
    await visitor.button('Do not allow').click();
    await visitor.heading('Orders').waitFor();
    expect(await visitor.alert.textContent()).toBe(
      'You did not allow itNothing has changed. You can allow it at any time.',
    );
    expect(await visitor.page.getByLabel('Item').inputValue()).toBe('pens');
    expect(await visitor.page.getByLabel('Pieces').inputValue()).toBe('7');
    await visitor.page.getByRole('heading', { name: 'tea' }).waitFor();
    expect(
      visitor.calls.authorizationRequests.map((request) => `${request.get('scope')} ${request.get('prompt')}`),
    ).toEqual(['openid orders:read null', 'openid orders:read orders:write null', 'openid orders:read none']);

    await visitor.button('Create the order').click();
    await visitor.allowMore();
    await visitor.button('Create the order').click();
    await visitor.page.getByText(/^Order \d+ was created\.$/).waitFor();
  });

  it('refuses a wrong password in words that do not tell who has an account', async () => {
    visitor = await world.visit();
    await visitor.open();
    await visitor.button('Sign in').click();
    await visitor.enterPassword('bo', 'wrong');
    const said = await visitor.alert.textContent();
    expect(said).toContain('This username and password do not fit');
    expect(await visitor.page.getByLabel('Username').inputValue()).toBe('bo');
    expect(await visitor.page.getByLabel('Password').inputValue()).toBe('');
    await visitor.enterPassword('nobody', 'wrong');
    await visitor.page.getByLabel('Username').and(visitor.page.locator('[value="nobody"]')).waitFor();
    expect(await visitor.alert.textContent()).toBe(said);
    expect(visitor.urls.filter((url) => url.startsWith(`${world.origin}/callback`))).toEqual([]);

    await visitor.enterPassword('bo');
    await visitor.allow();
    await visitor.heading('Orders').waitFor();
  });

  it('NIST SP 800-63B §3.2.2: looks at no password after five wrong ones, and at those of others as before', async () => {
    visitor = await world.visit();
    await visitor.open();
    await visitor.button('Sign in').click();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const answered = visitor.page.waitForResponse((response) => response.request().method() === 'POST');
      await visitor.enterPassword('cleo', `wrong ${attempt}`);
      expect((await answered).status(), `attempt ${attempt}`).toBe(403);
    }
    const refused = visitor.page.waitForResponse((response) => response.request().method() === 'POST');
    await visitor.enterPassword('cleo');
    expect((await refused).status()).toBe(429);
    await visitor.alert.getByText('Too many attempts. Try again in 15 minutes.').waitFor();
    expect(visitor.urls.filter((url) => url.startsWith(`${world.origin}/callback`))).toEqual([]);
    await visitor.enterPassword('ada');
    await visitor.allow();
    await visitor.page.getByText('Signed in as ada').waitFor();
  });
});

/** 256 bits in base64url. */
function isRandom(value: string): boolean {
  return /^[\w-]{43}$/.test(value) && new Set(value).size > 10;
}
