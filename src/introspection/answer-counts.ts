import type { IntrospectionStatus } from './introspection-endpoint.js';

// A stranger can make up a few tokens, and a client can go on with an old one. So many without one good one are telling.
const SUSPICIOUS_INACTIVE = 20;

/**
 * Counts the answers of one issuer. Some servers answer `active: false` to wrong credentials, so that every token looks
 * dead: warns once of an issuer that has called none active.
 */
export class AnswerCounts {
  readonly #issuer: string;
  #active = 0;
  #inactive = 0;

  constructor(issuer: string) {
    this.#issuer = issuer;
  }

  count(outcome: 'active' | 'inactive'): void {
    if (outcome === 'active') {
      this.#active += 1;
      return;
    }
    this.#inactive += 1;
    if (this.#active === 0 && this.#inactive === SUSPICIOUS_INACTIVE) this.#warn();
  }

  status(): Pick<IntrospectionStatus, 'active' | 'inactive'> {
    return { active: this.#active, inactive: this.#inactive };
  }

  #warn(): void {
    process.emitWarning(
      `${this.#issuer} called none of ${this.#inactive} tokens active. Some servers say so when the credentials of ` +
        'this server are wrong, or when it may not introspect: see docs/introspection.md, "Who may ask".',
      { code: 'SCOPEGATE_NEVER_ACTIVE' },
    );
  }
}
