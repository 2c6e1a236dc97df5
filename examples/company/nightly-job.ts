import { fetchOrders, type Outcome, readJson, send, toOutcome, Unfinished } from './call-api.js';
import { NIGHTLY_JOB, ORDERS_API } from './company.js';

export interface NightlyJobOptions {
  readonly issuer: string;
  /** Where the orders API is. */
  readonly ordersApi: string;
  readonly clientSecret: string;
  /** @defaultValue the one that it needs */
  readonly scope?: string;
}

/** Counts the orders of the company that this job works for. */
export function runNightlyJob(options: NightlyJobOptions): Promise<Outcome> {
  return toOutcome(async () => {
    const orders = await fetchOrders(options.ordersApi, { name: 'job', token: await fetchToken(options) });
    const open = orders.filter(({ status }) => status === 'open');
    const items = open.reduce((sum, { quantity }) => sum + quantity, 0);
    return `${orders.length} orders of ${NIGHTLY_JOB.tenant}, ${open.length} open with ${items} items.`;
  });
}

/** RFC 6749 §4.4: asks for the one scope that the job needs, for the one API that it calls. */
async function fetchToken({ issuer, clientSecret, scope = NIGHTLY_JOB.scope }: NightlyJobOptions): Promise<string> {
  const request = {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${NIGHTLY_JOB.id}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope, resource: ORDERS_API }),
  };
  const response = await send(`${issuer}/token`, 'The authorization server', request, { name: 'job' });
  const { access_token: token, error } = await readJson(response);
  if (typeof token === 'string') return token;
  if (response.status === 401) {
    throw new Unfinished('refused', `The authorization server does not know ${NIGHTLY_JOB.id} by this secret.`);
  }
  if (error === 'invalid_scope') {
    throw new Unfinished('refused', `${NIGHTLY_JOB.id} may not have the scope ${scope}. Somebody has to allow it.`);
  }
  throw new Unfinished('later', `The authorization server gave no token, but ${error ?? response.status}.`);
}
