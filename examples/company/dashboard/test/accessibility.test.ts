import { mkdir } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { findViolations } from './support/axe.js';
import { describeInBrowser } from './support/chromium.js';
import { checkManagerPages } from './support/manager-pages.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

const SCREENSHOTS = '.scratch/screenshots';
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 375, height: 812 } } as const;
const SCHEMES = ['light', 'dark'] as const;

describeInBrowser('WCAG 2.2 A and AA: axe-core finds nothing wrong with', () => {
  const world = useDashboard();
  let visitor: Visitor;
  beforeAll(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
  });

  /** Looks at what is shown, on a desk and on a phone, light and dark, and takes a picture of each. */
  async function check(state: string): Promise<void> {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await visitor.page.setViewportSize(viewport);
      for (const colorScheme of SCHEMES) {
        await visitor.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        const name = `${state}-${size}-${colorScheme}`;
        await visitor.page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
        expect.soft(await findViolations(visitor.page), name).toEqual([]);
      }
    }
    await visitor.page.setViewportSize(SIZES.desktop);
  }

  it('a control that is wrong: it finds a field without a name and text that is hard to see', async () => {
    visitor = await world.visit();
    await visitor.open();
    await visitor.button('Sign in').waitFor();
    expect(await findViolations(visitor.page)).toEqual([]);
    await visitor.page.evaluate(() => {
      const main = document.querySelector('main') as HTMLElement;
      main.append(document.createElement('input'));
      (main.querySelector('.intro') as HTMLElement).style.color = 'rgb(200 200 200)';
    });
    const rules = (await findViolations(visitor.page)).map((line) => line.split(':')[0]);
    expect(rules).toEqual(['color-contrast', 'label']);
  });

  it('the pages before and after a sign-in', async () => {
    visitor = await world.visit();
    await visitor.open();
    await visitor.button('Sign in').waitFor();
    await check('signed-out');
    await visitor.button('Sign in').click();
    await visitor.page.getByLabel('Username').waitFor();
    await check('sign-in');
    await visitor.enterPassword('ada', 'wrong');
    await visitor.alert.waitFor();
    await check('sign-in-refused');
    await visitor.enterPassword('ada');
    await visitor.button('Allow').waitFor();
    await check('consent');
    await visitor.allow();
    await visitor.heading('tea').waitFor();
    await visitor.button('Sign out').click();
    await visitor.heading('Sign out?').waitFor();
    await check('sign-out');
    await visitor.button('Sign out').click();
    await visitor.heading('Company dashboard').waitFor();

    await visitor.page.goto(`${world.company.authorizationServer.issuer}/auth?client_id=nobody`);
    await visitor.heading('This did not work').waitFor();
    await check('error-of-sign-in');
    await visitor.open('/callback?error=server_error&state=of-nobody');
    await visitor.alert.waitFor();
    await check('answer-of-nobody');
    await visitor.page.route('**/settings.json', (route) => route.fulfill({ status: 503, body: '{}' }));
    await visitor.open();
    await visitor.button('Try again').waitFor();
    await check('starting');
  });

  it('the orders', async () => {
    visitor = await world.visit();
    const { page } = visitor;
    await page.route('**/orders?*', () => {});
    await visitor.signIn('ada');
    await page.getByText('Loading').waitFor();
    await check('orders-loading');
    await page.unroute('**/orders?*');
    await page.route('**/orders?*', (route) => route.fulfill({ status: 503 }));
    await visitor.open();
    await visitor.alert.waitFor();
    await check('orders-unavailable');
    await page.unroute('**/orders?*');
    await page.route('**/orders?*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { orders: [] } });
    });
    await visitor.button('Try again').click();
    await visitor.heading('No orders yet').waitFor();
    await check('orders-empty');
    await page.unroute('**/orders?*');
    await visitor.open();
    await visitor.heading('tea').waitFor();
    await check('orders');

    await page.getByRole('button', { name: 'New order' }).click();
    await check('orders-form');
    await page.getByLabel('Item').fill('pens');
    await page.getByLabel('Pieces').fill('many');
    await page.getByLabel('Note').fill('blue ones, please');
    await visitor.button('Create the order').click();
    await visitor.alert.waitFor();
    await check('orders-permission');
    await visitor.allowMore();
    await visitor.button('Create the order').click();
    await page.getByLabel('Pieces').and(page.locator('[aria-invalid="true"]')).waitFor();
    await check('orders-field-error');
    await page.getByLabel('Pieces').fill('12');
    await visitor.button('Create the order').click();
    await page.getByText('Order 4 was created.').waitFor();
    await check('orders-created');
    await page.getByRole('button', { name: 'Cancel order 4, pens' }).click();
    await visitor.heading('Cancel order 4?').waitFor();
    await check('orders-dialog');
    await visitor.button('Cancel the order').click();
    await page.getByText('Order 4 was cancelled.').waitFor();
    await check('orders-cancelled');
  });

  it('staff, report, access and permissions, of one who may see them and of one who may not', async () => {
    visitor = await world.visit();
    const { page } = visitor;
    await visitor.signIn('ada');
    await visitor.goTo('Staff');
    await visitor.alert.waitFor();
    await check('staff-permission');
    await visitor.allowMore();
    await visitor.heading('Bo Berg').waitFor();
    await check('staff');
    await page.getByLabel('E-mail address').fill('somebody@acme');
    await visitor
      .button('Invite')
      .or(page.getByRole('button', { name: /^Invite/ }))
      .first()
      .click();
    await visitor.alert.waitFor();
    await visitor.allowMore();
    await page.getByRole('button', { name: /^Invite/ }).click();
    await visitor.alert.waitFor();
    await check('staff-field-error');
    await page.getByLabel('E-mail address').fill('dora@acme.example');
    await page.getByRole('button', { name: /^Invite/ }).click();
    await page.getByText('dora@acme.example is invited.').waitFor();
    await check('staff-invited');
    await checkManagerPages(visitor, check);
    await page.goto(`${world.origin}/nothing`);
    await visitor.heading('There is no such page').waitFor();
    await check('no-page');
  });

  it('the report, of one who is no administrator', async () => {
    visitor = await world.visit();
    await visitor.signIn('bo');
    await visitor.goTo('Report');
    await visitor.alert.waitFor();
    await check('report-of-others');
  });

  it('the access page of the operator', async () => {
    visitor = await world.visit();
    await visitor.signIn('otto');
    await visitor.goTo('Access');
    await visitor.alert.first().waitFor();
    await check('access-permission');
    await visitor.allowMore();
    await visitor.page.getByRole('img').first().waitFor();
    await check('access');
  });
});
