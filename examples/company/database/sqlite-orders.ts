import sqlite from 'node-sqlite3-wasm';
import { FIRST_ORDERS, type NewOrder, type Order, type Orders, type ReportRow } from './orders.js';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    note TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'cancelled')),
    created_by TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS orders_of_tenant ON orders (tenant, id);`;
const COLUMNS = 'id, item, quantity, note, status, created_by AS createdBy';

/** Orders in a file of SQLite, which one process has open at a time. Values are bound: they never become SQL. */
export class SqliteOrders implements Orders {
  readonly #database;

  /** Creates the file where there is none. */
  constructor(file: string) {
    this.#database = new sqlite.Database(file);
    this.#database.exec(SCHEMA);
    if (this.#database.get('SELECT 1 FROM orders LIMIT 1', []) === null) this.#addFirstOrders();
  }

  async list(tenant: string, { after, limit }: { readonly after: number; readonly limit: number }) {
    const sql = `SELECT ${COLUMNS} FROM orders WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?`;
    return this.#database.all(sql, [tenant, after, limit]) as unknown as Order[];
  }

  async find(tenant: string, id: number) {
    const sql = `SELECT ${COLUMNS} FROM orders WHERE tenant = ? AND id = ?`;
    return (this.#database.get(sql, [tenant, id]) ?? undefined) as Order | undefined;
  }

  async create(tenant: string, { item, quantity, note }: NewOrder, createdBy: string): Promise<Order> {
    const sql = 'INSERT INTO orders (tenant, item, quantity, note, created_by) VALUES (?, ?, ?, ?, ?)';
    const { lastInsertRowid } = this.#database.run(sql, [tenant, item, quantity, note, createdBy]);
    return { id: Number(lastInsertRowid), item, quantity, note, status: 'open', createdBy };
  }

  async cancel(tenant: string, id: number) {
    this.#database.run("UPDATE orders SET status = 'cancelled' WHERE tenant = ? AND id = ?", [tenant, id]);
    return this.find(tenant, id);
  }

  async report(tenant: string) {
    const sql = `SELECT status, count(*) AS orders, sum(quantity) AS items FROM orders
      WHERE tenant = ? GROUP BY status ORDER BY status`;
    return this.#database.all(sql, [tenant]) as unknown as ReportRow[];
  }

  async close() {
    this.#database.close();
  }

  #addFirstOrders(): void {
    const sql = 'INSERT INTO orders (tenant, item, quantity, note, status, created_by) VALUES (?, ?, ?, ?, ?, ?)';
    for (const { tenant, item, quantity, note, status, createdBy } of FIRST_ORDERS) {
      this.#database.run(sql, [tenant, item, quantity, note, status, createdBy]);
    }
  }
}
