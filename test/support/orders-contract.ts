import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewOrder, Orders } from '../../examples/company/database/orders.js';

const FIRST_PAGE = { after: 0, limit: 50 };
const PENS: NewOrder = { item: 'pens', quantity: 2, note: '' };

/** Text that is SQL, HTML or odd, and has to stay what it is. */
export const NASTY_TEXTS = [
  "'; DROP TABLE orders; --",
  "' OR tenant <> 'acme' OR '1'='1",
  '1); DELETE FROM orders; --',
  "\\'; SELECT pg_sleep(10); --",
  '$1 $$ :tenant @tenant ?1 E\'\\x41\' "orders"',
  '<script>alert(document.cookie)</script>',
  'İstanbul 😀 \u202e\r\n\t',
];

/**
 * What every kind of `Orders` has to do.
 *
 * @param open - opens an empty database; `again` opens the same one once more
 */
export function describeOrders(open: () => Promise<{ readonly orders: Orders; again(): Promise<Orders> }>): void {
  let orders: Orders;
  let again: () => Promise<Orders>;
  beforeEach(async () => {
    ({ orders, again } = await open());
  });
  afterEach(() => orders.close());

  const itemsOf = async (tenant: string, page = FIRST_PAGE) =>
    (await orders.list(tenant, page)).map(({ item }) => item);

  it('begins with the first orders, and does not add them twice', async () => {
    expect(await itemsOf('acme')).toEqual(['tea', 'cups']);
    expect(await itemsOf('globex')).toEqual(['copper wire']);
    const [tea] = await orders.list('acme', FIRST_PAGE);
    expect(tea).toEqual({ id: 1, item: 'tea', quantity: 3, note: '', status: 'open', createdBy: 'ada' });
    await orders.create('acme', PENS, 'bo');
    await orders.close();
    orders = await again();
    expect(await itemsOf('acme')).toEqual(['tea', 'cups', 'pens']);
  });

  it('creates and finds, and gives the same each time', async () => {
    const created = await orders.create('acme', { item: 'ink', quantity: 5, note: 'black' }, 'bo');
    expect(created).toEqual({
      id: expect.any(Number),
      ...{ item: 'ink', quantity: 5, note: 'black', status: 'open', createdBy: 'bo' },
    });
    expect(await orders.find('acme', created.id)).toEqual(created);
    expect((await orders.list('acme', FIRST_PAGE)).at(-1)).toEqual(created);
    expect((await orders.create('globex', PENS, 'cleo')).id).toBeGreaterThan(created.id);
  });

  it('cancels once and for all', async () => {
    const created = await orders.create('acme', PENS, 'bo');
    expect(await orders.cancel('acme', created.id)).toEqual({ ...created, status: 'cancelled' });
    expect(await orders.cancel('acme', created.id)).toEqual({ ...created, status: 'cancelled' });
    expect(await orders.find('acme', created.id)).toEqual({ ...created, status: 'cancelled' });
  });

  it('keeps tenants apart: another one finds, lists, cancels and counts nothing of it', async () => {
    const { id } = await orders.create('globex', { item: 'ore', quantity: 900, note: '' }, 'cleo');
    const before = await orders.report('acme');
    expect(await orders.find('acme', id)).toBeUndefined();
    expect(await orders.cancel('acme', id)).toBeUndefined();
    expect(await itemsOf('acme')).not.toContain('ore');
    expect(await orders.report('acme')).toEqual(before);
    expect(await orders.find('globex', id)).toMatchObject({ item: 'ore', status: 'open' });
    expect(await orders.list('nobody', FIRST_PAGE)).toEqual([]);
    expect(await orders.report('nobody')).toEqual([]);
  });

  it('reports by status, with numbers', async () => {
    expect(await orders.report('acme')).toEqual([
      { status: 'cancelled', orders: 1, items: 12 },
      { status: 'open', orders: 1, items: 3 },
    ]);
    await orders.create('acme', { ...PENS, quantity: 40 }, 'ada');
    expect((await orders.report('acme')).at(-1)).toEqual({ status: 'open', orders: 2, items: 43 });
  });

  it('gives pages by id, up to the greatest number that there is', async () => {
    for (let count = 0; count < 4; count += 1) await orders.create('acme', { ...PENS, item: `pens ${count}` }, 'bo');
    const first = await orders.list('acme', { after: 0, limit: 4 });
    expect(first.map(({ item }) => item)).toEqual(['tea', 'cups', 'pens 0', 'pens 1']);
    const after = first.at(-1)?.id ?? 0;
    expect(await itemsOf('acme', { after, limit: 4 })).toEqual(['pens 2', 'pens 3']);
    expect(await itemsOf('acme', { after: Number.MAX_SAFE_INTEGER, limit: 100 })).toEqual([]);
    expect(await orders.find('acme', Number.MAX_SAFE_INTEGER)).toBeUndefined();
  });

  describe('SQL in a field', () => {
    it.each(NASTY_TEXTS)('is data: %j', async (text) => {
      const before = await Promise.all(['acme', 'globex'].map((tenant) => itemsOf(tenant)));
      const created = await orders.create(text, { item: text, quantity: 1, note: text }, text);
      expect(created).toMatchObject({ item: text, note: text, createdBy: text });
      expect(await orders.list(text, FIRST_PAGE)).toEqual([created]);
      expect(await orders.find(text, created.id)).toEqual(created);
      expect(await orders.find(`${text} `, created.id)).toBeUndefined();
      expect(await orders.report(text)).toEqual([{ status: 'open', orders: 1, items: 1 }]);
      expect(await orders.cancel(text, created.id)).toEqual({ ...created, status: 'cancelled' });
      expect(await Promise.all(['acme', 'globex'].map((tenant) => itemsOf(tenant)))).toEqual(before);
    });
  });
}
