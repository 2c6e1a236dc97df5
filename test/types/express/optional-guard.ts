import express, { type Response } from 'express';
import type { AccessToken, ClaimsOf } from 'scopegate';
import { typeOf } from '../type-of.js';
import { guard } from './guards.js';

const app = express();

app.get(
  '/catalogue',
  guard.optional((req, res) => {
    typeOf(req.auth).is<AccessToken<ClaimsOf<{ tenant: string }>> | undefined>();
    typeOf(req.auth?.claims.tenant).is<string | undefined>();
    typeOf(res).is<Response>();
    if (req.auth !== undefined) typeOf(req.auth.claims.tenant).is<string>();
  }),
);
app.use(guard.optional());
app.get('/prices', guard.optional('prices:read'), (_req, res) => void res.end());
