export type { RouteGuardOptions } from '../core/route-guard.js';
export {
  createFastifyGuard,
  type FastifyGuard,
  type FastifyGuardCall,
  type FastifyGuardOptions,
  type FastifyHook,
  type GuardableFastifyReply,
  type GuardableFastifyRequest,
} from './create-fastify-guard.js';
export { type ScopegatePluginOptions, scopegatePlugin } from './scopegate-plugin.js';
