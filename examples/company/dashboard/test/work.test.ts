import { expect, it } from 'vitest';
import { PEOPLE } from '../../company.js';
import { describeInBrowser } from './support/chromium.js';
import { OrdersServer } from './support/orders-server.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

describeInBrowser('work at the dashboard', () => {
  const world = useDashboard();
  let visitor: Visitor;
  const items = () => visitor.page.getByRole('listitem').getByRole('heading');
  const cancelButton = (id: number, item: string) =>
    visitor.page.getByRole('button', { name: `Cancel order ${id}, ${item}` });

  it.each([
    { username: 'ada', own: ['tea', 'cups'], staff: ['Ada Lind', 'Bo Berg', 'Otto Vik'] },
    { username: 'bo', own: ['tea', 'cups'], staff: ['Ada Lind', 'Bo Berg', 'Otto Vik'] },
    { username: 'otto', own: ['tea', 'cups'], staff: ['Ada Lind', 'Bo Berg', 'Otto Vik'] },
    { username: 'cleo', own: ['copper wire'], staff: ['Cleo Marsh'] },
  ])('shows $username the orders and the staff of their own company alone', async ({ username, own, staff }) => {
    visitor = await world.visit();
    await visitor.signIn(username);
    await items().first().waitFor();
    await expect.poll(() => items().allTextContents()).toEqual(own);
    await expect.poll(() => visitor.page.getByText(`Signed in as ${username}`).isVisible()).toBe(true);

    await visitor.goTo('Staff');
    expect(await visitor.alert.textContent()).toContain('See who works at your company');
    await visitor.allowMore();
    await visitor.heading('Staff').waitFor();
    await visitor.heading('Invite somebody').waitFor();
    await expect.poll(() => items().allTextContents()).toEqual(staff);

    const answers = (await visitor.answers()).join('\n');
    const others = ['tea', 'cups', 'copper wire', ...PEOPLE.map(({ name }) => name)];
    const expected = others.filter((text) => [...own, ...staff].includes(text));
    expect(others.filter((text) => answers.includes(`"${text}"`))).toEqual(expected);
  });

  it('cancels an order after a question, and leaves it alone after "Keep it"', async () => {
    const server = await OrdersServer.start(world);
    visitor = await world.visit();
    await visitor.signIn('ada');
    const dialog = visitor.page.getByRole('dialog', { name: 'Cancel order 1?' });
    await cancelButton(1, 'tea').click();
    expect(await dialog.textContent()).toContain('3 × tea. A cancelled order stays cancelled.');
    await dialog.getByRole('button', { name: 'Keep it' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await cancelButton(1, 'tea').click();
    await visitor.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(visitor.calls.apiCalls.filter((call) => call.startsWith('POST'))).toEqual([]);

    await cancelButton(1, 'tea').click();
    await dialog.getByRole('button', { name: 'Cancel the order' }).click();
    await visitor.allowMore();
    expect((await server.orders.find('acme', 1))?.status).toBe('open');
    await cancelButton(1, 'tea').click();
    await dialog.getByRole('button', { name: 'Cancel the order' }).click();
    await visitor.page.getByText('Order 1 was cancelled.').waitFor();
    await cancelButton(1, 'tea').waitFor({ state: 'detached' });
    expect(await visitor.page.getByRole('listitem').first().textContent()).toContain('cancelled');
    expect((await server.orders.find('acme', 1))?.status).toBe('cancelled');
    expect((await server.orders.find('globex', 2))?.status).toBe('open');
  });

  it('does not cancel an order of another company, whoever asks for it; the own one beside it, it does', async () => {
    const server = await OrdersServer.start(world);
    visitor = await world.visit();
    await visitor.signIn('ada');
    await visitor.grant('Create and cancel orders');
    await visitor.goTo('Orders');
    const cancel = async () => {
      await cancelButton(1, 'tea').click();
      await visitor.button('Cancel the order').click();
    };

    // As somebody would who changes the call in the browser's tools.
    let answer = '';
    await visitor.page.route('**/orders/1/cancel', async (route) => {
      const response = await route.fetch({ url: route.request().url().replace('/1/', '/2/') });
      answer = `${response.status()} ${await response.text()}`;
      await route.fulfill({ response });
    });
    await cancel();
    await visitor.heading('This does not exist').waitFor();
    expect(answer).toBe('404 {"error":"not_found"}');
    expect((await server.orders.find('globex', 2))?.status).toBe('open');
    expect((await server.orders.find('acme', 1))?.status).toBe('open');

    await visitor.page.unroute('**/orders/1/cancel');
    await cancel();
    await visitor.page.getByText('Order 1 was cancelled.').waitFor();
    expect((await server.orders.find('acme', 1))?.status).toBe('cancelled');
  });

  it('shows fifty orders, then fifty more, and cancels one of those that came later', async () => {
    const server = await OrdersServer.start(world);
    for (let count = 4; count <= 121; count += 1) {
      await server.orders.create('acme', { item: `box ${count}`, quantity: 1, note: '' }, 'ada');
    }
    visitor = await world.visit();
    await visitor.signIn('ada');
    await cancelButton(51, 'box 51').waitFor();
    expect(await items().count()).toBe(50);
    await visitor.button('Show more').click();
    await cancelButton(52, 'box 52').waitFor();
    expect(await items().count()).toBe(100);
    await visitor.button('Show more').click();
    await cancelButton(121, 'box 121').waitFor();
    await expect.poll(() => items().allTextContents()).toEqual(await server.itemsOf('acme'));
    expect(await visitor.button('Show more').count()).toBe(0);

    await cancelButton(110, 'box 110').click();
    await visitor.button('Cancel the order').click();
    await visitor.allowMore();
    await visitor.button('Show more').click();
    await visitor.button('Show more').click();
    await cancelButton(110, 'box 110').click();
    await visitor.button('Cancel the order').click();
    await visitor.page.getByText('Order 110 was cancelled.').waitFor();
    await cancelButton(110, 'box 110').waitFor({ state: 'detached' });
    expect(await items().count()).toBe(120);
    expect((await server.orders.find('acme', 110))?.status).toBe('cancelled');

    await visitor.page.getByRole('button', { name: 'New order' }).click();
    await visitor.page.getByLabel('Item').fill('box 122');
    await visitor.button('Create the order').click();
    await visitor.page.getByText('Order 122 was created.').waitFor();
    await visitor.button('Show more').click();
    await visitor.button('Show more').click();
    await visitor.heading('box 122').waitFor();
    await expect.poll(() => items().allTextContents()).toEqual(await server.itemsOf('acme'));
  });

  it('says that there are no orders yet, and shows the first one as soon as there is one', async () => {
    const server = await OrdersServer.start(world, { withoutOrdersOf: 'globex' });
    visitor = await world.visit();
    await visitor.signIn('cleo');
    await visitor.heading('No orders yet').waitFor();
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups']);
    await visitor.page.getByRole('button', { name: 'New order' }).click();
    await visitor.page.getByLabel('Item').fill('nails');
    await visitor.button('Create the order').click();
    await visitor.allowMore();
    await visitor.button('Create the order').click();
    await visitor.heading('nails').waitFor();
    expect(await visitor.heading('No orders yet').count()).toBe(0);
    expect(await server.itemsOf('globex')).toEqual(['nails']);
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups']);
  });

  it('says that orders are loading, to screen readers too, until they are there', async () => {
    visitor = await world.visit();
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await visitor.page.route(`${world.company.ordersApi}/orders*`, async (route) => {
      await held;
      await route.continue();
    });
    await visitor.signIn('bo');
    const status = visitor.page.getByRole('status').filter({ hasText: 'Loading' });
    await status.waitFor({ state: 'attached' });
    expect(await visitor.page.locator('[aria-busy=true]').count()).toBe(1);
    expect(await items().count()).toBe(0);
    expect(await visitor.heading('No orders yet').count()).toBe(0);
    letGo();
    await visitor.heading('tea').waitFor();
    expect(await status.count()).toBe(0);
    expect(await visitor.page.locator('[aria-busy=true]').count()).toBe(0);
  });

  it('shows an administrator the report on their own company', async () => {
    await OrdersServer.start(world);
    visitor = await world.visit();
    await visitor.signIn('ada');
    await visitor.goTo('Report');
    expect(await visitor.alert.textContent()).toContain('See the report on all orders');
    expect(world.company.lastReason).toBe('scope_insufficient');
    await visitor.allowMore();
    const rows = visitor.page.getByRole('table', { name: 'Orders by status' }).getByRole('row');
    await rows.first().waitFor();
    await expect.poll(() => rows.allTextContents()).toEqual(['StatusOrdersPieces', 'cancelled112', 'open13']);
  });

  it('tells a clerk that the report takes a role, and asks for no scope that would not help', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    const expectNoReport = async () => {
      await visitor.goTo('Report');
      await visitor.heading('This is not for you').waitFor();
      expect(await visitor.alert.textContent()).toContain('Your role at your company does not include it.');
      expect(world.company.lastReason).toBe('claim_rule_failed');
      expect(await visitor.page.getByRole('table').count()).toBe(0);
      expect(await visitor.alert.getByRole('button').count()).toBe(0);
    };
    await expectNoReport();
    expect(visitor.calls.authorizationRequests).toHaveLength(1);

    // The scope can be given all the same. It is what the app may do; the role is what the person may do.
    await visitor.grant('See the report on all orders');
    await expectNoReport();
  });

  it('lets an administrator invite somebody, whom the other company does not see', async () => {
    visitor = await world.visit();
    await visitor.signIn('ada');
    await visitor.goTo('Staff');
    await visitor.allowMore();
    await visitor.page.getByLabel('E-mail address').fill('new@acme.example');
    await visitor.page.getByRole('button', { name: 'Invite' }).click();
    await visitor.allowMore();
    expect(await visitor.page.getByLabel('E-mail address').inputValue()).toBe('new@acme.example');
    expect(await visitor.heading('new@acme.example').count()).toBe(0);
    await visitor.page.getByRole('button', { name: 'Invite' }).click();
    await visitor.page.getByText('new@acme.example is invited.').waitFor();
    await visitor.heading('new@acme.example').waitFor();
    expect(await visitor.page.getByLabel('E-mail address').inputValue()).toBe('');

    const other = await world.visit();
    await other.signIn('cleo');
    await other.goTo('Staff');
    await other.allowMore();
    await other.heading('Cleo Marsh').waitFor();
    expect((await other.answers()).join('\n')).not.toContain('new@acme.example');
    expect(other.complaints).toEqual([]);
    await other.leave();
  });

  it('tells a clerk who invites somebody that it takes a role, and keeps what was typed', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    await visitor.goTo('Staff');
    await visitor.allowMore();
    await visitor.page.getByLabel('E-mail address').fill('friend@acme.example');
    await visitor.page.getByRole('button', { name: 'Invite' }).click();
    await visitor.heading('This is not for you').waitFor();
    expect(world.company.lastReason).toBe('claim_rule_failed');
    expect(await visitor.page.getByLabel('E-mail address').inputValue()).toBe('friend@acme.example');
    await visitor.goTo('Orders');
    await visitor.goTo('Staff');
    await visitor.heading('Bo Berg').waitFor();
    expect(await visitor.heading('friend@acme.example').count()).toBe(0);
    expect(await visitor.page.getByLabel('E-mail address').inputValue()).toBe('friend@acme.example');
  });

  it('shows how access is checked to an operator, and not to an administrator', async () => {
    visitor = await world.visit();
    await visitor.signIn('otto');
    await visitor.goTo('Access');
    await visitor.allowMore();
    await visitor.page.getByText('since').first().waitFor();
    await visitor.page.getByRole('img', { name: /Manager server, last 5 minutes: \d+ requests let in/ }).waitFor();

    const admin = await world.visit();
    await admin.signIn('ada');
    await admin.goTo('Access');
    await admin.heading('This is not for you').nth(1).waitFor();
    expect(world.company.lastReason).toBe('claim_rule_failed');
    expect(await admin.page.getByRole('img').count()).toBe(0);
    expect(await admin.page.getByText('Cache hits').count()).toBe(0);
    expect(admin.complaints).toEqual([]);
    await admin.leave();
  });
});
