import { expect, it } from 'vitest';
import { Calls } from './support/calls.js';
import { describeInBrowser } from './support/chromium.js';
import { OrdersServer } from './support/orders-server.js';
import { useDashboard } from './support/use-dashboard.js';
import type { Visitor } from './support/visitor.js';

const GOOD = { Item: 'pens', Pieces: '7', Note: 'the red ones' };
type Label = keyof typeof GOOD;

const SQL = `'); DROP TABLE orders; --`;
const SQL_UPDATE = `x', status='cancelled' WHERE 1=1; --`;
const HTML = `<img src=x onerror="window.ran=1"><script>window.ran=1</script>`;
const ATTRIBUTE = `"><svg onload='window.ran=1'>&lt;b&gt;`;

describeInBrowser('what people type', () => {
  const world = useDashboard();
  let visitor: Visitor;

  const allow = async (...wishes: readonly string[]) => {
    for (const wish of wishes) await visitor.grant(wish);
  };
  const fill = async (values: Partial<Record<Label, string>>) => {
    for (const [label, value] of Object.entries(values)) await visitor.page.getByLabel(label).fill(value);
  };
  const create = () => visitor.button('Create the order').click();
  const items = () => visitor.page.getByRole('listitem').getByRole('heading').allTextContents();
  /** A browser that does not check forms, such as an old one. */
  const dropBrowserChecks = () => {
    return visitor.page.locator('form').evaluate((form: HTMLFormElement) => {
      form.noValidate = true;
      for (const input of form.querySelectorAll('input')) input.removeAttribute('maxlength');
    });
  };
  /** The fields that are marked, with what is said of each to everybody. */
  const marked = async () => {
    const fields = await visitor.page.locator('[aria-invalid=true]').all();
    return Promise.all(
      fields.map((field) =>
        field.evaluate((element: HTMLInputElement) => {
          const ids = element.getAttribute('aria-describedby')?.split(' ') ?? [];
          const texts = ids.map((id) => document.getElementById(id)?.textContent);
          return `${element.labels?.[0]?.textContent}: ${texts.at(-1)}`;
        }),
      ),
    );
  };

  it('shows what the API says of a field at that field, creates nothing, and keeps what was typed', async () => {
    const server = await OrdersServer.start(world);
    visitor = await world.visit();
    await visitor.signIn('bo');
    await allow('Create and cancel orders');
    await visitor.goTo('Orders');
    await visitor.page.getByRole('button', { name: 'New order' }).click();
    await dropBrowserChecks();
    const calls = new Calls(visitor.page, world);
    const bad: readonly [Label, string, string][] = [
      ['Pieces', '0', 'must be at least 1'],
      ['Pieces', '-1', 'must be at least 1'],
      ['Pieces', '1.5', 'must be a whole number'],
      ['Pieces', 'abc', 'must be a whole number'],
      ['Pieces', SQL, 'must be a whole number'],
      ['Pieces', '1e400', 'must be a whole number'],
      ['Pieces', '', 'must be at least 1'],
      ['Pieces', '10001', 'must be at most 10000'],
      ['Item', '', 'must not be empty'],
      ['Item', 'x'.repeat(201), 'must be at most 200 characters'],
      ['Item', 'a\0b', 'must not contain NUL or half a character'],
      ['Note', 'x'.repeat(1001), 'must be at most 1000 characters'],
      ['Note', 'a\0b', 'must not contain NUL or half a character'],
    ];
    for (const [index, [label, value, message]] of bad.entries()) {
      await fill({ ...GOOD, [label]: value });
      const answered = visitor.page.waitForResponse((response) => response.request().method() === 'POST');
      await create();
      expect((await answered).status()).toBe(400);
      await visitor.heading('Something is not right yet').waitFor();
      expect(await visitor.alert.textContent()).toContain('Nothing was saved. Look at the fields below.');
      await expect.poll(marked).toEqual([`${label}: ${message}`]);
      expect(await typed()).toEqual({ ...GOOD, [label]: value });
      expect(calls.apiCalls).toHaveLength(index + 1);
    }
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups']);

    await fill(GOOD);
    await create();
    await visitor.heading('pens').waitFor();
    const [, , created] = await server.orders.list('acme', { after: 0, limit: 10 });
    expect(created).toMatchObject({ item: 'pens', quantity: 7, note: 'the red ones', status: 'open', createdBy: 'bo' });
  });

  it('shows all that is wrong at once, each at its field', async () => {
    await OrdersServer.start(world);
    visitor = await world.visit();
    await visitor.signIn('bo');
    await allow('Create and cancel orders');
    await visitor.goTo('Orders');
    await visitor.page.getByRole('button', { name: 'New order' }).click();
    await dropBrowserChecks();
    await fill({ Item: '', Pieces: 'many', Note: 'a\0b' });
    await create();
    await visitor.alert.waitFor();
    const messages = ['must not be empty', 'must be a whole number', 'must not contain NUL or half a character'];
    await expect.poll(marked).toEqual(Object.keys(GOOD).map((label, index) => `${label}: ${messages[index]}`));
  });

  it('sends nothing that the browser sees to be wrong already', async () => {
    const server = await OrdersServer.start(world);
    visitor = await world.visit();
    await visitor.signIn('bo');
    await allow('Create and cancel orders', 'See who works at your company');
    await visitor.goTo('Orders');
    await visitor.page.getByRole('button', { name: 'New order' }).click();
    const calls = new Calls(visitor.page, world);
    const isValid = (label: string) => {
      return visitor.page.getByLabel(label).evaluate((input: HTMLInputElement) => input.validity.valid);
    };
    await fill({ ...GOOD, Item: '' });
    await create();
    expect(await isValid('Item')).toBe(false);
    await fill({ Item: 'x'.repeat(201) });
    expect(await visitor.page.getByLabel('Item').inputValue()).toBe('x'.repeat(200));
    expect(calls.apiCalls).toEqual([]);
    await fill(GOOD);
    await create();
    await visitor.heading('pens').waitFor();
    expect(await server.itemsOf('acme')).toEqual(['tea', 'cups', 'pens']);

    await visitor.goTo('Staff');
    await visitor.heading('Bo Berg').waitFor();
    await visitor.page.getByLabel('E-mail address').fill('nobody');
    await visitor.page.getByRole('button', { name: 'Invite' }).click();
    expect(await isValid('E-mail address')).toBe(false);
    expect(calls.apiCalls.filter((call) => call.startsWith('POST'))).toEqual(['POST /orders']);
  });

  it.each([SQL, SQL_UPDATE, HTML, ATTRIBUTE, '{{7*7}} <%= 7*7 %> %00 %3Cb%3E'])(
    'shows %s in an order as the text that it is, and changes nothing else',
    async (text) => {
      const server = await OrdersServer.start(world);
      visitor = await world.visit();
      await visitor.signIn('bo');
      await allow('Create and cancel orders');
      await visitor.goTo('Orders');
      const before = await ordersOf(server);
      await visitor.page.getByRole('button', { name: 'New order' }).click();
      await fill({ Item: text, Note: text });
      await create();
      await visitor.page.getByText('Order 4 was created.').waitFor();
      await visitor.heading(text).waitFor();
      await expect.poll(items).toEqual(['tea', 'cups', text]);
      expect(await visitor.page.locator('.note').last().textContent()).toBe(text);
      await visitor.page.getByRole('button', { name: `Cancel order 4, ${text}` }).click();
      expect(await visitor.page.getByRole('dialog').textContent()).toContain(`1 × ${text}.`);
      await visitor.button('Keep it').click();
      expect(await visitor.page.locator('main').locator('img, script, svg[onload], b').count()).toBe(0);
      expect(await hasRun()).toBe(false);

      const order = { id: 4, item: text, quantity: 1, note: text, status: 'open', createdBy: 'bo' };
      const { acme, globex } = await ordersOf(server);
      expect(acme).toEqual([...before.acme, order]);
      expect(globex).toEqual(before.globex);
      await visitor.page.reload();
      await visitor.heading(text).waitFor();
      await expect.poll(items).toEqual(['tea', 'cups', text]);
      expect(await hasRun()).toBe(false);
    },
  );

  it.each([
    ['with HTML in it', `"<b>x</b>"@acme.example`],
    ['with a script in it', `<script>window.ran=1</script>@acme.example`],
    ['with SQL in it', `'); DROP TABLE orders; --@acme.example`],
    ['of no domain', 'nobody@nowhere'],
    ['that is too long', `${'x'.repeat(64)}@${'acme.'.repeat(40)}example`],
  ])('refuses an e-mail address %s in words, keeps it in its field, and takes a good one', async (_, address) => {
    visitor = await world.visit();
    await visitor.signIn('ada');
    await allow('See who works at your company', 'Invite people to your company');
    await visitor.goTo('Staff');
    await visitor.heading('Ada Lind').waitFor();
    const before = await items();
    await dropBrowserChecks();
    const email = visitor.page.getByLabel('E-mail address');
    await email.fill(address);
    await visitor.page.getByRole('button', { name: 'Invite' }).click();
    await visitor.heading('Something is not right yet').waitFor();
    expect(await marked()).toEqual([expect.stringMatching(/^E-mail address: .+/)]);
    expect(await email.inputValue()).toBe(address);
    expect(await hasRun()).toBe(false);
    await visitor.goTo('Orders');
    await visitor.goTo('Staff');
    await visitor.heading('Ada Lind').waitFor();
    await expect.poll(items).toEqual(before);

    const good = `o'brien+${before.length}@acme.example`;
    await email.fill(good);
    await visitor.page.getByRole('button', { name: 'Invite' }).click();
    await visitor.heading(good).waitFor();
    await expect.poll(items).toEqual([...before, good]);
  });

  it.each([SQL, `' OR '1'='1`, HTML, ATTRIBUTE])(
    'takes %s for a wrong username, and for a wrong password',
    async (text) => {
      visitor = await world.visit();
      const { page } = visitor;
      await visitor.open();
      await visitor.button('Sign in').click();
      for (const [username, password] of [
        [text, world.company.secrets.passwords['ada']],
        ['ada', text],
        [text, text],
      ] as const) {
        await visitor.enterPassword(username, password);
        await page.getByRole('alert').waitFor();
        expect(await page.getByRole('alert').textContent()).toContain('This username and password do not fit.');
        expect(await page.getByLabel('Username').inputValue()).toBe(username);
        expect(await page.getByLabel('Password').inputValue()).toBe('');
        expect(await page.locator('img, script, svg, b').count()).toBe(0);
        expect(await hasRun()).toBe(false);
      }
      await visitor.enterPassword('ada');
      await visitor.allow();
      await visitor.heading('tea').waitFor();
    },
  );

  const typed = async () => {
    const values = Object.keys(GOOD).map(async (label) => [label, await visitor.page.getByLabel(label).inputValue()]);
    return Object.fromEntries(await Promise.all(values));
  };
  const hasRun = () => visitor.page.evaluate(() => 'ran' in window);
});

async function ordersOf({ orders }: OrdersServer) {
  const page = { after: 0, limit: 1000 };
  return { acme: await orders.list('acme', page), globex: await orders.list('globex', page) };
}
