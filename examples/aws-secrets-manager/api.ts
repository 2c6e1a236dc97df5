import express, { type Express } from 'express';
import { createGuard, createVerifier, type RefusalReason, type SecretSource, type Verifier } from 'scopegate';

export const ISSUER = 'legacy-django';
export const ORDERS_API = 'https://orders.example.com';
/** How soon a rotation is known here, and how long the last good secret serves while AWS cannot be reached. */
export const KEYS = { maxAgeSeconds: 300, staleIfErrorSeconds: 3600 };

export interface ApiOptions {
  readonly secret: SecretSource;
  readonly clock: () => number;
  readonly onRefusal: (reason: RefusalReason) => void;
}

export interface Api {
  readonly app: Express;
  readonly verifier: Verifier;
}

/** An API for tokens that are signed with a shared secret, which is fetched. */
export function createApi({ secret, clock, onRefusal }: ApiOptions): Api {
  const verifier = createVerifier({
    issuer: { issuer: ISSUER, secret, algorithms: ['HS256'] },
    audience: ORDERS_API,
    keys: KEYS,
    clock,
  });
  const guard = createGuard(verifier, { onRefusal: ({ reason }) => onRefusal(reason) });

  const app = express();
  app.get('/orders', guard('orders:read'), (_, res) => {
    res.json({ orders: [{ id: 1, item: 'tea' }] });
  });
  return { app, verifier };
}
