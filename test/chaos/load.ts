import { Random } from '../oracle/random.js';
import type { Client } from './client.js';
import { AUDIENCE, OTHER_AUDIENCE, SCOPE, SOURCES, type Source } from './durations.js';
import type { Asked, TokenClass } from './history.js';
import type { ChaosIssuer } from './issuer.js';

const TICK_MS = 10;
/** What a machine is late by that has much to do. */
export const LATE_MS = 50;
const LIFETIME_SECONDS = 300;
const LONG_AGO_SECONDS = 120;
const TOKENS_OF_A_KEY = 4;

type Drafted = Pick<Asked, 'class' | 'kid' | 'token' | 'issuedAt' | 'expiresAt'> & { readonly authorization?: string };

/** How often each class comes, beside the others. Every made-up key that may be new costs the issuer a request. */
const WEIGHTS: readonly (readonly [number, TokenClass])[] = [
  [400, 'known'],
  [120, 'new'],
  [40, 'withdrawn'],
  [40, 'expired'],
  [40, 'audience'],
  [40, 'signature'],
  [4, 'made-up'],
  [30, 'made-up-old'],
  [40, 'scope'],
  [30, 'garbage'],
  [30, 'inactive'],
  [40, 'revoked'],
  [20, 'none'],
  [20, 'two-words'],
  [100, 'open'],
];

export interface LoadOptions {
  readonly seed: number;
  readonly issuer: ChaosIssuer;
  readonly clients: ReadonlyMap<string, Client>;
  /** Of all servers together. */
  readonly perSecond: number;
}

