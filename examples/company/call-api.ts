// What the clients of this folder say when something they need does not answer as it should.

/** What a client has to say, and how it ended: `later` is for troubles that end by themselves. */
export interface Outcome {
  readonly ended: 'well' | 'refused' | 'later';
  readonly message: string;
}

/** What the process of a client exits with; 75 is EX_TEMPFAIL of sysexits.h. */
export const EXIT_STATUS = { well: 0, refused: 1, later: 75 } as const;

/** An end that is no success. */
export class Unfinished extends Error {
  readonly ended: 'refused' | 'later';

  constructor(ended: 'refused' | 'later', message: string) {
    super(message);
    this.ended = ended;
  }
}

/** Runs to the end, which is one that a person can read. */
export async function toOutcome(work: () => Promise<string>): Promise<Outcome> {
  try {
    return { ended: 'well', message: await work() };
  } catch (error) {
    if (error instanceof Unfinished) return { ended: error.ended, message: error.message };
    throw error;
  }
}

/** Who calls, and with what. */
export interface Caller {
  /** How messages name it. */
  readonly name: 'job' | 'audit';
  readonly token: string;
  /** @defaultValue Node's own */
  readonly fetch?: typeof fetch | undefined;
}

export interface FetchedOrder {
  readonly id: number;
  readonly item: string;
  readonly status: string;
  readonly quantity: number;
}

const PAGE_SIZE = 100;

/** Fetches all orders of the caller's company, a page at a time. */
export async function fetchOrders(ordersApi: string, caller: Caller): Promise<readonly FetchedOrder[]> {
  const orders: FetchedOrder[] = [];
  for (;;) {
    const url = `${ordersApi}/orders?limit=${PAGE_SIZE}&after=${orders.at(-1)?.id ?? 0}`;
    const page = await callApi<{ orders: readonly FetchedOrder[] }>(url, 'The orders API', caller);
    orders.push(...page.orders);
    if (page.orders.length < PAGE_SIZE) return orders;
  }
}

/**
 * Fetches what an API has at a URL.
 *
 * @param api - how messages name it
 * @throws {Unfinished}
 */
export async function callApi<Body>(url: string, api: string, caller: Caller): Promise<Body> {
  const headers = { authorization: `Bearer ${caller.token}` };
  const response = await send(url, api, { headers }, caller);
  if (response.ok) return (await response.json()) as Body;
  throw await explain(response, api, caller.name);
}

/** What a person can do about an answer that is no success. */
async function explain(response: Response, api: string, client: Caller['name']): Promise<Unfinished> {
  const { status, headers } = response;
  const [, needed] = /scope="([^"]*)"/.exec(headers.get('www-authenticate') ?? '') ?? [];
  if (status === 401) {
    return new Unfinished('refused', `${api} does not take the token of the ${client}. Its log says why.`);
  }
  if (status === 403) {
    const lacks = needed === undefined ? 'a right' : `the scope ${needed}`;
    return new Unfinished('refused', `The ${client} lacks ${lacks}. Let it ask for that, and allow it to have it.`);
  }
  if (status === 503) {
    const { error } = await readJson(response);
    const cannot = error === 'database_unavailable' ? 'cannot reach its database' : 'cannot check tokens';
    const seconds = headers.get('retry-after') ?? '60';
    return new Unfinished('later', `${api} ${cannot} now. Run the ${client} again in ${seconds} seconds.`);
  }
  return new Unfinished('later', `${api} answered ${status}. Run the ${client} again later.`);
}

/** Reads an object of JSON; a gateway in between may answer with a page, which is an empty one. */
export async function readJson(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await response.json().catch(() => undefined);
  return Object(body);
}

/** @throws {Unfinished} where nobody answers */
export async function send(
  url: string,
  who: string,
  options: RequestInit,
  { name, fetch: fetchIt = fetch }: Omit<Caller, 'token'>,
): Promise<Response> {
  try {
    return await fetchIt(url, options);
  } catch {
    throw new Unfinished('later', `${who} cannot be reached. Run the ${name} again later.`);
  }
}
