import { Hono } from 'hono';
import { createFetchGuard } from 'scopegate/fetch';
import { typeOf } from '../../types/type-of.js';
import { verifier } from './verifier.js';

const { protect, optional } = createFetchGuard(verifier);

/** What Next.js calls a route handler with. */
export const GET = protect(
  'orders:read',
  async (request, { auth }, { params }: { params: Promise<{ id: string }> }) => {
    typeOf(request).is<Request>();
    typeOf(auth.claims.tenant).is<string>();
    typeOf((await params).id).is<string>();
    return Response.json({});
  },
);
const route: (request: Request, context: { params: Promise<{ id: string }> }) => Promise<Response> = GET;

export { route };

export const open = optional((_request, { auth }) => {
  typeOf(auth?.claims.tenant).is<string | undefined>();
  // @ts-expect-error: there may be no token
  auth.subject;
  return new Response();
});

/** What Bun and Deno serve. */
export const server: { fetch(request: Request): Promise<Response> } = { fetch: protect(() => new Response('ok')) };

const app = new Hono<{ Variables: { subject: string | undefined } }>();
app.get('/orders', (context) => protect('orders:read', () => context.json({}))(context.req.raw));
