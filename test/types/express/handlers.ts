import express, { type Request, type Response } from 'express';
import { type AccessToken, allOf, anyOf, type ClaimsOf, claim, type NextFunction } from 'scopegate';
import { typeOf } from '../type-of.js';
import { guard } from './guards.js';

const app = express();
const router = express.Router();

app.post(
  '/orders',
  guard('orders:write', (req, res, next) => {
    typeOf(req.auth).is<AccessToken<ClaimsOf<{ tenant: string }>>>();
    typeOf(req.auth.claims.tenant).is<string>();
    typeOf(req.auth.scopes).is<readonly string[]>();
    typeOf(req.auth.subject).is<string | undefined>();
    typeOf(req.auth.expiresAt).is<number>();
    typeOf(res).is<Response>();
    typeOf(next).is<NextFunction>();
    typeOf(req.params).is<Request['params']>();
    typeOf(req.query).is<Request['query']>();
    typeOf(req.method).is<string>();
    res.status(201).json({ tenant: req.auth.claims.tenant });
  }),
);

// Several handlers, asynchronous ones among them, and handlers that know nothing of scopegate.
const plain: express.RequestHandler = (req, _res, next) => {
  typeOf(req.path).is<string>();
  next();
};
router.get(
  '/orders/:id',
  guard(
    anyOf('orders:read', allOf('admin', claim('amr').includes('mfa'))),
    plain,
    (req, _res, next) => {
      typeOf(req.auth.claims.tenant).is<string>();
      next();
    },
    async (req, res) => {
      typeOf(req.auth.claims.tenant).is<string>();
      await Promise.resolve();
      res.json({});
    },
  ),
);

// No policy: a valid access token is enough.
router.get(
  '/me',
  guard((req, res) => {
    typeOf(req.auth).is<AccessToken<ClaimsOf<{ tenant: string }>>>();
    typeOf(req.params).is<Request['params']>();
    typeOf(res).is<Response>();
    res.json(req.auth.claims.tenant);
  }),
);
router.get(
  '/me/:part',
  guard(plain, async (req, res, next) => {
    typeOf(req.auth.claims.tenant).is<string>();
    typeOf(next).is<NextFunction>();
    res.json({});
  }),
);
router.get(
  '/me/:id',
  guard<Request<{ id: string }>>((req) => typeOf(req.params.id).is<string>()),
);

router
  .route('/reports')
  .get(guard('reports:read', (req) => typeOf(req.auth.claims.tenant).is<string>()))
  .post(guard({ scope: 'reports:write' }), plain, (_req, res) => void res.end());

// As middleware, for a whole app, a path or a router, and in a list.
app.use(guard());
app.use('/admin', guard('admin'), express.json(), router);
app.get('/list', [guard('a'), guard('b')]);

// Path parameters are named by the request, as in handlers without a guard.
router.get(
  '/orders/:id',
  guard<Request<{ id: string }>>('orders:read', (req, res) => {
    typeOf(req.params.id).is<string>();
    typeOf(req.auth.claims.tenant).is<string>();
    typeOf(res).is<Response>();
  }),
);
router.get(
  '/orders/:id',
  guard('orders:read', (req: Request<{ id: string }>, res: Response<{ ok: boolean }>) => {
    typeOf(req.params.id).is<string>();
    res.json({ ok: true });
  }),
);
