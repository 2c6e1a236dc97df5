import { escapeControls } from '../protocol/refusal.js';

/** What an issuer, or a function of the user's, provides. */
export type Provided = 'keys' | 'introspection' | 'secret';

/**
 * Warns once when something of an issuer cannot be had, and once when it can be had again: by `process.emitWarning`, with
 * the codes `SCOPEGATE_KEYS_UNAVAILABLE`, `SCOPEGATE_KEYS_AVAILABLE` and so on.
 */
export class OutageWarnings {
  readonly #what: Provided;
  readonly #issuer: string;
  #isOut = false;

  constructor(what: Provided, issuer: string) {
    this.#what = what;
    this.#issuer = escapeControls(issuer);
  }

  /** `why` holds nothing of a token or a secret. */
  failed(why: string): void {
    if (this.#isOut) return;
    this.#isOut = true;
    this.#warn('UNAVAILABLE', `cannot be had: ${escapeControls(why)}`);
  }

  recovered(): void {
    if (!this.#isOut) return;
    this.#isOut = false;
    this.#warn('AVAILABLE', 'can be had again');
  }

  #warn(state: string, text: string): void {
    const code = `SCOPEGATE_${this.#what.toUpperCase()}_${state}`;
    process.emitWarning(`scopegate: ${this.#what} of the issuer ${this.#issuer} ${text}`, { code });
  }
}
