import { createServer } from 'node:http';
import { createApi } from './api.js';
import { DASHBOARD, ORDERS_API, startAuthorizationServer } from './authorization-server.js';
import { type Call, type Outcome, prepareCalls } from './calls.js';
import { formatCurlLines } from './curl-lines.js';
import { fetchToken } from './fetch-token.js';
import { listen } from './listen.js';
import { formatTable, isAsExpected, type Row } from './table.js';

const DEFAULT_PORT = 3000;
const isOnce = process.argv.includes('--once');
const useColor = process.stdout.isTTY === true && !process.env['NO_COLOR'];

const interrupted = new Promise((resolve) => process.on('SIGINT', resolve).on('SIGTERM', resolve));
let secondsAhead = 0;
let lastReason: Outcome['reason'];

const authorizationServer = await startAuthorizationServer();
const { issuer, tokenEndpoint } = authorizationServer;
const { app, verifier } = createApi({
  issuer,
  clock: () => Date.now() + secondsAhead * 1000,
  onRefusal: ({ reason }) => {
    lastReason = reason;
  },
});
const api = await listen(createServer(app), Number(process.env['PORT'] ?? DEFAULT_PORT));

console.log(`authorization server  ${issuer}\nAPI behind scopegate  ${api.origin}\n`);
const rows: Row[] = [];
for (const call of await prepareCalls(tokenEndpoint)) rows.push({ call, outcome: await make(call) });
console.log(formatTable(rows, useColor));
console.log('\nChallenges are shown without realm and error_description. "expired" is the token of the second');
console.log("call: the API's clock is moved on by 11 minutes for it, and back again.\n");

if (!rows.every(isAsExpected)) process.exitCode = 1;
if (!isOnce) {
  const token = await fetchToken(tokenEndpoint, { client: DASHBOARD, scope: 'orders:read', resource: ORDERS_API });
  console.log(formatCurlLines({ api: api.origin, tokenEndpoint, token }));
  await interrupted;
}
verifier.close();
await api.close();
await authorizationServer.close();

async function make(call: Call): Promise<Outcome> {
  lastReason = undefined;
  secondsAhead = call.secondsAhead ?? 0;
  const headers = call.authorization === undefined ? {} : { authorization: call.authorization };
  const response = await fetch(`${api.origin}/orders`, { method: call.method, headers });
  await response.arrayBuffer();
  secondsAhead = 0;
  return { status: response.status, reason: lastReason, challenge: shorten(response.headers.get('www-authenticate')) };
}

function shorten(challenge: string | null): string | undefined {
  if (challenge === null) return undefined;
  const params = challenge.match(/\w+="[^"]*"/g) ?? [];
  const shown = params.filter((param) => !/^(?:realm|error_description)=/.test(param));
  return `${challenge.split(' ')[0]} ${shown.join(', ')}`.trim();
}
