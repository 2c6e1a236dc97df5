/** What the APIs answer, as far as the pages show it. */
export interface Order {
  readonly id: number;
  readonly item: string;
  readonly quantity: number;
  readonly note: string;
  readonly status: 'open' | 'cancelled';
  readonly createdBy: string;
}

export interface OrderList {
  readonly orders: readonly Order[];
}

export interface Staff {
  readonly staff: readonly { readonly name: string; readonly roles: readonly string[] }[];
  readonly invited: readonly string[];
}

export interface Report {
  readonly report: readonly { readonly status: string; readonly orders: number; readonly items: number }[];
}
