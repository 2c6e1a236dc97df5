import express from 'express';
import { type AccessToken, authOf, type ClaimsOf, type UntypedClaims } from 'scopegate';
import { typeOf } from '../type-of.js';
import { guard, untypedGuard } from './guards.js';

const app = express();

app.get('/typed', guard('orders:read'), (req, res) => {
  typeOf(authOf(req, guard)).is<AccessToken<ClaimsOf<{ tenant: string }>>>();
  typeOf(authOf(req, guard).claims.tenant).is<string>();
  res.end();
});

// A handler beside its guard has the parameters of the path, by Express' own inference.
app.get('/orders/:id/lines/:line', guard('orders:read'), (req, res) => {
  typeOf(req.params.id).is<string>();
  typeOf(req.params.line).is<string>();
  typeOf(authOf(req, guard).claims.tenant).is<string>();
  res.end();
});

app.get('/untyped', untypedGuard('orders:read'), (req, res) => {
  typeOf(authOf(req)).is<AccessToken>();
  typeOf(authOf(req).claims).is<UntypedClaims>();
  typeOf(authOf(req, untypedGuard)).is<AccessToken>();
  typeOf(authOf(req).claims['tenant']).is<unknown>();
  res.end();
});
