import type { JsonObject } from '../protocol/json-object.js';
import type { UnverifiedParts } from './issuer-options.js';

/**
 * Notes which members of tokens a function reads, so that what it gives can be cached by them. A function that gives the same
 * for the same input reads the same members of equal tokens.
 */
export class MemberReads {
  readonly #names = { header: new Set<string>(), claims: new Set<string>() };

  /** Whether the function never read any. */
  get isEmpty(): boolean {
    return this.#names.header.size + this.#names.claims.size === 0;
  }

  /** Gives a token whose members are noted when they are read. It cannot be changed. */
  record({ header, claims }: UnverifiedParts): UnverifiedParts {
    return Object.freeze({ header: watch(header, this.#names.header), claims: watch(claims, this.#names.claims) });
  }

  /** Gives those members of a token that were ever read. */
  pick({ header, claims }: UnverifiedParts): readonly unknown[] {
    return [pickFrom(header, this.#names.header), pickFrom(claims, this.#names.claims)];
  }
}

// Stands for all members: whoever lists them reads them all.
const ALL = '*';

function watch(members: JsonObject, names: Set<string>): JsonObject {
  const noted = <Value>(name: string | symbol, value: Value): Value => {
    names.add(String(name));
    return value;
  };

  return new Proxy(members, {
    get: (target, name) => noted(name, Reflect.get(target, name)),
    has: (target, name) => noted(name, Reflect.has(target, name)),
    getOwnPropertyDescriptor: (target, name) => noted(name, Reflect.getOwnPropertyDescriptor(target, name)),
    ownKeys: (target) => noted(ALL, Reflect.ownKeys(target)),

    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
    setPrototypeOf: () => false,
    preventExtensions: () => false,
  });
}

function pickFrom(members: JsonObject, names: ReadonlySet<string>): readonly unknown[] {
  if (names.has(ALL)) return [members];
  // In JSON, what is not there and null would be the same.
  return [...names].filter((name) => Object.hasOwn(members, name)).map((name) => [name, members[name]]);
}
