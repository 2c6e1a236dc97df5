import type { Orders } from './orders.js';

export interface OpenOrdersOptions {
  /** Where SQLite keeps them, if there is no `databaseUrl`. */
  readonly databaseFile: string;
  /** Of PostgreSQL, with a name and a password in it. */
  readonly databaseUrl?: string | undefined;
  /** Takes one line for the log. It never has the URL in it. */
  readonly log: (line: string) => void;
}

export const DATABASE_URL_HELP =
  'DATABASE_URL must be a URL of PostgreSQL, such as postgres://name:password@127.0.0.1:5432/orders. ' +
  'Write what is special in the password with %, such as %2F for /.';

/** Opens the database that there is. The driver of the other one is not loaded. */
export async function openOrders({ databaseFile, databaseUrl, log }: OpenOrdersOptions): Promise<Orders> {
  if (databaseUrl === undefined) {
    const { SqliteOrders } = await import('./sqlite-orders.js');
    return new SqliteOrders(databaseFile);
  }
  // Never with the URL, which has a password in it.
  if (!isPostgresUrl(databaseUrl)) throw new Error(DATABASE_URL_HELP);
  const { PostgresOrders } = await import('./postgres-orders.js');
  const onLost = ({ message }: Error) => log(JSON.stringify({ event: 'database_connection_lost', error: message }));
  return new PostgresOrders({ url: databaseUrl, onLost });
}

/** Says which database is in use, without the name and password of the URL. */
export function describeDatabase(databaseUrl: string | undefined): string {
  if (databaseUrl === undefined) return 'SQLite, in a temporary file';
  const { host, pathname, searchParams } = new URL(databaseUrl);
  return `PostgreSQL, at ${searchParams.get('host') ?? host}${pathname}`;
}

export function isPostgresUrl(databaseUrl: string): boolean {
  if (!/^postgres(?:ql)?:\/\//.test(databaseUrl) || !URL.canParse(databaseUrl)) return false;
  const { pathname, search, hash } = new URL(databaseUrl);
  // With an @ there, what is taken for the host is a part of a password, in which nobody escaped a / ? or #.
  return !`${pathname}${search}${hash}`.includes('@');
}
