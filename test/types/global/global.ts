import 'scopegate/global';
import express, { type Request } from 'express';
import { type AccessToken, authOf, type ClaimsOf, createGuard, createVerifier, type RegisterClaims } from 'scopegate';
import { z } from 'zod';
import { typeOf } from '../type-of.js';

declare module 'scopegate' {
  interface Register {
    claims: { tenant: string };
  }
}

const app = express();

app.get('/orders', (req, res) => {
  typeOf(req.auth).is<AccessToken<ClaimsOf<{ tenant: string }>> | undefined>();
  typeOf(req.auth?.claims.tenant).is<string | undefined>();
  typeOf(req.auth?.claims.exp).is<number | undefined>();
  typeOf(authOf(req)).is<AccessToken<RegisterClaims>>();
  typeOf(authOf(req).claims.tenant).is<string>();
  res.end();
});

// A function of the application that is handed any request.
export function tenantOf(req: Request): string {
  return authOf(req).claims.tenant;
}

// Behind a guard nothing is optional, whatever the augmentation says.
const guard = createGuard(
  createVerifier({
    issuer: 'https://login.example.com',
    audience: 'https://orders.example.com',
    claims: z.object({ tenant: z.string() }),
  }),
);
app.get(
  '/guarded',
  guard('orders:read', (req, res) => {
    typeOf(req.auth.claims.tenant).is<string>();
    res.json(tenantOf(req));
  }),
);
app.get(
  '/optional',
  guard.optional((req) => typeOf(req.auth?.claims.tenant).is<string | undefined>()),
);
