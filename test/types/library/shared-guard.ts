import type { RequestHandler } from 'express';
import { allOf, claim, createGuard, createVerifier } from 'scopegate';
import { createTestIssuer } from 'scopegate/testing';
import { z } from 'zod';

// What a company's own package exports: its types are inferred, so all of them must have names outside.
export const verifier = createVerifier({
  issuer: 'https://login.example.com',
  audience: 'https://orders.example.com',
  claims: z.object({ tenant: z.string() }),
});
export const guard = createGuard(verifier);
export const { optional } = guard;
export const adminOnly = guard(allOf('admin', claim('amr').includes('mfa')));
export const listOrders: RequestHandler = guard('orders:read', (req, res) => res.json(req.auth.claims.tenant));
export const amr = claim('amr');
export const policy = allOf('admin', claim('amr').includes('mfa'));
export const issuer = await createTestIssuer();
export const snapshot = () => verifier.status();
export const verify = (token: string) => verifier.verify(token);
