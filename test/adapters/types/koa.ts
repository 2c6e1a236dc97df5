import Koa from 'koa';
import { createKoaGuard } from 'scopegate/koa';
import { typeOf } from '../../types/type-of.js';
import { verifier } from './verifier.js';

const guard = createKoaGuard(verifier, {
  onRefusal: ({ reason }, ctx) => {
    typeOf(reason).is<typeof reason>();
    typeOf(ctx.path).is<string>();
  },
});
const app = new Koa();

app.use(guard());
app.use(
  guard('orders:read', (ctx) => {
    typeOf(ctx.state.auth.claims.tenant).is<string>();
    typeOf(ctx.path).is<string>();
    ctx.body = {};
  }),
);
app.use(
  guard.optional('orders:read', async (ctx, next) => {
    typeOf(ctx.state.auth?.claims.tenant).is<string | undefined>();
    await next();
  }),
);
