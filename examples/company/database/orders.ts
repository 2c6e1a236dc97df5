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

/** The orders of all tenants. Every question names the tenant, so that no row of another one can come out. */
export interface Orders {
  /** Lists orders by id, those after the given one. */
  list(tenant: string, page: { readonly after: number; readonly limit: number }): Promise<readonly Order[]>;
  /** Undefined where there is none, and where it is of another tenant: nobody can tell these two apart. */
  find(tenant: string, id: number): Promise<Order | undefined>;
  create(tenant: string, order: NewOrder, createdBy: string): Promise<Order>;
  /** Cancels an order; one that is cancelled stays so. */
  cancel(tenant: string, id: number): Promise<Order | undefined>;
  report(tenant: string): Promise<readonly ReportRow[]>;
  close(): Promise<void>;
}

/** The database cannot be asked now. It is not the fault of a request, and the same request may do later. */
export class DatabaseUnavailable extends Error {
  constructor(cause: unknown) {
    super('the database cannot be asked', { cause });
    this.name = 'DatabaseUnavailable';
  }
}

/** Something to look at, which an empty database gets. */
export const FIRST_ORDERS: readonly (Omit<Order, 'id'> & { readonly tenant: string })[] = [
  { tenant: 'acme', item: 'tea', quantity: 3, note: '', status: 'open', createdBy: 'ada' },
  { tenant: 'globex', item: 'copper wire', quantity: 40, note: 'by Friday', status: 'open', createdBy: 'cleo' },
  { tenant: 'acme', item: 'cups', quantity: 12, note: 'the blue ones', status: 'cancelled', createdBy: 'bo' },
];
