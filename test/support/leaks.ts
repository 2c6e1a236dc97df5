import { inspect } from 'node:util';

/** Every text that a logger, an error handler or a debugger could make of an error. */
export function textsOf(error: unknown): string {
  const seen = [
    String(error),
    JSON.stringify(error),
    inspect(error),
    inspect(error, { depth: null, showHidden: true, getters: true, maxArrayLength: null, maxStringLength: null }),
  ];
  if (error instanceof Error) {
    const own = Object.getOwnPropertyNames(error).map((name) => String(Reflect.get(error, name)));
    seen.push(error.message, error.stack ?? '', ...own, inspect({ ...error }, { depth: null }));
    if (error.cause !== undefined) seen.push(textsOf(error.cause));
  }
  return seen.join('\n');
}

const SHORTEST_SECRET = 16;

/** The parts of a token that must not turn up anywhere; short ones could do so by chance. */
export function secretsOf(token: string): readonly string[] {
  return [token, ...token.split('.')].filter((part) => part.length >= SHORTEST_SECRET);
}
