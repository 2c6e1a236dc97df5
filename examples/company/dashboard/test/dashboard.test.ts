import { expect, it } from 'vitest';
import { describeInBrowser } from './support/chromium.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

describeInBrowser('the dashboard in a browser', () => {
  const world = useDashboard();
  let visitor: Visitor;

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
