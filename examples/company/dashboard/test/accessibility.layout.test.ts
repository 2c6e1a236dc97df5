import { beforeAll, expect, it } from 'vitest';
import { MANAGER_API } from '../../company.js';
import { describeInBrowser } from './support/chromium.js';
import { contrastOf, findOverflow, focusOf } from './support/looks.js';
import { checkManagerPages } from './support/manager-pages.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

const LONG = 'W'.repeat(200);
const LONG_NOTE = 'ß'.repeat(1000);
const LONG_ADDRESS = `${'w'.repeat(60)}@${'m'.repeat(60)}.${'n'.repeat(60)}.example`;
const ROOMS = [
  ['320 px', 320, 100],
  ['320 px and text of twice the size', 320, 200],
  ['1280 px and text of twice the size', 1280, 200],
] as const;

describeInBrowser('what the dashboard looks like where there is little room, or no colors', () => {
  const world = useDashboard();
  let visitor: Visitor;
  beforeAll(async () => {
    const { company } = world;
    const [orders, manager] = await Promise.all([
      company.signIn('ada', { scope: 'orders:write' }),
      company.signIn('ada', { scope: 'staff:invite', resource: MANAGER_API }),
    ]);
    const order = { item: LONG, quantity: 10_000, note: LONG_NOTE };
    const created = await company.call(orders.access_token, `${company.ordersApi}/orders`, order);
    expect(created.status).toBe(201);
    const url = `${company.managerServer}/staff/invitations`;
    expect((await company.call(manager.access_token, url, { email: LONG_ADDRESS })).status).toBe(201);
  });

  it('a control: finds what is too wide for the window, and for its box', async () => {
    visitor = await world.visit({ viewport: { width: 320, height: 800 } });
    await visitor.open();
    await visitor.button('Sign in').waitFor();
    expect(await findOverflow(visitor.page)).toEqual([]);
    await visitor.page.evaluate(() => {
      const main = document.querySelector('main') as HTMLElement;
      main.style.overflow = 'hidden';
      main.append(Object.assign(document.createElement('pre'), { textContent: 'x'.repeat(100), className: 'wide' }));
    });
    expect(await findOverflow(visitor.page)).toEqual(['main.welcome', 'pre.wide']);
  });

  it.each(ROOMS)(
    'WCAG 2.2 §1.4.4, §1.4.10: needs no scrolling sideways with %s, long names included',
    async (_, width, percent) => {
      visitor = await world.visit({ viewport: { width, height: 800 } });
      const { page } = visitor;
      const check = async (state: string) => {
        await page.evaluate((size) => {
          document.documentElement.style.fontSize = `${size}%`;
        }, percent);
        expect.soft(await findOverflow(page), state).toEqual([]);
      };
      await visitor.open();
      await visitor.button('Sign in').waitFor();
      await check('signed out');
      await visitor.button('Sign in').click();
      await visitor.heading('Sign in').waitFor();
      await check('sign in');
      await visitor.enterPassword('ada');
      await visitor.heading('Allow dashboard?').waitFor();
      await check('consent');
      await visitor.allow();
      await visitor.heading(LONG).waitFor();
      await check('orders');
      await page.getByRole('button', { name: 'New order' }).click();
      await page.getByLabel('Item').fill(LONG);
      await page.getByLabel('Pieces').fill('0');
      await visitor.button('Create the order').click();
      await visitor.alert.waitFor();
      await check('orders, permission');
      await visitor.allowMore();
      await visitor.button('Create the order').click();
      await page.getByText('must be at least 1').waitFor();
      await check('orders, field error');
      await visitor.button('Leave it').click();
      await page.getByRole('button', { name: `Cancel order 4, ${LONG}` }).click();
      await page.getByRole('dialog').waitFor();
      await check('orders, dialog');
      await visitor.button('Keep it').click();
      await visitor.goTo('Staff');
      await visitor.allowMore();
      await visitor.heading(LONG_ADDRESS).waitFor();
      await check('staff');
      await checkManagerPages(visitor, check);
      await visitor.button('Sign out').click();
      await visitor.heading('Sign out?').waitFor();
      await check('sign out');
    },
  );

  it.each(ROOMS)('shows the operator all of the numbers with %s', async (_, width, percent) => {
    visitor = await world.visit({ viewport: { width, height: 800 } });
    await visitor.signIn('otto');
    await visitor.goTo('Access');
    await visitor.allowMore();
    await visitor.page.getByRole('img').first().waitFor();
    await visitor.page.evaluate((size) => {
      document.documentElement.style.fontSize = `${size}%`;
    }, percent);
    expect(await findOverflow(visitor.page)).toEqual([]);
  });

  it.each(['light', 'dark'] as const)(
    'WCAG 2.2 §1.4.11: keeps the bars of the chart apart, and the focus visible, with forced colors (%s)',
    async (colorScheme) => {
      visitor = await world.visit({ colorScheme, forcedColors: 'active' });
      const { page } = visitor;
      await visitor.signIn('otto');
      await visitor.goTo('Access');
      await visitor.allowMore();
      await page.getByRole('img').first().waitFor();
      const bar = (kind: string) => page.locator(`.bar-${kind}`).last();
      const key = (kind: string) => page.locator(`.key-${kind}`).last();
      expect(await contrastOf(bar('accepted'), 'fill')).toBeGreaterThan(3);
      expect(await contrastOf(bar('refused'), 'fill')).toBeGreaterThan(3);
      const colors = await Promise.all(
        ['accepted', 'refused'].map(async (kind) => [
          await bar(kind).evaluate((element) => getComputedStyle(element).fill),
          await key(kind).evaluate((element) => getComputedStyle(element).backgroundColor),
        ]),
      );
      expect(
        colors.map(([fill, ground]) => fill === ground),
        'the legend agrees',
      ).toEqual([true, true]);
      expect(colors[0]).not.toEqual(colors[1]);
      await page.keyboard.press('Tab');
      expect((await focusOf(page)).contrast).toBeGreaterThan(3);
      await page.screenshot({ path: `.scratch/screenshots/access-forced-colors-${colorScheme}.png` });
    },
  );

  it('WCAG 2.2 §2.3.3: moves nothing for those who asked for less motion', async () => {
    for (const [reducedMotion, animations] of [
      ['no-preference', 3],
      ['reduce', 0],
    ] as const) {
      visitor = await world.visit({ reducedMotion });
      await visitor.page.route('**/orders?*', () => {});
      await visitor.signIn('bo');
      await visitor.page.getByText('Loading').waitFor();
      expect(await visitor.page.evaluate(() => document.getAnimations().length), reducedMotion).toBe(animations);
      if (reducedMotion !== 'reduce') await visitor.leave();
    }
  });
});
