/** The fields of a form, by name. */
export type Draft = Readonly<Record<string, string>>;

/** What this tab keeps when it goes to the sign-in pages and comes back. There is never a token in it. */
export interface Kept {
  /** A sign-in that was begun. */
  readonly 'sign-in': {
    readonly state: string;
    readonly nonce: string;
    readonly codeVerifier: string;
    readonly scope: string;
    /** Where to go on. */
    readonly page: string;
  };
  /** The scopes of the person who is signed in here. */
  readonly 'signed-in': string;
  /** Who typed the drafts. */
  readonly person: string;
  /** Something to say when the page begins again. */
  readonly notice: 'not-allowed' | 'still-signed-in';
  /** What somebody has typed and not sent yet. */
  readonly 'order-draft': Draft;
  readonly 'invitation-draft': Draft;
}

/** The browser lets this page keep nothing. */
export class NoStorageError extends Error {
  override readonly name = 'NoStorageError';
}

/** @throws {NoStorageError} */
export function keep<Name extends keyof Kept>(name: Name, value: Kept[Name]): void {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch (cause) {
    throw new NoStorageError('the browser blocks the storage of this page', { cause });
  }
}

export function recall<Name extends keyof Kept>(name: Name): Kept[Name] | undefined {
  try {
    const text = sessionStorage.getItem(name);
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return LOOKS_RIGHT[name](value) ? (value as Kept[Name]) : undefined;
  } catch {
    // Storage that is blocked, and text that somebody else has put there, hold nothing of ours.
    return undefined;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is Draft =>
  typeof value === 'object' && value !== null && Object.values(value).every(isText);

const LOOKS_RIGHT: Readonly<Record<keyof Kept, (value: unknown) => boolean>> = {
  'sign-in': (value) =>
    isTexts(value) &&
    ['state', 'nonce', 'codeVerifier', 'scope'].every((name) => isText(value[name])) &&
    // A path of this origin: a second slash would begin the name of another one.
    /^\/(?![/\\])/.test(value['page'] ?? ''),
  'signed-in': isText,
  person: isText,
  notice: (value) => value === 'not-allowed' || value === 'still-signed-in',
  'order-draft': isTexts,
  'invitation-draft': isTexts,
};

/** Gives what was kept, and forgets it: it can be used once. */
export function take<Name extends keyof Kept>(name: Name): Kept[Name] | undefined {
  const value = recall(name);
  forget(name);
  return value;
}

export function forget(...names: (keyof Kept)[]): void {
  try {
    for (const name of names) sessionStorage.removeItem(name);
  } catch {
    // Where nothing can be kept, nothing has to be forgotten.
  }
}
