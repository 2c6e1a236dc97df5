import fastify, { type FastifyRequest } from 'fastify';
import { type AccessToken, authOf, type RegisterClaims } from 'scopegate';
import { createFastifyGuard, scopegatePlugin } from 'scopegate/fastify';
import { typeOf } from '../../types/type-of.js';
import { verifier } from './verifier.js';

declare module 'scopegate' {
  interface Register {
    claims: { tenant: string };
  }
}

const guard = createFastifyGuard(verifier, {
  onRefusal: (_error, request) => typeOf(request).is<FastifyRequest>(),
});
const app = fastify();
await app.register(scopegatePlugin, { guard });
app.addHook('onRequest', guard());

app.get('/orders', { onRequest: app.guard('orders:read') }, async (request) => {
  typeOf(request.auth).is<AccessToken<RegisterClaims> | undefined>();
  typeOf(authOf(request).claims.tenant).is<string>();
  return {};
});
app.post('/orders', { preHandler: [guard.optional('orders:write')] }, async () => ({}));
