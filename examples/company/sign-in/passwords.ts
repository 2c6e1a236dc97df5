import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const hash = promisify<string, Buffer, number, Buffer>(scrypt);
const HASH_BYTES = 32;

/** Knows passwords by their hashes alone. */
export class Passwords {
  readonly #salt = randomBytes(16);
  readonly #hashes: ReadonlyMap<string, Promise<Buffer>>;

  /** @param passwords - by username */
  constructor(passwords: Readonly<Record<string, string>>) {
    const entries = Object.entries(passwords);
    this.#hashes = new Map(entries.map(([username, password]) => [username, hash(password, this.#salt, HASH_BYTES)]));
  }

  /** Takes as long for a username that nobody has, so that time does not tell who has an account. */
  async areGood(username: string, password: string): Promise<boolean> {
    const given = await hash(password, this.#salt, HASH_BYTES);
    const expected = await this.#hashes.get(username);
    return timingSafeEqual(given, expected ?? Buffer.alloc(HASH_BYTES));
  }
}
