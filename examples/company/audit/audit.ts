import { type Caller, callApi, type FetchedOrder, fetchOrders, type Outcome, toOutcome } from '../call-api.js';
import { MANAGER_API, ORDERS_API } from '../company.js';
import { clean, type SignInOptions, signIn } from './sign-in.js';

export interface AuditOptions extends SignInOptions {
  /** Where the orders API is. */
  readonly ordersApi: string;
  /** Where the manager server is. */
  readonly managerServer: string;
}

interface Staff {
  readonly staff: readonly { readonly name: string; readonly roles: readonly string[] }[];
  readonly invited: readonly string[];
}

const WISHES = [
  { resource: ORDERS_API, scope: 'orders:read' },
  { resource: MANAGER_API, scope: 'staff:read' },
];
const MOST_ORDERS = 10;

/** Lists the orders and the staff of the company that a person belongs to, who signs in by the browser. */
export function runAudit(options: AuditOptions): Promise<Outcome> {
  return toOutcome(async () => {
    const [forOrders = '', forManager = ''] = await signIn(WISHES, options);
    const callerWith = (token: string): Caller => ({ name: 'audit', token, fetch: options.fetch });
    const [orders, staff] = await Promise.all([
      fetchOrders(options.ordersApi, callerWith(forOrders)),
      callApi<Staff>(`${options.managerServer}/staff`, 'The manager server', callerWith(forManager)),
    ]);
    return `${formatOrders(orders)}\n\n${formatStaff(staff)}`;
  });
}

function formatOrders(orders: readonly FetchedOrder[]): string {
  const open = orders.filter(({ status }) => status === 'open');
  const last = orders.slice(-MOST_ORDERS).map(({ id, status, quantity, item }) => {
    return `  ${String(id).padStart(4)}  ${clean(status).padEnd(9)}  ${String(quantity).padStart(5)}  ${clean(item)}`;
  });
  const more = orders.length > MOST_ORDERS ? `, the last ${MOST_ORDERS}` : '';
  return [`Orders: ${orders.length}, ${open.length} open${more}`, ...last].join('\n');
}

function formatStaff({ staff, invited }: Staff): string {
  const people = staff.map(({ name, roles }) => `  ${clean(name)}: ${clean(roles.join(', '))}`);
  const guests = invited.map((email) => `  ${clean(email)}: invited`);
  return [`Staff: ${staff.length}`, ...people, ...guests].join('\n');
}
