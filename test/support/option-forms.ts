type Members = { readonly [name: string]: unknown };

/** A class whose instances have members by getters alone, each of which answers as `answer` says. */
function classOf(members: Members, answer: (name: string, reads: number) => unknown): new () => object {
  const made = class {};
  for (const name of Object.keys(members)) {
    let reads = 0;
    Object.defineProperty(made.prototype, name, {
      get() {
        reads += 1;
        return answer(name, reads);
      },
    });
  }
  return made;
}

/** Ways to give options besides a plain object. Each means the same as the plain object does. */
export const OPTION_FORMS: readonly (readonly [what: string, form: (members: object) => object])[] = [
  ['by getters of a class', (members) => new (classOf(members as Members, (name) => (members as Members)[name]))()],
  [
    'by getters of the class below',
    (members) => new (class extends classOf(members as Members, (name) => (members as Members)[name]) {})(),
  ],
  ['by inheritance', (members) => Object.create(members)],
  [
    'by inheritance from an object without a prototype',
    (members) => Object.create(Object.assign(Object.create(null), members)),
  ],
  [
    'by members that are not enumerable',
    (members) => {
      const entries = Object.entries(members).map(([name, value]) => [name, { value }] as const);
      return Object.defineProperties({}, Object.fromEntries(entries));
    },
  ],
  [
    'by getters that give something else at the second read',
    (members) => {
      const answer = (name: string, reads: number) => (reads === 1 ? (members as Members)[name] : Symbol('read twice'));
      return new (classOf(members as Members, answer))();
    },
  ],
];

/** Adds a name that no options have to a class that they are inherited from. */
export function withUnknownName(members: object, name: string): object {
  return new (classOf({ ...members, [name]: undefined }, (known) => (members as Members)[known]))();
}
