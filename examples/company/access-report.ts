import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Express } from 'express';
import { allOf, claim, type DiagnosticsMessages, type Guard } from 'scopegate';
import type { AccessReport, Span } from './access-shapes.js';
import type { CompanyClaims, CompanyVerifier } from './verifier.js';

const CHANNEL = 'scopegate:decision';
const SPAN_SECONDS = 10;
const MOST_SPANS = 30;

/** Counts what the guards of this process decide. Reasons are a fixed list, so this needs little memory. */
export class AccessCounts {
  readonly #since: number;
  readonly #refused = new Map<string, number>();
  readonly #spans = new Map<number, Span>();
  readonly #now: () => number;
  #accepted = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#since = now();
    subscribe(CHANNEL, this.#count);
  }

  report(verifier: CompanyVerifier): AccessReport {
    const last = this.#spanNow();
    const spans = Array.from({ length: MOST_SPANS }, (_, index) => this.#spanAt(last - MOST_SPANS + 1 + index));
    return {
      since: this.#since,
      accepted: this.#accepted,
      refused: Object.fromEntries(this.#refused),
      spans,
      spanSeconds: SPAN_SECONDS,
      status: verifier.status(),
    };
  }

  close(): void {
    unsubscribe(CHANNEL, this.#count);
  }

  readonly #count = (message: unknown) => {
    const { reason } = message as DiagnosticsMessages['scopegate:decision'];
    if (reason === undefined) this.#accepted += 1;
    else this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);

    const current = this.#spanNow();
    const { accepted, refused } = this.#spanAt(current);
    const isAccepted = reason === undefined;
    this.#spans.set(current, { accepted: accepted + Number(isAccepted), refused: refused + Number(!isAccepted) });
    // A clock that was set back leaves some behind that are yet to come.
    for (const span of this.#spans.keys()) if (Math.abs(current - span) >= MOST_SPANS) this.#spans.delete(span);
  };

  #spanNow(): number {
    return Math.floor(this.#now() / 1000 / SPAN_SECONDS);
  }

  #spanAt(span: number): Span {
    return this.#spans.get(span) ?? { accepted: 0, refused: 0 };
  }
}

/** Adds the route that tells how this process checks access: for those who run the servers, by a scope of its own. */
export function addAccessRoute(app: Express, guard: Guard<CompanyClaims>, report: () => AccessReport): void {
  const mayRead = allOf('access:read', claim('roles').includes('operator'));
  app.get(
    '/access',
    guard(mayRead, (_, res) => {
      res.json(report());
    }),
  );
}
