import express, { type Express } from 'express';
import {
  authOf,
  createGuard,
  createVerifier,
  type IntrospectionOptions,
  type IssuerOptions,
  type Verifier,
} from 'scopegate';
import { Arrivals } from './arrivals.js';
import { ORDERS_API } from './authorization-server.js';
import { LEGACY_ISSUER, NIGHTLY_REPORT } from './legacy-tokens.js';

export interface ApiOptions {
  readonly issuer: string;
  /** What tokens of the old kinds are verified with. Leave it out once none of them arrive. */
  readonly old?: OldKinds;
}

export interface OldKinds {
  /** The JWT_SECRET_KEY of the old scheme. */
  readonly sharedSecret: string;
  /** How this API asks about opaque tokens. */
  readonly introspection: IntrospectionOptions;
}

export interface Api {
  readonly app: Express;
  readonly verifier: Verifier;
}

/** An API that accepts every kind of token at once, and tells how many of each still arrive. */
export function createApi(options: ApiOptions): Api {
  const verifier = createVerifier({
    issuer: toIssuers(options),
    audience: ORDERS_API,
    // For the demonstration alone: its authorization server has no TLS.
    dangerouslyAllowInsecureHttp: true,
  });
  const arrivals = new Arrivals();
  const guard = createGuard(verifier, { onRefusal: ({ reason }) => arrivals.countRefusal(reason) });

  const app = express();
  // Before the count, so that looking does not add to it.
  app.get('/migration', guard('migration:read'), (_, res) => {
    res.json(arrivals.report());
  });
  app.use(guard(), (req, _, next) => {
    arrivals.count(authOf(req, guard));
    next();
  });
  app.get(
    '/orders',
    guard('orders:read', (req, res) => {
      res.json({ orders: [{ id: 1, item: 'tea' }], askedBy: req.auth.clientId });
    }),
  );
  return { app, verifier };
}

function toIssuers({ issuer, old }: ApiOptions): IssuerOptions[] {
  if (old === undefined) return [{ issuer }];
  const { sharedSecret, introspection } = old;
  return [
    { issuer, introspection },
    {
      issuer: LEGACY_ISSUER,
      secret: sharedSecret,
      algorithms: ['HS256'],
      // The old tokens name no audience. Their client is checked in its place.
      audience: false,
      clientIds: [NIGHTLY_REPORT],
    },
  ];
}
