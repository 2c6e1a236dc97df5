import express, { type Express } from 'express';
import { createGuard, createVerifier, denyUnguarded, type GuardOptions, type Verifier } from 'scopegate';
import { ORDERS_API } from './authorization-server.js';

export interface ApiOptions {
  readonly issuer: string;
  readonly clock: () => number;
  readonly onRefusal: NonNullable<GuardOptions['onRefusal']>;
}

export interface Api {
  readonly app: Express;
  readonly verifier: Verifier;
}

/** The API: a list of orders, to be read with one scope and added to with another. */
export function createApi({ issuer, clock, onRefusal }: ApiOptions): Api {
  const verifier = createVerifier({
    issuer,
    audience: ORDERS_API,
    // For the demonstration alone: its issuer has no TLS, and one call is made minutes later than the others.
    dangerouslyAllowInsecureHttp: true,
    clock,
  });
  const guard = createGuard(verifier, { onRefusal });

  // A route that somebody adds without a guard answers 500 and not everybody.
  const app = denyUnguarded(express());
  app.get('/orders', guard('orders:read'), (_, res) => {
    res.json({ orders: [{ id: 1, item: 'tea' }] });
  });
  app.post(
    '/orders',
    guard('orders:write', (req, res) => {
      res.status(201).json({ id: 2, orderedBy: req.auth.clientId });
    }),
  );
  return { app, verifier };
}
