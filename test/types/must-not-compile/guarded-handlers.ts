import express, { type ErrorRequestHandler } from 'express';
import { authOf, createGuard, createVerifier } from 'scopegate';
import { z } from 'zod';

const base = { issuer: 'https://login.example.com', audience: 'https://orders.example.com' };
const guard = createGuard(createVerifier({ ...base, claims: z.object({ tenant: z.string() }) }));
const app = express();

export const listOrders = guard('orders:read', (req) => {
  const tenant: string = req.auth.claims.tenant;
  // @ts-expect-error a misspelt claim, as a string ('unknown')
  const typo: string = req.auth.claims.tenat;
  // @ts-expect-error a misspelt member of req.auth (scope)
  const scope = req.auth.scope;
  // @ts-expect-error a claim that is written to (tenant)
  req.auth.claims.tenant = 'other';
  // @ts-expect-error a registered claim that is written to (exp)
  req.auth.claims.exp = 0;
  // @ts-expect-error a claim that is added (Index signature)
  req.auth.claims['admin'] = true;
  // @ts-expect-error a scope that is added (push)
  req.auth.scopes.push('admin');
  // @ts-expect-error an audience that is added (push)
  req.auth.audience.push('admin');
  // @ts-expect-error a token that is written to (token)
  req.auth.token = 'other';
  // @ts-expect-error another access token on a guarded request (auth)
  req.auth = authOf(req, guard);
  return [tenant, typo, scope];
});

export const catalogue = guard.optional((req) => {
  const known: string | undefined = req.auth?.claims.tenant;
  // @ts-expect-error req.auth behind guard.optional, without a look whether it is there (possibly 'undefined')
  const unknown: string = req.auth.claims.tenant;
  // @ts-expect-error authOf of an access token in place of a request (undefined)
  const nothing = authOf(req.auth);
  return [known, unknown, nothing];
});

app.get('/plain', guard('orders:read'), (req, res) => {
  const tenant: string = authOf(req, guard).claims.tenant;
  // @ts-expect-error req.auth of a plain request, since the package augments nothing by itself ('auth' does not exist)
  const { auth } = req;
  // @ts-expect-error authOf without the guard, as if it knew the claims ('unknown')
  const untyped: string = authOf(req).claims.tenant;
  // @ts-expect-error authOf with something else than a guard ('number')
  authOf(req, 42);
  // @ts-expect-error authOf of nothing ('undefined')
  authOf(undefined);
  res.json([tenant, auth, untyped]);
});

const onError: ErrorRequestHandler = (_error, _req, res, _next) => void res.end();
app.use(onError);
// @ts-expect-error an error handler behind a policy, where it would never run (ErrorRequestHandler)
guard('orders:read', onError);
