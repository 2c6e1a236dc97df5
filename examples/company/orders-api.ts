import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { allOf, authOf, claim, createGuard } from 'scopegate';
import { z } from 'zod';
import { addAccessRoute } from './access-report.js';
import { ORDERS_API } from './company.js';
import { DatabaseUnavailable, type Orders } from './database/orders.js';
import { type ApiSettings, addJsonErrors, createJsonApp, type Log, logRefusals } from './json-api.js';

export interface OrdersApiOptions extends ApiSettings {
  readonly orders: Orders;
}

const RETRY_SECONDS = '5';

// Any text but NUL, which databases do not store, and halves of characters, which UTF-8 cannot say.
const text = (most: number) =>
  z
    .string()
    .max(most, `must be at most ${most} characters`)
    .regex(/^[^\0\p{Surrogate}]*$/u, 'must not contain NUL or half a character');

const NewOrderInput = z.strictObject({
  item: text(200).min(1, 'must not be empty'),
  quantity: z.int('must be a whole number').min(1, 'must be at least 1').max(10_000, 'must be at most 10000'),
  note: text(1000).default(''),
});
const IdInput = z.object({ id: z.coerce.number().int().positive() });
const PageInput = z.strictObject({
  after: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

/** The orders of the company that the caller belongs to: the tenant comes from the token, and from nowhere else. */
export function createOrdersApi({ verifier, counts, orders, dashboardOrigin, log }: OrdersApiOptions): Express {
  const guard = createGuard(verifier, { audience: ORDERS_API, onRefusal: logRefusals(log) });
  const app = createJsonApp(dashboardOrigin);

  app.get('/health', guard.public(), (_, res) => {
    res.json({ status: 'up' });
  });
  app.get(
    '/orders',
    guard('orders:read', async (req, res) => {
      res.json({ orders: await orders.list(req.auth.claims.tenant, PageInput.parse(req.query)) });
    }),
  );
  app.get(
    '/orders/:id',
    guard('orders:read', async (req, res) => {
      const order = await orders.find(req.auth.claims.tenant, IdInput.parse(req.params).id);
      res.status(order === undefined ? 404 : 200).json(order ?? { error: 'not_found' });
    }),
  );
  // The guard stands before the body parser: nothing is read for a request that is refused.
  app.post('/orders', guard('orders:write'), express.json({ limit: '16kb' }), async (req, res) => {
    const { claims, subject = '' } = authOf(req, guard);
    res.status(201).json(await orders.create(claims.tenant, NewOrderInput.parse(req.body), subject));
  });
  app.post(
    '/orders/:id/cancel',
    guard('orders:write', async (req, res) => {
      const order = await orders.cancel(req.auth.claims.tenant, IdInput.parse(req.params).id);
      res.status(order === undefined ? 404 : 200).json(order ?? { error: 'not_found' });
    }),
  );
  // The scope says what the app may do for somebody, the role what this person may do. It takes both.
  app.get(
    '/report',
    guard(allOf('orders:report', claim('roles').includes('admin')), async (req, res) => {
      res.json({ report: await orders.report(req.auth.claims.tenant) });
    }),
  );

  addAccessRoute(app, guard, () => counts.report(verifier));
  app.use(answerOutage(log));
  addJsonErrors(app, log);
  return app;
}

/** A database that is down is no mistake in the request: 503, and to be tried again. */
function answerOutage(log: Log) {
  return (error: unknown, _: Request, res: Response, next: NextFunction) => {
    if (!(error instanceof DatabaseUnavailable)) return next(error);
    const { code, message } = error.cause as NodeJS.ErrnoException;
    log(JSON.stringify({ event: 'database_unavailable', code, error: message }));
    res.set('Retry-After', RETRY_SECONDS).status(503).json({ error: 'database_unavailable' });
  };
}
