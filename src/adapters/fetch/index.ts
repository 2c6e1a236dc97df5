export type { RouteGuardOptions } from '../core/route-guard.js';
export {
  createFetchGuard,
  type FetchGuard,
  type FetchGuardOptions,
  type FetchHandler,
  type GuardedFetchHandler,
  type Protect,
} from './create-fetch-guard.js';
