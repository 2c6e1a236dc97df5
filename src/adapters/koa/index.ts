export type { RouteGuardOptions } from '../core/route-guard.js';
export {
  createKoaGuard,
  type KoaContext,
  type KoaDefaultContext,
  type KoaGuard,
  type KoaGuardCall,
  type KoaGuardOptions,
  type KoaHandler,
  type KoaMiddleware,
  type KoaNext,
} from './create-koa-guard.js';
