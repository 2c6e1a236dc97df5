import { NIGHTLY_JOB, ORDERS_API, type Secrets } from './company.js';
import type { Company } from './company-processes.js';

/** One call, and what should come of it. */
export interface Check {
  readonly call: string;
  readonly expected: number;
  readonly status: number;
}

/** Makes calls with the token of the nightly job, which may read orders and nothing else. */
export async function checkCompany({ origins }: Company, secrets: Secrets): Promise<readonly Check[]> {
  const { issuer, ordersApi, managerServer } = origins;
  const token = await fetchJobToken(issuer, secrets.nightlyJob);
  const good = { authorization: `Bearer ${token}` };
  const calls: readonly [call: string, expected: number, url: string, options?: RequestInit][] = [
    ['GET /health of the orders API, without a token', 200, `${ordersApi}/health`],
    ['GET /health of the manager server, without a token', 200, `${managerServer}/health`],
    ['GET /orders without a token', 401, `${ordersApi}/orders`],
    ['GET /orders', 200, `${ordersApi}/orders`, { headers: good }],
    ['POST /orders, for which it lacks orders:write', 403, `${ordersApi}/orders`, { method: 'POST', headers: good }],
    ['GET /report, for which it lacks the scope and the role', 403, `${ordersApi}/report`, { headers: good }],
    ['GET /staff with its token for the orders API', 401, `${managerServer}/staff`, { headers: good }],
  ];
  const checks: Check[] = [];
  for (const [call, expected, url, options] of calls) {
    const response = await fetch(url, options);
    await response.arrayBuffer();
    checks.push({ call, expected, status: response.status });
  }
  return checks;
}

async function fetchJobToken(issuer: string, secret: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${NIGHTLY_JOB.id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: NIGHTLY_JOB.scope, resource: ORDERS_API }),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`the token endpoint answered ${response.status}`);
  return token;
}

export function formatCheck({ call, expected, status }: Check): string {
  return `  ${status}  ${call}${status === expected ? '' : `: EXPECTED ${expected}`}`;
}
