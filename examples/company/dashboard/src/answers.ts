import type { Order, ReportRow } from '../../database/orders.js';

export type { Order };

/** What the APIs answer, as far as the pages show it. */
export interface OrderList {
  readonly orders: readonly Order[];
}

export interface Staff {
  readonly staff: readonly { readonly name: string; readonly roles: readonly string[] }[];
  readonly invited: readonly string[];
}

export interface Report {
  readonly report: readonly ReportRow[];
}
