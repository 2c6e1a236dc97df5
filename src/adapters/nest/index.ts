export type { RouteGuardOptions } from '../core/route-guard.js';
export {
  createNestGuard,
  type NestCommon,
  type NestExecutionContext,
  type NestGuard,
  type NestGuardClass,
  type NestGuardOptions,
} from './create-nest-guard.js';
