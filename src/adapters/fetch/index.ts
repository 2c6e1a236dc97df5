export {
  createFetchGuard,
  type FetchGuard,
  type FetchGuardOptions,
  type FetchHandler,
  type GuardedFetchHandler,
  type Protect,
} from './create-fetch-guard.js';
