import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { fetchToken } from '../quickstart/fetch-token.js';
import { listen } from '../quickstart/listen.js';
import { type ApiOptions, createApi } from './api.js';
import type { Report } from './arrivals.js';
import {
  DASHBOARD,
  IMPORTER,
  MANAGER,
  ORDERS_API,
  ORDERS_API_CLIENT,
  startMigratingServer,
} from './authorization-server.js';
import { signLegacyToken } from './legacy-tokens.js';

const authorizationServer = await startMigratingServer();
const { issuer, tokenEndpoint } = authorizationServer;
const sharedSecret = randomBytes(48).toString('base64url');
const introspection = { clientId: ORDERS_API_CLIENT.id, clientSecret: ORDERS_API_CLIENT.secret };

try {
  const read = { scope: 'orders:read', resource: ORDERS_API };
  const tokens = {
    legacy: await signLegacyToken(sharedSecret),
    opaque: await fetchToken(tokenEndpoint, { client: IMPORTER, ...read }),
    rs256: await fetchToken(tokenEndpoint, { client: DASHBOARD, ...read }),
    es256: await fetchToken(tokenEndpoint, { client: MANAGER, ...read }),
    /** May look at the report, and at nothing else. */
    auditor: await fetchToken(tokenEndpoint, { client: MANAGER, scope: 'migration:read', resource: ORDERS_API }),
  };
  assert.deepEqual([tokens.legacy, tokens.opaque, tokens.rs256, tokens.es256].map(readAlgorithm), [
    'HS256',
    undefined,
    'RS256',
    'ES256',
  ]);

  console.log('During the migration, every kind is accepted:');
  await withApi({ issuer, old: { sharedSecret, introspection } }, async (call) => {
    for (const token of [tokens.legacy, tokens.opaque, tokens.opaque, tokens.rs256, tokens.es256]) {
      assert.equal((await call('/orders', token)).status, 200);
    }
    // What has not changed: each kind is judged by its own rules.
    const forged = await signLegacyToken(sharedSecret, { issuer });
    assert.equal((await call('/orders', forged)).status, 401);
    assert.equal((await call('/orders', await signLegacyToken(sharedSecret, { clientId: 'dashboard' }))).status, 401);
    assert.equal((await call('/orders', await signLegacyToken(randomBytes(48).toString('hex')))).status, 401);
    assert.equal((await call('/orders', randomBytes(30).toString('hex'))).status, 401);
    // The report is for those with its scope alone.
    assert.equal((await call('/migration', tokens.legacy)).status, 403);

    assert.deepEqual(await readReport(call, tokens.auditor), {
      accepted: [
        { kind: 'shared secret', client: 'nightly-report', requests: 1 },
        { kind: 'opaque', client: 'importer', requests: 2 },
        { kind: 'JWT', client: 'dashboard', requests: 1 },
        { kind: 'JWT', client: 'manager', requests: 1 },
      ],
      refused: {
        algorithm_not_allowed: 1,
        client_not_allowed: 1,
        signature_invalid: 1,
        token_inactive: 1,
        scope_insufficient: 1,
      },
    });
  });

  console.log('\nAfterwards, without the options for the old kinds:');
  await withApi({ issuer }, async (call) => {
    for (const token of [tokens.rs256, tokens.es256]) assert.equal((await call('/orders', token)).status, 200);
    for (const token of [tokens.legacy, tokens.opaque]) assert.equal((await call('/orders', token)).status, 401);
    assert.deepEqual(await readReport(call, tokens.auditor), {
      accepted: [
        { kind: 'JWT', client: 'dashboard', requests: 1 },
        { kind: 'JWT', client: 'manager', requests: 1 },
      ],
      refused: { issuer_not_trusted: 1, token_opaque: 1 },
    });
  });
  console.log('\nmigration: every answer was as expected');
} finally {
  await authorizationServer.close();
}

type Call = (path: string, token: string) => Promise<Response>;

async function withApi(options: ApiOptions, use: (call: Call) => Promise<void>): Promise<void> {
  const { app, verifier } = createApi(options);
  const api = await listen(createServer(app), 0);
  try {
    await use((path, token) => fetch(api.origin + path, { headers: { authorization: `Bearer ${token}` } }));
  } finally {
    verifier.close();
    await api.close();
  }
}

/** Prints the report, and gives it without the times in it, which must be of this day. */
async function readReport(call: Call, token: string): Promise<object> {
  const response = await call('/migration', token);
  assert.equal(response.status, 200);
  const report = (await response.json()) as Report;
  console.log(JSON.stringify(report, undefined, 2));
  const accepted = report.accepted.map(({ lastAt, ...arrival }) => {
    assert.ok(Math.abs(Date.now() - Date.parse(lastAt)) < 86_400_000);
    return arrival;
  });
  return { ...report, accepted };
}

/** Gives the algorithm of a JWT, and nothing for an opaque token. */
function readAlgorithm(token: string): string | undefined {
  const [header = '', ...others] = token.split('.');
  return others.length === 2 ? JSON.parse(Buffer.from(header, 'base64url').toString()).alg : undefined;
}
