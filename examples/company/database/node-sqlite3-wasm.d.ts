// What is used of the package, so that types are checked without it being installed. Not needed where it is.

declare module 'node-sqlite3-wasm' {
  type Value = number | bigint | string | Uint8Array | null;
  type Row = Record<string, Value>;

  class Database {
    constructor(filename: string);
    exec(sql: string): void;
    run(sql: string, values: Value[]): { readonly changes: number; readonly lastInsertRowid: number | bigint };
    all(sql: string, values: Value[]): Row[];
    get(sql: string, values: Value[]): Row | null;
    close(): void;
  }

  const sqlite: { readonly Database: typeof Database };
  export = sqlite;
}
