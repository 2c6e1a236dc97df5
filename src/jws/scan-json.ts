import { Malformed } from './malformed.js';

// Tokens of real issuers are less deep, and a recursive parser overflows the stack much later.
const MAX_DEPTH = 32;

const NOT_JSON = new Malformed('is not JSON');
const TOO_DEEP = new Malformed(`is nested deeper than ${MAX_DEPTH} levels`);

/** What `JSON.parse` does not report about a text. */
export interface JsonShape {
  /** At every level, duplicates included. */
  readonly members: number;
  readonly hasEscapes: boolean;
}

/**
 * Checks that UTF-8 bytes are JSON (RFC 8259) that `JSON.parse` accepts, nested no deeper than 32 levels. So
 * `JSON.parse` never throws: its error would cost more than the rest of the refusal.
 */
export function scanJson(bytes: Uint8Array): JsonShape | Malformed {
  const scan = new JsonScan(bytes);
  return scan.scanText() ? scan : scan.problem;
}

/** Each method skips one element, and returns whether the element was there. */
class JsonScan implements JsonShape {
  members = 0;
  hasEscapes = false;
  problem = NOT_JSON;
  readonly #bytes: Uint8Array;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  scanText(): boolean {
    return this.#value() && this.#at === this.#bytes.length;
  }

  /** Skips the white space around the value too. */
  #value(): boolean {
    this.#skipSpace();
    const isThere = this.#bareValue();
    this.#skipSpace();
    return isThere;
  }

  #bareValue(): boolean {
    switch (this.#peek()) {
      case 0x22: // "
        return this.#string();
      case 0x7b: // {
        return this.#container(0x7d);
      case 0x5b: // [
        return this.#container(0x5d);
      case 0x74:
        return this.#word('true');
      case 0x66:
        return this.#word('false');
      case 0x6e:
        return this.#word('null');
      default:
        return this.#number();
    }
  }

  /** Skips an object or an array, by its closing bracket. */
  #container(end: number): boolean {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      this.problem = TOO_DEEP;
      return false;
    }

    this.#at += 1;
    this.#skipSpace();
    if (!this.#take(end)) {
      do {
        if (end === 0x7d && !this.#name()) return false;
        if (!this.#value()) return false;
      } while (this.#take(0x2c)); // ,
      if (!this.#take(end)) return false;
    }

    this.#depth -= 1;
    return true;
  }

  /** Skips a member name and its colon. */
  #name(): boolean {
    this.#skipSpace();
    if (this.#peek() !== 0x22 || !this.#string()) return false;
    this.#skipSpace();
    this.members += 1;
    return this.#take(0x3a); // :
  }

  #string(): boolean {
    const bytes = this.#bytes;
    for (let i = this.#at + 1; i < bytes.length; i += 1) {
      const byte = bytes[i] as number;
      if (byte === 0x22) {
        this.#at = i + 1;
        return true;
      }
      if (byte < 0x20) return false;

      if (byte === 0x5c) {
        const length = escapeLength(bytes, i + 1);
        if (length === 0) return false;
        this.hasEscapes = true;
        i += length;
      }
    }
    return false;
  }

  #word(word: string): boolean {
    for (let i = 0; i < word.length; i += 1) if (!this.#take(word.charCodeAt(i))) return false;
    return true;
  }

  // RFC 8259 §6: no leading zeros, and digits on both sides of the point.
  #number(): boolean {
    this.#take(0x2d); // -
    if (!this.#take(0x30) && !this.#digits()) return false;
    if (this.#take(0x2e) && !this.#digits()) return false; // .
    if ((this.#peek() | 0x20) !== 0x65) return true; // e E
    this.#at += 1;
    if (!this.#take(0x2b)) this.#take(0x2d); // + -
    return this.#digits();
  }

  #digits(): boolean {
    const start = this.#at;
    while (isDigit(this.#peek())) this.#at += 1;
    return this.#at > start;
  }

  #skipSpace(): void {
    while (isSpace(this.#peek())) this.#at += 1;
  }

  /** Returns 0 at the end: no JSON text has that byte. */
  #peek(): number {
    return this.#at < this.#bytes.length ? (this.#bytes[this.#at] as number) : 0;
  }

  #take(byte: number): boolean {
    if (this.#peek() !== byte) return false;
    this.#at += 1;
    return true;
  }
}

/** Returns the length of an escape without its backslash; 0 if it is none. */
function escapeLength(bytes: Uint8Array, at: number): number {
  const letter = String.fromCharCode(bytes[at] ?? 0);
  if ('"\\/bfnrt'.includes(letter)) return 1;
  if (letter !== 'u') return 0;
  for (let i = at + 1; i <= at + 4; i += 1) if (!isHexDigit(bytes[i] ?? 0)) return 0;
  return 5;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}
