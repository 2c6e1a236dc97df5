import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from './support/chromium.js';
import { DashboardWorld } from './support/dashboard-world.js';
import type { Visitor } from './support/visitor.js';

describeInBrowser('the dashboard in a browser', () => {
  let world: DashboardWorld;
  let visitor: Visitor;
  beforeAll(async () => {
    world = await DashboardWorld.start();
  });
  afterAll(() => world.close());
  afterEach(async () => {
    expect(visitor.complaints).toEqual([]);
    await visitor.leave();
  });

  it('signs in, lists orders, and creates one after a permission that was asked for then', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    const items = visitor.page.getByRole('listitem').getByRole('heading');
    await items.first().waitFor();
    await expect.poll(() => items.allTextContents()).toEqual(['tea', 'cups']);

    await visitor.page.getByRole('button', { name: 'New order' }).click();
    await visitor.page.getByLabel('Item').fill('pens');
    await visitor.page.getByLabel('Pieces').fill('7');
    await visitor.button('Create the order').click();
    expect(await visitor.alert.textContent()).toContain('This needs your permission');
    expect(world.company.lastReason).toBe('scope_insufficient');
    await visitor.allowMore();
    expect(await visitor.page.getByLabel('Item').inputValue()).toBe('pens');
    await visitor.button('Create the order').click();
    await visitor.page.getByText('Order 4 was created.').waitFor();
    await expect.poll(() => items.allTextContents()).toEqual(['tea', 'cups', 'pens']);
  });
});
