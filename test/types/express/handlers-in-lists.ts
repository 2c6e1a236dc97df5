import express, { type ErrorRequestHandler, type Response } from 'express';
import { typeOf } from '../type-of.js';
import { guard } from './guards.js';

const app = express();

// Where Express takes a list, or an error handler besides, its types allow a first parameter of type `any`.
// A guarded handler must not become untyped by that.
app.get('/orders', [
  guard('orders:read', (req, res) => {
    typeOf(req.auth.claims.tenant).is<string>();
    typeOf(res).is<Response>();
  }),
]);

const onError: ErrorRequestHandler = (_error, _req, res, _next) => void res.end();
app.get(
  '/orders',
  guard('orders:read', (req, res) => {
    typeOf(req.auth.claims.tenant).is<string>();
    typeOf(res).is<Response>();
  }),
  onError,
);
