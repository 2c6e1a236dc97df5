import type { Locator } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser } from './support/chromium.js';
import { focusOf } from './support/looks.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

const LEAST_CONTRAST = 3;
const MOST_STOPS = 40;
const PATIENCE = 15_000;

describeInBrowser('the dashboard by the keyboard, and for ears', () => {
  const world = useDashboard();
  let visitor: Visitor;

  const hasFocus = (locator: Locator) => locator.evaluate((element) => element === document.activeElement);
  const untilFocus = (locator: Locator) => expect.poll(() => hasFocus(locator), { timeout: PATIENCE }).toBe(true);

  /** Goes from stop to stop, each of which has to be seen, until it is there. */
  async function tabTo(locator: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    await locator.waitFor();
    for (let stop = 0; stop < MOST_STOPS; stop += 1) {
      await visitor.page.keyboard.press(key);
      const { on, contrast } = await focusOf(visitor.page);
      if (on !== 'body' && !on.startsWith('body ')) expect(contrast, on).toBeGreaterThan(LEAST_CONTRAST);
      if (await hasFocus(locator)) return;
    }
    throw new Error(`no way to ${locator} in ${MOST_STOPS} stops`);
  }

  async function press(locator: Locator, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
    await tabTo(locator);
    await visitor.page.keyboard.press(key);
  }

  async function signInByKeyboard(username: string): Promise<void> {
    const { page } = visitor;
    await visitor.open();
    await press(visitor.button('Sign in'));
    await tabTo(page.getByLabel('Username'));
    await page.keyboard.type(username);
    await tabTo(page.getByLabel('Password'));
    await page.keyboard.type(world.company.secrets.passwords[username] ?? '');
    await page.keyboard.press('Enter');
    await press(visitor.button('Allow'));
    await untilFocus(visitor.heading('Orders'));
  }

  it.each(['light', 'dark'] as const)(
    'WCAG 2.2 §2.1.1, §2.4.7: does all of a day with keys alone, and shows where they are (%s)',
    async (colorScheme) => {
      visitor = await world.visit({ colorScheme });
      const { page } = visitor;
      await signInByKeyboard('bo');
      await page.getByText('Order 1 ·').waitFor();

      const opener = page.getByRole('button', { name: 'New order' });
      await press(opener);
      await untilFocus(page.getByLabel('Item'));
      await page.keyboard.type(`pens in the ${colorScheme}`);
      await tabTo(page.getByLabel('Pieces'));
      await page.keyboard.type('7');
      await press(visitor.button('Create the order'), 'Space');
      await visitor.alert.waitFor();
      expect(world.company.lastReason).toBe('scope_insufficient');
      expect(await hasFocus(visitor.button('Create the order')), 'it stays where it was').toBe(true);
      await tabTo(visitor.button('Allow it on the next page'), 'Shift+Tab');
      await page.keyboard.press('Enter');
      await press(visitor.button('Allow'));
      await page.getByLabel('Item').waitFor();
      expect(await page.getByLabel('Pieces').inputValue()).toBe('7');
      await press(visitor.button('Create the order'));
      const said = page.getByText(/^Order \d+ was created\.$/);
      await said.waitFor();
      const id = /\d+/.exec((await said.textContent()) ?? '')?.[0];
      await untilFocus(opener);

      const cancel = page.getByRole('button', { name: `Cancel order ${id}, pens in the ${colorScheme}` });
      await press(cancel);
      const dialog = page.getByRole('dialog', { name: `Cancel order ${id}?` });
      await untilFocus(dialog.getByRole('button', { name: 'Keep it' }));
      await page.keyboard.press('Escape');
      await untilFocus(cancel);
      await page.keyboard.press('Enter');
      await untilFocus(dialog.getByRole('button', { name: 'Keep it' }));
      await page.keyboard.press('Enter');
      await untilFocus(cancel);
      await page.keyboard.press('Enter');
      await tabTo(dialog.getByRole('button', { name: 'Cancel the order' }), 'Shift+Tab');
      await page.keyboard.press('Space');
      await page.getByText(`Order ${id} was cancelled.`).waitFor();
      await cancel.waitFor({ state: 'detached' });
      expect(await focusOf(page)).toMatchObject({ on: `h2 pens in the ${colorScheme}` });

      await press(visitor.button('Sign out'));
      await visitor.heading('Sign out?').waitFor();
      await press(visitor.button('Sign out'));
      await visitor.button('Sign in').waitFor();
    },
  );

  it('a control: a stop without an outline, and one that is hard to see, are found', async () => {
    visitor = await world.visit();
    const { page } = visitor;
    await visitor.open();
    const button = visitor.button('Sign in');
    await tabTo(button);
    const contrastWith = async (outline: string) => {
      await button.evaluate((element, value) => {
        element.style.outline = value;
      }, outline);
      return (await focusOf(page)).contrast;
    };
    expect(await contrastWith('')).toBeGreaterThan(LEAST_CONTRAST);
    expect(await contrastWith('none')).toBe(0);
    expect(await contrastWith('3px solid rgb(220 220 220)')).toBeLessThan(LEAST_CONTRAST);
  });

  it('WCAG 2.2 §2.4.2, §2.4.3: gives each page its title, and the focus to its heading', async () => {
    visitor = await world.visit();
    const { page } = visitor;
    await visitor.open();
    await visitor.button('Sign in').waitFor();
    expect(await page.title()).toBe('Company dashboard');
    await visitor.button('Sign in').click();
    await visitor.heading('Sign in').waitFor();
    expect(await page.title()).toBe('Sign in');
    await visitor.enterPassword('ada');
    await visitor.heading('Allow dashboard?').waitFor();
    expect(await page.title()).toBe('Allow dashboard?');
    await visitor.allow();
    await untilFocus(visitor.heading('Orders'));
    for (const name of ['Staff', 'Report', 'Access', 'Permissions', 'Orders']) {
      const link = page.getByRole('link', { name, exact: true });
      await tabTo(link, 'Shift+Tab');
      await page.keyboard.press('Enter');
      await untilFocus(page.getByRole('heading', { name, level: 1, exact: true }));
      expect(await page.title()).toBe(`${name} · Company dashboard`);
      expect(await link.getAttribute('aria-current')).toBe('page');
      expect(await page.locator('[aria-current]').count()).toBe(1);
    }
    await page.goBack();
    await untilFocus(visitor.heading('Permissions'));
    await page.goto(`${world.origin}/nothing`);
    await untilFocus(visitor.heading('There is no such page'));
    expect(await page.title()).toBe('There is no such page · Company dashboard');
  });

  it('WCAG 2.2 §2.4.1: leads past what is the same on every page', async () => {
    visitor = await world.visit();
    const { page } = visitor;
    await visitor.signIn('bo');
    await untilFocus(visitor.heading('Orders'));
    const skip = page.getByRole('link', { name: 'Skip to the page' });
    await tabTo(skip, 'Shift+Tab');
    const box = await skip.boundingBox();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0), 'it is seen while it has the focus').toBeGreaterThan(24);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await hasFocus(page.getByRole('button', { name: 'New order' }))).toBe(true);
    await visitor.heading('Orders').waitFor();
  });

  it('WCAG 2.2 §4.1.3: says what has come of something in a place that was there before', async () => {
    visitor = await world.visit();
    const { page } = visitor;
    await visitor.signIn('bo');
    await visitor.heading('tea').waitFor();
    // Hidden ones are not counted: a screen reader would not follow them.
    const status = page.getByRole('status');
    expect(await status.count()).toBe(1);
    const before = await status.elementHandle();
    expect(await before?.textContent()).toBe('');
    await page.getByRole('button', { name: 'New order' }).click();
    await page.getByLabel('Item').fill('ink');
    await visitor.button('Create the order').click();
    expect(await visitor.alert.textContent()).toContain('This needs your permission');
    await visitor.allowMore();
    const place = await status.first().elementHandle();
    await visitor.button('Create the order').click();
    await page.getByText(/^Order \d+ was created\.$/).waitFor();
    expect(await place?.textContent(), 'the same node').toMatch(/^Order \d+ was created\.$/);
    expect(await status.count()).toBe(1);
  });

  it('WCAG 2.2 §3.3.1, §3.3.3: leads to the field that is wrong, and says what is, with the field', async () => {
    visitor = await world.visit();
    const { page } = visitor;
    await visitor.signIn('bo');
    await page.getByRole('button', { name: 'New order' }).click();
    await page.getByLabel('Item').fill('ink');
    await visitor.button('Create the order').click();
    await visitor.allowMore();
    const pieces = page.getByLabel('Pieces');
    const description = () =>
      pieces.evaluate((field) =>
        (field.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent),
      );
    await pieces.fill('many');
    expect(await pieces.getAttribute('aria-invalid')).toBe('false');
    await visitor.button('Create the order').click();
    await untilFocus(pieces);
    expect(await pieces.getAttribute('aria-invalid')).toBe('true');
    expect(await description()).toEqual(['must be a whole number']);
    expect(await visitor.alert.textContent()).toContain('Nothing was saved');
    await pieces.fill('0');
    await page.keyboard.press('Enter');
    await page.getByText('must be at least 1').waitFor();
    expect(await description()).toEqual(['must be at least 1']);
    await pieces.fill('2');
    await page.keyboard.press('Enter');
    await page.getByText(/^Order \d+ was created\.$/).waitFor();
  });

  it('WCAG 2.2 §2.4.3: goes on at the first of the orders that were asked for', async () => {
    const { company } = world;
    const { access_token: token } = await company.signIn('cleo', { scope: 'orders:write' });
    for (let count = 0; count < 55; count += 1) {
      await company.call(token, `${company.ordersApi}/orders`, { item: `wire ${count}`, quantity: 1 });
    }
    visitor = await world.visit();
    const { page } = visitor;
    await visitor.signIn('cleo');
    const more = visitor.button('Show more');
    await more.focus();
    const headings = page.getByRole('listitem').getByRole('heading');
    expect(await headings.count()).toBe(50);
    await page.keyboard.press('Enter');
    await untilFocus(headings.nth(50));
    expect([await headings.count(), await more.count()]).toEqual([56, 0]);
  });

  it('gives the focus back: when the form is left, and when what could not be loaded has come', async () => {
    visitor = await world.visit();
    const { page } = visitor;
    await page.route('**/orders?*', (route) => route.fulfill({ status: 503 }));
    await visitor.signIn('bo');
    await visitor.alert.waitFor();
    const opener = page.getByRole('button', { name: 'New order' });
    await opener.press('Enter');
    await untilFocus(page.getByLabel('Item'));
    await visitor.button('Leave it').press('Enter');
    await untilFocus(opener);
    await page.unroute('**/orders?*');
    await visitor.button('Try again').press('Enter');
    await visitor.heading('tea').waitFor();
    await visitor.alert.waitFor({ state: 'detached' });
    expect((await focusOf(page)).on).toBe('h1 Orders');
  });
});
