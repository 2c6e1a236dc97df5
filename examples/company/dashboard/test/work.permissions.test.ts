import { expect, it } from 'vitest';
import { MANAGER_API, ORDERS_API, SCOPES } from '../../company.js';
import { describeInBrowser } from './support/chromium.js';
import { OrdersServer } from './support/orders-server.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

const WISHES: Readonly<Record<string, string>> = { ...SCOPES[ORDERS_API], ...SCOPES[MANAGER_API] };
const LOCK = '(asks for your permission)';

describeInBrowser('permissions that are asked for when somebody needs them', () => {
  const world = useDashboard();
  let visitor: Visitor;

  const wishes = () => visitor.page.getByRole('listitem').allTextContents();
  const lastAsked = () => visitor.calls.authorizationRequests.at(-1)?.get('scope')?.split(' ').sort();
  const newOrder = () => visitor.page.getByRole('button', { name: 'New order' });
  const invite = () => visitor.page.getByRole('button', { name: /^Invite/ });
  const item = () => visitor.page.getByLabel('Item');
  const email = () => visitor.page.getByLabel('E-mail address');

  /** Follows the notice, and compares what is asked: all that was allowed before in the request, the new on the page. */
  const expectToAllow = async (scope: string, before: readonly string[]) => {
    await visitor.alert
      .first()
      .getByText(WISHES[scope] ?? '')
      .waitFor();
    expect(world.company.lastReason).toBe('scope_insufficient');
    await visitor.button('Allow it on the next page').first().click();
    await visitor.heading('Allow dashboard?').waitFor();
    expect(lastAsked()).toEqual(['openid', ...before, scope].sort());
    expect(visitor.calls.authorizationRequests.at(-1)?.getAll('resource')).toEqual([ORDERS_API, MANAGER_API]);
    await expect.poll(wishes).toEqual([WISHES[scope]]);
    await visitor.allow();
    return [...before, scope];
  };

  it('RFC 6750 §3.1: each 403 leads to a question for its one scope, and to none ever again', async () => {
    const server = await OrdersServer.start(world);
    visitor = await world.visit();
    await visitor.open();
    await visitor.button('Sign in').click();
    await visitor.enterPassword('ada');
    expect(lastAsked()).toEqual(['openid', 'orders:read']);
    await expect.poll(wishes).toEqual(['Know who you are', WISHES['orders:read']]);
    await visitor.allow();
    let scopes: readonly string[] = ['orders:read'];

    await newOrder().click();
    await item().fill('pens');
    await visitor.button('Create the order').click();
    scopes = await expectToAllow('orders:write', scopes);
    await visitor.heading('New order').waitFor();
    expect(await item().inputValue()).toBe('pens');
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups']);
    await visitor.button('Create the order').click();
    await visitor.heading('pens').waitFor();

    await visitor.goTo('Report');
    scopes = await expectToAllow('orders:report', scopes);
    await visitor.page.getByRole('table', { name: 'Orders by status' }).waitFor();

    await visitor.goTo('Staff');
    scopes = await expectToAllow('staff:read', scopes);
    await visitor.heading('Bo Berg').waitFor();

    await email().fill('kim@acme.example');
    await invite().click();
    scopes = await expectToAllow('staff:invite', scopes);
    await visitor.heading('Bo Berg').waitFor();
    expect(await email().inputValue()).toBe('kim@acme.example');
    await invite().click();
    await visitor.heading('kim@acme.example').waitFor();

    const asked = visitor.calls.authorizationRequests.length;
    const refused = world.company.log.length;
    await visitor.goTo('Orders');
    await visitor.page.getByRole('button', { name: 'Cancel order 1, tea' }).click();
    await visitor.button('Cancel the order').click();
    await visitor.page.getByText('Order 1 was cancelled.').waitFor();
    await visitor.goTo('Report');
    await visitor.page.getByRole('table', { name: 'Orders by status' }).waitFor();
    await visitor.goTo('Staff');
    await visitor.heading('kim@acme.example').waitFor();
    expect(visitor.calls.authorizationRequests).toHaveLength(asked);

    // A page that is loaded again gets the same by one quiet request.
    await visitor.page.reload();
    await visitor.heading('kim@acme.example').waitFor();
    expect(visitor.calls.authorizationRequests).toHaveLength(asked + 1);
    expect(visitor.calls.authorizationRequests.at(-1)?.get('prompt')).toBe('none');
    expect(lastAsked()).toEqual(['openid', ...scopes].sort());
    await visitor.goTo('Report');
    await visitor.page.getByRole('table', { name: 'Orders by status' }).waitFor();
    expect(world.company.log).toHaveLength(refused);
  });

  it('asks an operator for access:read, once for both APIs', async () => {
    visitor = await world.visit();
    await visitor.signIn('otto');
    await visitor.goTo('Access');
    await expectToAllow('access:read', ['orders:read']);
    await visitor.page.getByText('Cache hits').nth(1).waitFor();
    expect(visitor.calls.authorizationRequests).toHaveLength(2);
  });

  it('asks for little in another tab, and does not show the consent page for what was allowed before', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    await visitor.goTo('Staff');
    await visitor.allowMore();
    await visitor.heading('Bo Berg').waitFor();

    const page = await visitor.page.context().newPage();
    await page.goto(world.origin);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'tea' }).waitFor();
    await page.getByRole('link', { name: 'Staff' }).click();
    await page.getByRole('button', { name: 'Allow it on the next page' }).click();
    // It comes back at once: there is nothing new to ask.
    await page.getByRole('heading', { name: 'Bo Berg' }).waitFor();
  });

  it('marks the buttons that will ask for a permission, to screen readers too, for as long as they will', async () => {
    visitor = await world.visit();
    await visitor.signIn('ada');
    await visitor.heading('tea').waitFor();
    await visitor.button(`New order ${LOCK}`).waitFor();
    await visitor.button(`Cancel order 1, tea ${LOCK}`).waitFor();
    await visitor.goTo('Staff');
    await visitor.allowMore();
    await visitor.button(`Invite ${LOCK}`).waitFor();

    await visitor.goTo('Permissions');
    await visitor.button(`Allow: ${WISHES['orders:write']}`).click();
    await expect.poll(wishes).toEqual([WISHES['orders:write']]);
    await visitor.allow();
    await visitor.goTo('Orders');
    await visitor.button('New order').waitFor();
    await visitor.button('Cancel order 1, tea').waitFor();
    expect(await visitor.page.getByText(LOCK).count()).toBe(0);
    // One permission opens one lock.
    await visitor.goTo('Staff');
    await visitor.button(`Invite ${LOCK}`).waitFor();
  });

  it('lists what is allowed, and allows one thing more', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    await visitor.goTo('Permissions');
    const card = (scope: string) => visitor.page.getByRole('listitem').filter({ hasText: scope });
    await card('orders:read').waitFor();
    const allowed = async () => {
      const cards = visitor.page.getByRole('listitem').filter({ hasText: 'allowed' });
      return (await cards.locator('code').allTextContents()).sort();
    };
    expect(await allowed()).toEqual(['orders:read']);
    const all = await visitor.page.locator('code').allTextContents();
    expect(all).toEqual([...Object.keys(SCOPES[ORDERS_API] ?? {}), ...Object.keys(SCOPES[MANAGER_API] ?? {})]);

    await visitor.button(`Allow: ${WISHES['staff:read']}`).click();
    await expect.poll(wishes).toEqual([WISHES['staff:read']]);
    expect(lastAsked()).toEqual(['openid', 'orders:read', 'staff:read']);
    await visitor.allow();
    await visitor.heading('Permissions').waitFor();
    await card('staff:read').getByText('allowed').waitFor();
    expect(await allowed()).toEqual(['orders:read', 'staff:read']);
    await visitor.goTo('Staff');
    await visitor.heading('Bo Berg').waitFor();
    expect(visitor.calls.authorizationRequests).toHaveLength(2);
  });
});
