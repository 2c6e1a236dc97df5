import sqlite from 'node-sqlite3-wasm';

export interface NewOrder {
  readonly item: string;
  readonly quantity: number;
  readonly note: string;
}

export interface Order extends NewOrder {
  readonly id: number;
  readonly status: 'open' | 'cancelled';
  /** The subject of the token that it was ordered with. */
  readonly createdBy: string;
}

export interface ReportRow {
  readonly status: Order['status'];
  readonly orders: number;
  readonly items: number;
}

const SCHEMA = `
  CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    note TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'cancelled')),
    created_by TEXT NOT NULL
  ) STRICT;
  CREATE INDEX orders_of_tenant ON orders (tenant, id);`;
const COLUMNS = 'id, item, quantity, note, status, created_by AS createdBy';

/**
 * The orders of all tenants, in a file of SQLite. Every question names the tenant, so that no row of another one can
 * come out; values are bound, and never become a part of the SQL.
 */
export class Orders {
  readonly #database;

  /** Creates the file, which must not have orders in it yet. */
  constructor(file: string) {
    this.#database = new sqlite.Database(file);
    this.#database.exec(SCHEMA);
  }

  /** Lists orders by id, those after the given one. */
  list(tenant: string, { after, limit }: { readonly after: number; readonly limit: number }): readonly Order[] {
    const sql = `SELECT ${COLUMNS} FROM orders WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?`;
    return this.#database.all(sql, [tenant, after, limit]) as unknown as Order[];
  }

  /** Undefined where there is none, and where it is of another tenant: nobody can tell these two apart. */
  find(tenant: string, id: number): Order | undefined {
    const sql = `SELECT ${COLUMNS} FROM orders WHERE tenant = ? AND id = ?`;
    return (this.#database.get(sql, [tenant, id]) ?? undefined) as Order | undefined;
  }

  create(tenant: string, { item, quantity, note }: NewOrder, createdBy: string): Order {
    const sql = 'INSERT INTO orders (tenant, item, quantity, note, created_by) VALUES (?, ?, ?, ?, ?)';
    const { lastInsertRowid } = this.#database.run(sql, [tenant, item, quantity, note, createdBy]);
    return { id: Number(lastInsertRowid), item, quantity, note, status: 'open', createdBy };
  }

  /** Cancels an order; one that is cancelled stays so. */
  cancel(tenant: string, id: number): Order | undefined {
    this.#database.run("UPDATE orders SET status = 'cancelled' WHERE tenant = ? AND id = ?", [tenant, id]);
    return this.find(tenant, id);
  }

  report(tenant: string): readonly ReportRow[] {
    const sql = `SELECT status, count(*) AS orders, sum(quantity) AS items FROM orders
      WHERE tenant = ? GROUP BY status ORDER BY status`;
    return this.#database.all(sql, [tenant]) as unknown as ReportRow[];
  }

  close(): void {
    this.#database.close();
  }
}

/** Something to look at. */
export function addFirstOrders(orders: Orders): void {
  orders.create('acme', { item: 'tea', quantity: 3, note: '' }, 'ada');
  orders.create('globex', { item: 'copper wire', quantity: 40, note: 'by Friday' }, 'cleo');
  const { id } = orders.create('acme', { item: 'cups', quantity: 12, note: 'the blue ones' }, 'bo');
  orders.cancel('acme', id);
}
