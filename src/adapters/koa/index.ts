export {
  createKoaGuard,
  type KoaContext,
  type KoaGuard,
  type KoaGuardCall,
  type KoaGuardOptions,
  type KoaHandler,
  type KoaMiddleware,
} from './create-koa-guard.js';
