import { DatabaseError, Pool, type PoolClient, types } from 'pg';
import { DatabaseUnavailable, FIRST_ORDERS, type NewOrder, type Order, type Orders, type ReportRow } from './orders.js';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS orders (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant TEXT NOT NULL,
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    note TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'cancelled')),
    created_by TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS orders_of_tenant ON orders (tenant, id)`;
const COLUMNS = 'id, item, quantity, note, status, created_by AS "createdBy"';

/** Any number, the same in every process of this program. */
const SCHEMA_LOCK = 8_213_406;
const MOST_CONNECTIONS = 10;

/** Classes of SQLSTATE that speak of the server and not of what it was asked. */
const OUTAGES = ['08', '28', '3D', '53', '57', '58'];

export interface PostgresOptions {
  readonly url: string;
  /** How long a connection may take, and waiting for one that is free. @defaultValue 3000 */
  readonly connectMilliseconds?: number;
  /** How long an answer may take. @defaultValue 5000 */
  readonly answerMilliseconds?: number;
  /** Is told of a connection that breaks while nobody uses it. */
  readonly onLost: (error: Error) => void;
}

/**
 * Orders in PostgreSQL. Values are bound: they never become SQL. While the database is down every method rejects with
 * `DatabaseUnavailable`; the first question after that makes the schema if it is not there.
 */
export class PostgresOrders implements Orders {
  readonly #pool: Pool;
  #prepared: Promise<void> | undefined;

  constructor({ url, connectMilliseconds = 3000, answerMilliseconds = 5000, onLost }: PostgresOptions) {
    this.#pool = new Pool({
      connectionString: url,
      max: MOST_CONNECTIONS,
      connectionTimeoutMillis: connectMilliseconds,
      query_timeout: answerMilliseconds,
      statement_timeout: answerMilliseconds,
      types: {
        getTypeParser: (type, format) => (type === types.builtins.INT8 ? Number : types.getTypeParser(type, format)),
      },
    });
    // Without a listener, an idle connection that breaks would end the process.
    this.#pool.on('error', onLost);
  }

  async list(tenant: string, { after, limit }: { readonly after: number; readonly limit: number }) {
    const sql = `SELECT ${COLUMNS} FROM orders WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3`;
    return this.#ask<Order>(sql, [tenant, after, limit]);
  }

  async find(tenant: string, id: number) {
    const [order] = await this.#ask<Order>(`SELECT ${COLUMNS} FROM orders WHERE tenant = $1 AND id = $2`, [tenant, id]);
    return order;
  }

  async create(tenant: string, { item, quantity, note }: NewOrder, createdBy: string): Promise<Order> {
    const sql = `INSERT INTO orders (tenant, item, quantity, note, created_by) VALUES ($1, $2, $3, $4, $5)
      RETURNING ${COLUMNS}`;
    const [order] = await this.#ask<Order>(sql, [tenant, item, quantity, note, createdBy]);
    return order as Order;
  }

  async cancel(tenant: string, id: number) {
    const sql = `UPDATE orders SET status = 'cancelled' WHERE tenant = $1 AND id = $2 RETURNING ${COLUMNS}`;
    const [order] = await this.#ask<Order>(sql, [tenant, id]);
    return order;
  }

  async report(tenant: string) {
    const sql = `SELECT status, count(*) AS orders, sum(quantity) AS items FROM orders
      WHERE tenant = $1 GROUP BY status ORDER BY status`;
    return this.#ask<ReportRow>(sql, [tenant]);
  }

  close() {
    return this.#pool.end();
  }

  async #ask<Row>(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    try {
      this.#prepared ??= this.#prepare();
      await this.#prepared;
      return (await this.#pool.query<Row>(sql, values)).rows;
    } catch (error) {
      throw isOutage(error) ? new DatabaseUnavailable(error) : error;
    }
  }

  /** Makes the schema, and adds the first orders to a table that is empty. The next question tries again if it fails. */
  async #prepare(): Promise<void> {
    try {
      await this.#inTransaction(async (client) => {
        // One process at a time: `IF NOT EXISTS` alone fails in the one that comes second.
        await client.query('SELECT pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
        await client.query(SCHEMA);
        const { rows } = await client.query('SELECT 1 FROM orders LIMIT 1');
        if (rows.length === 0) await addFirstOrders(client);
      });
    } catch (error) {
      this.#prepared = undefined;
      throw error;
    }
  }

  async #inTransaction(work: (client: PoolClient) => Promise<void>): Promise<void> {
    const client = await this.#pool.connect();
    // The query under way rejects too, so that nothing is lost here.
    client.on('error', () => {});
    let isDone = false;
    try {
      await client.query('BEGIN');
      await work(client);
      await client.query('COMMIT');
      isDone = true;
    } finally {
      // A connection that is closed takes its transaction back.
      client.release(!isDone);
    }
  }
}

async function addFirstOrders(client: PoolClient): Promise<void> {
  const sql = 'INSERT INTO orders (tenant, item, quantity, note, status, created_by) VALUES ($1, $2, $3, $4, $5, $6)';
  for (const { tenant, item, quantity, note, status, createdBy } of FIRST_ORDERS) {
    await client.query(sql, [tenant, item, quantity, note, status, createdBy]);
  }
}

/** What the server did not say itself is trouble on the way to it: refused, broken, or too slow. */
function isOutage(error: unknown): boolean {
  return !(error instanceof DatabaseError) || OUTAGES.includes(error.code?.slice(0, 2) ?? '');
}
