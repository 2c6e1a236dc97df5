import express, { type Express } from 'express';
import { allOf, authOf, claim, createGuard } from 'scopegate';
import { z } from 'zod';
import { ORDERS_API } from './company.js';
import type { Orders } from './database/orders.js';
import { type ApiSettings, addJsonErrors, createJsonApp, logRefusals } from './json-api.js';
import type { CompanyVerifier } from './verifier.js';

export interface OrdersApiOptions extends ApiSettings {
  readonly verifier: CompanyVerifier;
  readonly orders: Orders;
}

// Any text but NUL, with which SQLite would end it.
const text = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\0]*$/, 'must not contain NUL');

const NewOrderInput = z.strictObject({
  item: text(200).min(1),
  quantity: z.int().min(1).max(10_000),
  note: text(1000).default(''),
});
const IdInput = z.object({ id: z.coerce.number().int().positive() });
const PageInput = z.strictObject({
  after: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

/** The orders of the company that the caller belongs to: the tenant comes from the token, and from nowhere else. */
export function createOrdersApi({ verifier, orders, dashboardOrigin, log }: OrdersApiOptions): Express {
  const guard = createGuard(verifier, { audience: ORDERS_API, onRefusal: logRefusals(log) });
  const app = createJsonApp(dashboardOrigin);

  app.get('/health', guard.public(), (_, res) => {
    res.json({ status: 'up' });
  });
  app.get(
    '/orders',
    guard('orders:read', (req, res) => {
      res.json({ orders: orders.list(req.auth.claims.tenant, PageInput.parse(req.query)) });
    }),
  );
  app.get(
    '/orders/:id',
    guard('orders:read', (req, res) => {
      const order = orders.find(req.auth.claims.tenant, IdInput.parse(req.params).id);
      res.status(order === undefined ? 404 : 200).json(order ?? { error: 'not_found' });
    }),
  );
  // The guard stands before the body parser: nothing is read for a request that is refused.
  app.post('/orders', guard('orders:write'), express.json({ limit: '16kb' }), (req, res) => {
    const { claims, subject = '' } = authOf(req, guard);
    res.status(201).json(orders.create(claims.tenant, NewOrderInput.parse(req.body), subject));
  });
  app.post(
    '/orders/:id/cancel',
    guard('orders:write', (req, res) => {
      const order = orders.cancel(req.auth.claims.tenant, IdInput.parse(req.params).id);
      res.status(order === undefined ? 404 : 200).json(order ?? { error: 'not_found' });
    }),
  );
  // The scope says what the app may do for somebody, the role what this person may do. It takes both.
  app.get(
    '/report',
    guard(allOf('orders:report', claim('roles').includes('admin')), (req, res) => {
      res.json({ report: orders.report(req.auth.claims.tenant) });
    }),
  );

  addJsonErrors(app, log);
  return app;
}
