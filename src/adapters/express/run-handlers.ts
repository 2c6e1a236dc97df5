import type { NextFunction } from './guard.js';

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
      if (result instanceof Promise)
        result.catch((reason) =>
          next(reason || new Error(`A handler rejected with ${String(reason) || 'an empty string'}.`)),
        );
    } catch (thrown) {
      next(thrown);
    }
  };
  goOn();
}
