import express, { type Response } from 'express';
import { authOf, createGuard, createVerifier } from 'scopegate';
import { z } from 'zod';
import { typeOf } from '../type-of.js';

const guard = createGuard(
  createVerifier({
    issuer: 'https://login.example.com',
    audience: 'https://orders.example.com',
    claims: z.object({ tenant: z.string() }),
  }),
);

const app = express();
app.use(guard());
app.get(
  '/orders',
  guard('orders:read', (req, res) => {
    typeOf(req.auth.claims.tenant).is<string>();
    typeOf(req.auth.claims.exp).is<number | undefined>();
    typeOf(req.auth.subject).is<string | undefined>();
    typeOf(authOf(req, guard).claims.tenant).is<string>();
    typeOf(res).is<Response>();
  }),
);
app.get(
  '/optional',
  guard.optional((req) => typeOf(req.auth?.claims.tenant).is<string | undefined>()),
);
app.get('/plain', guard('orders:read'), (req, res) => {
  typeOf(authOf(req, guard).claims.tenant).is<string>();
  res.end();
});
