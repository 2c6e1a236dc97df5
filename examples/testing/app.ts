import express, { type Express } from 'express';
import { anyOf, createGuard, type Verifier } from 'scopegate';

/** The application. The verifier comes from outside, so that tests can bring their own. */
export function createApp(verifier: Verifier): Express {
  const guard = createGuard(verifier);
  const orders = ['tea'];

  const app = express();
  app.get('/orders', guard('orders:read'), (_, res) => {
    res.json({ orders });
  });
  app.delete(
    '/orders',
    guard(anyOf('orders:write', 'admin'), (req, res) => {
      orders.length = 0;
      res.json({ deletedBy: req.auth.subject });
    }),
  );
  return app;
}
