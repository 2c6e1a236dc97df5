import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import { authOf, claim, createGuard, createVerifier } from 'scopegate';
import { createTestIssuer } from 'scopegate/testing';
import { z } from 'zod';

const issuer = await createTestIssuer({ network: true });

// What the tokens of this company say. Any Standard Schema will do.
const Claims = z.object({
  tenant: z.string().regex(/^t-\d+$/),
  roles: z.array(z.enum(['viewer', 'manager'])).default([]),
});

const verifier = createVerifier({ ...issuer.verifierOptions, claims: Claims });
const guard = createGuard(verifier);

const app = express();

// The handler is given to the guard: req.auth is there, and typed.
app.get(
  '/tenant',
  guard('orders:read', (req, res) => {
    const { tenant, roles } = req.auth.claims;
    res.json({ number: Number(tenant.slice(2)), isManager: roles.includes('manager') });
  }),
);

// The handler stands elsewhere: authOf gives the same.
app.get('/report', guard(claim('roles').includes('manager')), sendReport);
function sendReport(req: Request, res: Response): void {
  const { tenant } = authOf(req, guard).claims;
  res.json({ title: `Report for ${tenant.toUpperCase()}` });
}

const server = app.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));

async function call(path: string, claims: object): Promise<{ status: number; body: unknown }> {
  const token = await issuer.token({ scope: 'orders:read', claims: { ...claims } });
  const { port } = server.address() as AddressInfo;
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  return { status: response.status, body: await response.json() };
}

try {
  const manager = { tenant: 't-42', roles: ['manager'] };
  assert.deepEqual(await call('/tenant', manager), { status: 200, body: { number: 42, isManager: true } });
  assert.deepEqual(await call('/report', manager), { status: 200, body: { title: 'Report for T-42' } });

  // The default of the schema stands in for a claim that is not there.
  assert.deepEqual(await call('/tenant', { tenant: 't-42' }), { status: 200, body: { number: 42, isManager: false } });
  assert.equal((await call('/report', { tenant: 't-42' })).status, 403);

  // A token whose claims do not fit the schema reaches no handler.
  assert.equal((await call('/tenant', { ...manager, tenant: 42 })).status, 401);
  assert.equal((await call('/tenant', { ...manager, roles: ['owner'] })).status, 401);
  await assert.rejects(verifier.verify(await issuer.token({ claims: { tenant: 42 } })), { reason: 'claims_rejected' });
  console.log('typed-claims: every answer was as expected');
} finally {
  verifier.close();
  server.closeAllConnections();
  server.close();
  await issuer.close();
}
