import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Attempts } from './attempts.js';

const hash = promisify<string, Buffer, number, Buffer>(scrypt);
const HASH_BYTES = 32;

/** What came of a password; after too many wrong ones, how long none is looked at. */
export type PasswordCheck =
  | { readonly outcome: 'good' | 'wrong' }
  | { readonly outcome: 'refused'; readonly retryAfterSeconds: number };

/** Knows passwords by their hashes alone. */
export class Passwords {
  readonly #salt = randomBytes(16);
  readonly #hashes: ReadonlyMap<string, Promise<Buffer>>;
  readonly #attempts: Attempts;

  /**
   * @param passwords - by username
   * @param clock - milliseconds; `Date.now` by default
   */
  constructor(passwords: Readonly<Record<string, string>>, clock?: () => number) {
    const entries = Object.entries(passwords);
    this.#hashes = new Map(entries.map(([username, password]) => [username, hash(password, this.#salt, HASH_BYTES)]));
    this.#attempts = new Attempts({ clock });
  }

  /** Takes as long for a username that nobody has, so that neither time nor answer tells who has an account. */
  async check(username: string, password: string): Promise<PasswordCheck> {
    const retryAfterSeconds = this.#attempts.begin(username);
    if (retryAfterSeconds > 0) return { outcome: 'refused', retryAfterSeconds };
    const given = await hash(password, this.#salt, HASH_BYTES);
    const expected = await this.#hashes.get(username);
    if (!timingSafeEqual(given, expected ?? Buffer.alloc(HASH_BYTES))) return { outcome: 'wrong' };
    this.#attempts.forget(username);
    return { outcome: 'good' };
  }
}