/** A steady stream of requests of known classes, to every server and source in turn. */
export class Load {
  readonly asked: Asked[] = [];
  /** How many made-up keys come beside the rest, each second. */
  floodPerSecond = 0;
  /** Whether no token names a key that is made up and may be new. */
  isWithoutMadeUp = false;
  /** When this process was late, and so was the issuer, which is in it. */
  readonly lateTimes: { readonly from: number; readonly to: number }[] = [];
  readonly #options: LoadOptions;
  readonly #random: Random;
  readonly #pending = new Set<Promise<void>>();
  readonly #known = new Map<string, Drafted>();
  readonly #opaque: { readonly active: string[]; readonly revoked: string[] } = { active: [], revoked: [] };
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = 0;
  #owed = 0;
  #floodOwed = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#random = new Random(options.seed, 1);
    for (let i = 0; i < TOKENS_OF_A_KEY; i += 1) this.#opaque.active.push(options.issuer.issueOpaque({}));
  }

  start(): void {
    this.#tickedAt = Date.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
  }

  /** The issuer takes an opaque token back that servers know, and gives another. */
  revoke(): void {
    const token = this.#opaque.active.shift();
    if (token === undefined) return;
    this.#options.issuer.revoke(token);
    this.#opaque.revoked.push(token);
    this.#opaque.active.push(this.#options.issuer.issueOpaque({}));
  }

  /** Sends one request to each server and source, as a first user does. */
  async greet(): Promise<void> {
    for (const source of SOURCES) this.#send(source, 'known');
    await Promise.all(this.#pending);
  }

  #tick(): void {
    const now = Date.now();
    const sinceMs = now - this.#tickedAt;
    this.#tickedAt = now;
    if (sinceMs > LATE_MS) this.lateTimes.push({ from: now - sinceMs, to: now });
    // What was owed in a time when this process was late is not sent at once.
    this.#owed += (this.#options.perSecond * Math.min(sinceMs, 5 * TICK_MS)) / 1000;
    this.#floodOwed += (this.floodPerSecond * Math.min(sinceMs, 5 * TICK_MS)) / 1000;
    for (; this.#owed >= 1; this.#owed -= 1) this.#send(this.#random.pick(SOURCES), this.#random.weighted(WEIGHTS));
    for (; this.#floodOwed >= 1; this.#floodOwed -= 1)
      this.#send(this.#random.pick(['discovery', 'direct']), 'made-up');
  }

  #send(source: Source, kind: TokenClass): void {
    if (kind === 'made-up' && this.isWithoutMadeUp) return;
    const drafted = source === 'opaque' ? this.#draftOpaque(kind) : this.#draftJwt(source, kind);
    if (drafted === undefined) return;
    const { authorization, ...facts } = drafted;
    const [server = ''] = [this.#random.pick([...this.#options.clients.keys()])];
    const path = drafted.class === 'open' ? '/open/orders' : `/${source}/orders`;
    const asked: Asked = { ...facts, server, source, sentAt: Date.now(), answeredAt: 0, answer: 'other: none' };
    const sentAt = performance.now();
    const client = this.#options.clients.get(server) as Client;
    const pending = client.get(path, authorization).then((answer) => {
      asked.answer = answer;
      asked.answeredAt = asked.sentAt + performance.now() - sentAt;
      this.asked.push(asked);
      this.#pending.delete(pending);
    });
    this.#pending.add(pending);
  }

  #draftJwt(source: Source, kind: TokenClass): Drafted | undefined {
    const { issuer } = this.#options;
    const now = Math.floor(Date.now() / 1000);
    const [issuedAt, expiresAt] = [now, now + LIFETIME_SECONDS];
    const kid = this.#random.pick([issuer.newestKid, ...issuer.kids(true)]);
    const times = { iat: issuedAt, exp: expiresAt };
    switch (kind) {
      case 'known':
        return this.#knownJwt(source, this.#random.pick(issuer.kids(true)));
      case 'withdrawn':
        return this.#withdrawnJwt(source);
      case 'new':
        return bearer({ class: kind, kid, issuedAt, expiresAt }, issuer.sign(source, kid, { claims: times }));
      case 'expired': {
        const expired = now - LONG_AGO_SECONDS / 2;
        const claims = { iat: now - LONG_AGO_SECONDS, exp: expired };
        return bearer(
          { class: kind, kid, issuedAt: claims.iat, expiresAt: expired },
          issuer.sign(source, kid, { claims }),
        );
      }
      case 'audience': {
        const claims = { ...times, aud: OTHER_AUDIENCE };
        return bearer({ class: kind, kid, issuedAt, expiresAt }, issuer.sign(source, kid, { claims }));
      }
      case 'scope': {
        const claims = { ...times, scope: 'profile' };
        return bearer({ class: kind, kid, issuedAt, expiresAt }, issuer.sign(source, kid, { claims }));
      }
      case 'signature': {
        const [known, other] = [times, { ...times, sub: 'eve' }].map((claims) => issuer.sign(source, kid, { claims }));
        const forged = `${other?.split('.').slice(0, 2).join('.')}.${known?.split('.')[2]}`;
        return bearer({ class: kind, kid, issuedAt, expiresAt }, forged);
      }
      case 'made-up':
      case 'made-up-old':
        return this.#madeUpJwt(source, kind);
      case 'garbage':
        return bearer({ class: kind }, this.#random.pick(['e30.e30.', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.', 'garbage']));
      default:
        return draftPlain(kind);
    }
  }

  #knownJwt(source: Source, kid: string): Drafted {
    const name = `${source} ${kid} ${this.#random.below(TOKENS_OF_A_KEY)}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const issuedAt = Math.floor(Date.now() / 1000);
    const expiresAt = issuedAt + 4 * LIFETIME_SECONDS;
    const token = this.#options.issuer.sign(source, kid, { claims: { iat: issuedAt, exp: expiresAt } });
    const drafted = bearer({ class: 'known', kid, issuedAt, expiresAt }, token);
    this.#known.set(name, drafted);
    return drafted;
  }

  /** Most of them old, so that no fetch is spent on them; some are what a server knew. */
  #withdrawnJwt(source: Source): Drafted | undefined {
    const { issuer } = this.#options;
    const kids = issuer.kids(false);
    if (kids.length === 0) return undefined;
    const kid = this.#random.pick(kids);
    if (this.#random.below(8) === 0) return { ...this.#knownJwt(source, kid), class: 'withdrawn' };
    const issuedAt = Math.floor(Date.now() / 1000) - LONG_AGO_SECONDS;
    const expiresAt = issuedAt + LIFETIME_SECONDS;
    const token = issuer.sign(source, kid, { claims: { iat: issuedAt, exp: expiresAt } });
    return bearer({ class: 'withdrawn', kid, issuedAt, expiresAt }, token);
  }

  #madeUpJwt(source: Source, kind: 'made-up' | 'made-up-old'): Drafted {
    const { issuer } = this.#options;
    const age = kind === 'made-up' ? 0 : LONG_AGO_SECONDS;
    const issuedAt = Math.floor(Date.now() / 1000) - age;
    const expiresAt = issuedAt + LIFETIME_SECONDS;
    const kid = `made-up-${this.#random.below(1_000_000)}`;
    const claims = { iat: issuedAt, exp: expiresAt };
    const token = issuer.sign(source, issuer.newestKid, { header: { kid }, claims });
    return bearer({ class: kind, kid, issuedAt, expiresAt }, token);
  }

  #draftOpaque(kind: TokenClass): Drafted | undefined {
    const { issuer } = this.#options;
    const now = Math.floor(Date.now() / 1000);
    switch (kind) {
      case 'known':
        return bearer({ class: kind }, this.#random.pick(this.#opaque.active));
      case 'revoked':
        return this.#opaque.revoked.length === 0
          ? undefined
          : bearer({ class: kind }, this.#random.pick(this.#opaque.revoked));
      case 'new':
        return bearer({ class: kind }, issuer.issueOpaque({ exp: now + LIFETIME_SECONDS }));
      case 'expired': {
        const expiresAt = now - LONG_AGO_SECONDS;
        return bearer({ class: kind, expiresAt }, issuer.issueOpaque({ exp: expiresAt }));
      }
      case 'audience':
        return bearer({ class: kind }, issuer.issueOpaque({ aud: OTHER_AUDIENCE }));
      case 'scope':
        return bearer({ class: kind }, issuer.issueOpaque({ scope: 'profile', aud: AUDIENCE }));
      case 'inactive':
      case 'garbage':
        return bearer({ class: kind }, `unknown-${this.#random.below(1_000_000)}`);
      default:
        return draftPlain(kind);
    }
  }
}

function bearer(facts: Drafted, token: string): Drafted {
  return { ...facts, token, authorization: `Bearer ${token}` };
}

function draftPlain(kind: TokenClass): Drafted | undefined {
  if (kind === 'none' || kind === 'open') return { class: kind };
  return kind === 'two-words' ? { class: kind, authorization: `Bearer one two ${SCOPE}` } : undefined;
}
