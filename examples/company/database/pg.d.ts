// What is used of the package, which has no types of its own.

declare module 'pg' {
  type Parse = (text: string) => unknown;
  type GetTypeParser = (type: number, format?: string) => Parse;

  interface Queryable {
    query<Row>(sql: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly Row[] }>;
    on(event: 'error', listener: (error: Error) => void): void;
  }

  interface PoolClient extends Queryable {
    release(isBroken: boolean): void;
  }

  interface PoolOptions {
    readonly connectionString: string;
    readonly max: number;
    readonly connectionTimeoutMillis: number;
    readonly query_timeout: number;
    readonly statement_timeout: number;
    readonly types: { readonly getTypeParser: GetTypeParser };
  }

  interface Pool extends Queryable {
    connect(): Promise<PoolClient>;
    end(): Promise<void>;
  }

  const Pool: new (options: PoolOptions) => Pool;
  /** What the server itself has to say; `code` is an SQLSTATE. */
  class DatabaseError extends Error {
    readonly code: string | undefined;
  }
  const types: { readonly builtins: { readonly INT8: number }; readonly getTypeParser: GetTypeParser };

  export { DatabaseError, Pool, type PoolClient, types };
}
