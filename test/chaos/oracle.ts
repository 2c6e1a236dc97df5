import { DURATIONS, LONGEST_WAIT, PUBLISHED_WITHIN, REFETCH_BURST, REFUSED_FOR, type Source } from './durations.js';
import type { Answer, Asked, Document, History, Served, TokenClass, Window } from './history.js';

/*
 * What docs/keys.md, docs/introspection.md, docs/http.md and SECURITY.md permit as the answer to one request, given what
 * the issuer did. It was written from these pages alone, and imports nothing of src. Where the pages leave room, or
 * where only the server knows, several answers are permitted.
 */

const MS = 1000;
const NEVER = Number.POSITIVE_INFINITY;
const TIMEOUT_MS = DURATIONS.timeout * MS;
const MAX_AGE_MS = DURATIONS.maxAge * MS;
const USABLE_MS = (DURATIONS.maxAge + DURATIONS.staleIfError) * MS;
const CACHE_MS = DURATIONS.cache * MS;

/** docs/http.md: what can be said without a key. */
const WITHOUT_KEY: Partial<Record<TokenClass, Answer>> = {
  open: 'ok',
  none: 'missing',
  'two-words': 'invalid_request',
};

/** What is said when the key is known and everything else is right, but for what the class says. */
const WITH_KEY: Partial<Record<TokenClass, Answer>> = {
  expired: 'invalid_token',
  audience: 'invalid_token',
  signature: 'invalid_token',
  garbage: 'invalid_token',
  scope: 'insufficient_scope',
};

/** docs/keys.md, Rotation: before a fetch is spent, issuer, audience and times must fit. */
const IMPLAUSIBLE: readonly TokenClass[] = ['expired', 'audience'];

export interface Wrong {
  readonly asked: Asked;
  readonly permitted: ReadonlySet<Answer>;
  readonly why: string;
}

/** Judges the requests of one world when it is over. */
export class Oracle {
  readonly #history: History;
  readonly #served = new Map<string, readonly Served[]>();
  readonly #until = new Map<string, readonly number[]>();
  readonly #troubled = new Map<string, readonly Window[]>();

  #byToken: ReadonlyMap<string, readonly Served[]> | undefined;

  constructor(history: History) {
    this.#history = history;
  }

  /** Returns what is wrong with an answer, if something is. */
  check(asked: Asked): Wrong | undefined {
    const tookMs = asked.answeredAt - asked.sentAt;
    const permitted = this.permitted(asked);
    if (!permitted.has(asked.answer)) return { asked, permitted, why: `${asked.answer} is not permitted` };
    const mostMs = this.#mostMs(asked);
    return tookMs > mostMs ? { asked, permitted, why: `took ${tookMs} ms, and ${mostMs} ms are permitted` } : undefined;
  }

  permitted(asked: Asked): ReadonlySet<Answer> {
    const plain = WITHOUT_KEY[asked.class];
    if (plain !== undefined) return new Set([plain]);
    if (asked.source === 'opaque') return this.#permittedOpaque(asked);
    if (asked.class === 'garbage') return new Set(['invalid_token']);
    return this.#permittedJwt(asked);
  }

