import { NIGHTLY_JOB, ORDERS_API } from './company.js';

export interface NightlyJobOptions {
  readonly issuer: string;
  /** Where the orders API is. */
  readonly ordersApi: string;
  readonly clientSecret: string;
  /** @defaultValue the one that it needs */
  readonly scope?: string;
}

/** What the job has to say, and how it ended: `later` is for troubles that end by themselves. */
export interface Outcome {
  readonly ended: 'well' | 'refused' | 'later';
  readonly message: string;
}

interface Order {
  readonly id: number;
  readonly status: string;
  readonly quantity: number;
}

const PAGE_SIZE = 100;

/** An end that is no success. */
class Unfinished extends Error {
  readonly ended: 'refused' | 'later';

  constructor(ended: 'refused' | 'later', message: string) {
    super(message);
    this.ended = ended;
  }
}

/** Counts the orders of the company that this job works for. */
export async function runNightlyJob(options: NightlyJobOptions): Promise<Outcome> {
  try {
    const orders = await fetchOrders(options.ordersApi, await fetchToken(options));
    const open = orders.filter(({ status }) => status === 'open');
    const items = open.reduce((sum, { quantity }) => sum + quantity, 0);
    const message = `${orders.length} orders of ${NIGHTLY_JOB.tenant}, ${open.length} open with ${items} items.`;
    return { ended: 'well', message };
  } catch (error) {
    if (error instanceof Unfinished) return { ended: error.ended, message: error.message };
    throw error;
  }
}

/** RFC 6749 §4.4: asks for the one scope that the job needs, for the one API that it calls. */
async function fetchToken({ issuer, clientSecret, scope = NIGHTLY_JOB.scope }: NightlyJobOptions): Promise<string> {
  const response = await send(`${issuer}/token`, 'The authorization server', {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${NIGHTLY_JOB.id}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope, resource: ORDERS_API }),
  });
  // A gateway in between may answer with a page.
  const answer = await response.json().catch(() => ({}));
  const { access_token: token, error } = answer as { access_token?: string; error?: string };
  if (token !== undefined) return token;
  if (response.status === 401) {
    throw new Unfinished('refused', `The authorization server does not know ${NIGHTLY_JOB.id} by this secret.`);
  }
  if (error === 'invalid_scope') {
    throw new Unfinished('refused', `${NIGHTLY_JOB.id} may not have the scope ${scope}. Somebody has to allow it.`);
  }
  throw new Unfinished('later', `The authorization server gave no token, but ${error ?? response.status}.`);
}

async function fetchOrders(ordersApi: string, token: string): Promise<readonly Order[]> {
  const orders: Order[] = [];
  for (;;) {
    const page = await fetchPage(`${ordersApi}/orders?limit=${PAGE_SIZE}&after=${orders.at(-1)?.id ?? 0}`, token);
    orders.push(...page);
    if (page.length < PAGE_SIZE) return orders;
  }
}

async function fetchPage(url: string, token: string): Promise<readonly Order[]> {
  const response = await send(url, 'The orders API', { headers: { authorization: `Bearer ${token}` } });
  if (response.ok) return ((await response.json()) as { orders: readonly Order[] }).orders;
  throw explain(response);
}

/** What a person can do about an answer that is no success. */
function explain({ status, headers }: Response): Unfinished {
  const [, needed] = /scope="([^"]*)"/.exec(headers.get('www-authenticate') ?? '') ?? [];
  if (status === 401) {
    return new Unfinished('refused', 'The orders API does not take the token of the job. Its log says why.');
  }
  if (status === 403) {
    const lacks = needed === undefined ? 'a right' : `the scope ${needed}`;
    return new Unfinished('refused', `The job lacks ${lacks}. Let it ask for that, and allow it to have it.`);
  }
  if (status === 503) {
    const seconds = headers.get('retry-after') ?? '60';
    return new Unfinished('later', `The orders API cannot check tokens now. Run the job again in ${seconds} seconds.`);
  }
  return new Unfinished('later', `The orders API answered ${status}. Run the job again later.`);
}

async function send(url: string, who: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(url, options);
  } catch {
    throw new Unfinished('later', `${who} cannot be reached. Run the job again later.`);
  }
}
