import { errorForNext } from './error-for-next.js';
import type { NextFunction } from './guard.js';

/** A handler of a router. */
export type AnyHandler = (req: unknown, res: unknown, next: NextFunction) => unknown;

/**
 * Runs request handlers in turn, as a router does: each goes on by `next()`, and what one throws or rejects
 * with goes to the app's error handler, on Express 4 too.
 */
export function runHandlers(handlers: readonly AnyHandler[], req: unknown, res: unknown, next: NextFunction): void {
  if (handlers.length === 0) return next();
  let index = 0;
  const goOn: NextFunction = (error) => {
    const handler = handlers[index];
    // An error, 'route' and 'router' are for the router to deal with.
    if (error || handler === undefined) return next(error);
    index += 1;
    try {
      const result = handler(req, res, goOn);
      if (isThenable(result)) result.then(undefined, (reason) => next(errorForNext(reason)));
    } catch (thrown) {
      next(errorForNext(thrown));
    }
  };
  goOn();
}

/** A promise of another realm, or of a library, is none of ours by `instanceof`. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