  /** SECURITY.md: a request waits for one deadline at most. docs/keys.md: a token of a known key is verified at once. */
  #mostMs(asked: Asked): number {
    const slackMs = this.#slackOf(asked);
    if (asked.source === 'opaque') return TIMEOUT_MS + slackMs;
    const { sets, mayBeNone } = this.#setsInUse(asked);
    const isKnown = !mayBeNone && sets.every(({ kids }) => asked.kid === undefined || kids?.has(asked.kid));
    return isKnown ? slackMs : TIMEOUT_MS + slackMs;
  }

  // JWTs

  #permittedJwt(asked: Asked): ReadonlySet<Answer> {
    const { sets, mayBeNone } = this.#setsInUse(asked);
    const answers = new Set<Answer>();
    for (const set of sets) {
      if (asked.kid !== undefined && set.kids?.has(asked.kid)) answers.add('ok');
      else for (const answer of this.#withUnknownKey(asked, set)) answers.add(answer);
    }
    if (mayBeNone) for (const answer of this.#withoutKeys(asked)) answers.add(answer);
    return this.#withClaims(asked, answers);
  }

  /** docs/http.md, Which row applies: key, signature and claims (401), then the policy (403). */
  #withClaims(asked: Asked, answers: ReadonlySet<Answer>): ReadonlySet<Answer> {
    const good = WITH_KEY[asked.class] ?? 'ok';
    const said = [...answers].flatMap((answer) => (answer === 'ok' ? this.#byTime(asked, good) : [answer]));
    return new Set(said);
  }

  /** docs/options.md: `clockToleranceSeconds` for exp, nbf and iat alike, by the clock of the server. */
  #byTime(asked: Asked, good: Answer): readonly Answer[] {
    const { clockAheadMs } = this.#history;
    const slackMs = this.#slackOf(asked);
    const tolerance = DURATIONS.clockTolerance * MS;
    const [issued, expires] = [(asked.issuedAt ?? 0) * MS, (asked.expiresAt ?? NEVER) * MS];
    const [first, last] = [asked.sentAt + clockAheadMs, asked.answeredAt + clockAheadMs];
    const isGood = first - slackMs < expires + tolerance && last + slackMs >= issued - tolerance;
    const isBad = last + slackMs >= expires + tolerance || first - slackMs < issued - tolerance;
    return [...(isGood ? [good] : []), ...(isBad ? (['invalid_token'] as const) : [])];
  }

  /** docs/keys.md, Rotation: what may come of a token whose key the set in use does not have. */
  #withUnknownKey(asked: Asked, set: Served): readonly Answer[] {
    if (IMPLAUSIBLE.includes(asked.class) || this.#isOutOfTime(asked)) return ['invalid_token'];
    const { clockAheadMs } = this.#history;
    const slackMs = this.#slackOf(asked);
    const requestedAt = set.requestedAt + clockAheadMs;
    const sureFrom = ((asked.issuedAt ?? 0) + PUBLISHED_WITHIN) * MS;
    if (requestedAt >= sureFrom + slackMs) return ['invalid_token'];

    const answers = [...this.#afterFetch(asked)];
    if (this.#mayBeLimited(asked)) answers.push('unavailable');
    if (requestedAt >= sureFrom - slackMs) answers.push('invalid_token');
    return answers;
  }

  /** What may come of a fetch that the request waits for. */
  #afterFetch(asked: Asked): readonly Answer[] {
    const answers: Answer[] = [];
    const { from, to } = this.#window(asked);
    const key = asked.kid === undefined ? undefined : this.#history.keys.get(asked.kid);
    const isThere = key !== undefined && key.publishedAt <= to && key.withdrawnAt >= from;
    const isSurelyThere = key !== undefined && key.publishedAt <= asked.sentAt && key.withdrawnAt > to;
    if (isThere) answers.push('ok');
    if (!isSurelyThere || this.#mayLookElsewhere(asked)) answers.push('invalid_token');
    if (this.#isTroubled(asked)) answers.push('unavailable');
    return answers;
  }

  /** docs/keys.md, States: with nothing in use, the request waits for the first fetch, or gets 503. */
  #withoutKeys(asked: Asked): readonly Answer[] {
    return this.#afterFetch(asked);
  }

  #isOutOfTime(asked: Asked): boolean {
    return !this.#byTime(asked, 'ok').includes('ok');
  }

  /** docs/keys.md, Where keys come from: metadata is as old as `maxAgeSeconds` before a place that moved is followed. */
  #mayLookElsewhere(asked: Asked): boolean {
    const { source, sentAt } = asked;
    if (source !== 'discovery') return false;
    const { moves } = this.#history;
    const slackMs = this.#slackOf(asked);
    return moves.some(
      (movedAt) => sentAt >= movedAt - slackMs && sentAt <= this.#renewedBy(source, movedAt, 'metadata') + slackMs,
    );
  }

  /** docs/keys.md, Rotation: `refetchBurst` fetches may follow each other, then one each `refetchEverySeconds`. */
  #mayBeLimited(asked: Asked): boolean {
    const since = asked.sentAt - REFETCH_BURST * DURATIONS.refetchEvery * MS - this.#slackOf(asked);
    const fetches = this.#servedTo(asked, 'jwks').filter(({ requestedAt }) => requestedAt <= asked.answeredAt);
    const forKids = fetches.filter(({ requestedAt }, index) => {
      const before = fetches[index - 1]?.finishedAt ?? 0;
      return requestedAt >= since && requestedAt - before < MAX_AGE_MS;
    });
    return forKids.length >= REFETCH_BURST;
  }

  /** The key sets that may be in use while a request is answered, and whether there may be none. */
  #setsInUse(asked: Asked): { readonly sets: readonly Served[]; readonly mayBeNone: boolean } {
    const slackMs = this.#slackOf(asked);
    const { sentAt, answeredAt } = asked;
    const all = this.#servedTo(asked, 'jwks');
    const until = this.#usedUntil(asked, all);
    const sets = all.filter(
      (set, index) => set.requestedAt <= answeredAt && sentAt <= (until[index] as number) + slackMs,
    );
    const newest = all.findLast((set) => this.#isSure(set) && set.finishedAt + slackMs <= sentAt);
    const mayBeNone = newest === undefined || answeredAt >= newest.requestedAt + USABLE_MS - slackMs;
    return { sets, mayBeNone };
  }

  /** Until when each key set may be used: the next one came, it is too old, or it should have been fetched again. */
  #usedUntil({ server, source }: Asked, sets: readonly Served[]): readonly number[] {
    const key = `${server} ${source}`;
    const known = this.#until.get(key);
    if (known !== undefined) return known;

    let next = NEVER;
    const until = sets.toReversed().map((set) => {
      const end = Math.min(next, set.finishedAt + USABLE_MS, this.#renewedBy(source, set.finishedAt, 'jwks'));
      if (this.#isSure(set)) next = Math.min(next, set.finishedAt);
      return end;
    });
    this.#until.set(key, until.toReversed());
    return until.toReversed();
  }

  /**
   * docs/keys.md, Withdrawal: on a server with traffic, what was fetched at that time is fetched again after
   * `maxAgeSeconds`. In an outage, it is when the waiting time after it is over.
   */
  #renewedBy(source: Source, fetchedAt: number, document: Document): number {
    const dueAt = fetchedAt + MAX_AGE_MS;
    let by = dueAt + TIMEOUT_MS;
    for (const { from, to } of this.#troubledTimes(source, [document, 'metadata'])) {
      if (from <= by && to >= dueAt) by = Math.max(by, to + TIMEOUT_MS);
    }
    return by + this.#history.slackMs;
  }

  // Opaque tokens

  /** docs/introspection.md, How long an answer holds. */
  #permittedOpaque(asked: Asked): ReadonlySet<Answer> {
    const slackMs = this.#slackOf(asked);
    const { sentAt, answeredAt, token = '' } = asked;
    const asks = this.#introspections(asked, token);
    const holds = (served: Served, ms: number) =>
      this.#isSure(served) && served.finishedAt + slackMs <= sentAt && served.requestedAt + ms - slackMs >= answeredAt;
    if (asks.some((served) => served.active && holds(served, CACHE_MS)))
      return this.#withClaims(asked, new Set(['ok']));
    if (asks.some((served) => served.active === false && holds(served, REFUSED_FOR * MS)))
      return new Set(['invalid_token']);

    const answers = new Set<Answer>();
    const endsAt =
      this.#history.revocations.get(token) ?? (asked.class === 'inactive' || asked.class === 'garbage' ? 0 : NEVER);
    if (sentAt <= endsAt + CACHE_MS + TIMEOUT_MS + slackMs) answers.add('ok');
    if (answeredAt + slackMs >= endsAt) answers.add('invalid_token');
    if (this.#mayFailToIntrospect(asked)) answers.add('unavailable');
    return this.#withClaims(asked, answers);
  }

  /** A failure is not remembered. While the endpoint is not known, its place is looked for as keys are. */
  #mayFailToIntrospect(asked: Asked): boolean {
    const { troubles } = this.#history;
    const slackMs = this.#slackOf(asked);
    const { from, to } = this.#window(asked);
    if (
      troubles.some(
        (trouble) => trouble.documents.includes('introspection') && trouble.from <= to && trouble.to >= from,
      )
    )
      return true;
    const isLocated = this.#servedTo(asked, 'metadata').some((one) => {
      return this.#isSure(one) && one.finishedAt + slackMs <= asked.sentAt;
    });
    const mayHaveMoved = troubles.some((trouble) => trouble.mayHaveMoved && trouble.from <= asked.answeredAt);
    return (!isLocated || mayHaveMoved) && this.#isTroubled(asked);
  }

  // Outages

  /** Whether a fetch may have failed lately, so that the waiting time after it may go on. */
  #isTroubled(asked: Asked): boolean {
    const { from, to } = this.#window(asked);
    const documents: readonly Document[] = asked.source === 'opaque' ? ['metadata'] : ['jwks', 'metadata'];
    return this.#troubledTimes(asked.source, documents).some((window) => window.from <= to && window.to >= from);
  }

  /**
   * docs/keys.md, Outages: half a second to one second, doubled each time, a minute at most. After an outage of L seconds
   * the wait that goes on is at most 2 L + 1: all waits before it were half of their longest or more.
   */
  #troubledTimes(source: Source, documents: readonly Document[]): readonly Window[] {
    const wanted = documents.filter((document) => source !== 'direct' || document !== 'metadata');
    const key = `${source} ${wanted.join()}`;
    const known = this.#troubled.get(key);
    if (known !== undefined) return known;

    const windows: { from: number; lastsTo: number; to: number }[] = [];
    const { troubles, slackMs } = this.#history;
    for (const trouble of troubles.filter((one) => one.documents.some((document) => wanted.includes(document)))) {
      const previous = windows.at(-1);
      const isOne = previous !== undefined && trouble.from <= previous.to;
      const from = isOne ? previous.from : trouble.from;
      const lastsTo = isOne ? Math.max(previous.lastsTo, trouble.to) : trouble.to;
      const to = lastsTo + Math.min(LONGEST_WAIT * MS, 2 * (lastsTo - from) + MS) + TIMEOUT_MS + slackMs;
      if (isOne) windows.pop();
      windows.push({ from, lastsTo, to });
    }
    this.#troubled.set(key, windows);
    return windows;
  }

  #window(asked: Asked): Window {
    const { sentAt, answeredAt } = asked;
    const slackMs = this.#slackOf(asked);
    return { from: sentAt - TIMEOUT_MS - slackMs, to: answeredAt + slackMs };
  }

  /** Whether a server surely got an answer in time. A machine that was late may have kept it beyond the deadline. */
  #isSure({ requestedAt, finishedAt }: Served): boolean {
    const { slackMs, lateTimes } = this.#history;
    const [first, last] = [requestedAt - TIMEOUT_MS - slackMs, finishedAt + TIMEOUT_MS + slackMs];
    return !lateTimes.some(({ from, to }) => to - from > TIMEOUT_MS / 3 && to >= first && from <= last);
  }

  /** Twice what the machine was late by around a request: once for the server, once for the issuer. */
  #slackOf({ sentAt, answeredAt }: Asked): number {
    const { slackMs, lateTimes } = this.#history;
    const near = lateTimes.filter(({ from, to }) => to + (to - from) + MS >= sentAt && from - MS <= answeredAt);
    return slackMs + 2 * near.reduce((most, { from, to }) => Math.max(most, to - from), 0);
  }

  #introspections({ server }: Asked, token: string): readonly Served[] {
    this.#byToken ??= groupBy(
      this.#history.served.filter(({ document }) => document === 'introspection'),
      (one) => `${one.server} ${one.token}`,
    );
    return this.#byToken.get(`${server} ${token}`) ?? [];
  }

  #servedTo({ server, source }: Pick<Asked, 'server' | 'source'>, document: Document): readonly Served[] {
    const key = `${server} ${source} ${document}`;
    const known = this.#served.get(key);
    if (known !== undefined) return known;
    const all = this.#history.served.filter(
      (one) => one.server === server && one.source === source && one.document === document,
    );
    const sorted = all.sort((a, b) => a.requestedAt - b.requestedAt);
    this.#served.set(key, sorted);
    return sorted;
  }
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
