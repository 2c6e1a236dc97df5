import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { vi } from 'vitest';
import { createVerifier, type DiagnosticsMessages, type Verifier } from '../../src/index.js';
import { type Verdict, verdictOf } from './clients.js';
import { until } from './key-server.js';
import { type HeldAnswer, type SentKeys, type SignedToken, SlowKeyServer, type TokenKind } from './slow-key-server.js';

/** One thing that happens to a verifier or to its authorization server. */
export type Step =
  | { readonly do: 'ask'; readonly with: TokenKind | 'again'; readonly pick: number }
  | { readonly do: 'rotate' | 'mend' | 'refresh' }
  | { readonly do: 'withdraw' | 'break' | 'answer' | 'answer all'; readonly pick: number }
  | { readonly do: 'pass' | 'set clock'; readonly seconds: number };

export interface TestbedOptions {
  readonly tokenCache: false | { readonly max: number };
  readonly sendsEtag: boolean;
}

const LIMITS = {
  maxAgeSeconds: 600,
  staleIfErrorSeconds: 3600,
  fetchTimeoutSeconds: 5,
  refetchBurst: 2,
  refetchEverySeconds: 30,
} as const;
const USABLE_SECONDS = LIMITS.maxAgeSeconds + LIMITS.staleIfErrorSeconds;

// One deadline for all that a request waits for; twice, where the keys changed while its token was verified.
const LONGEST_WAIT_SECONDS = 2 * LIMITS.fetchTimeoutSeconds;
/** Issuers may sign this long before they publish. */
const PUBLISHED_WITHIN_MS = 60_000;
const CHUNK_SECONDS = 2.5;
const MAX_WAIT_SECONDS = 60;

interface Asked extends SignedToken {
  readonly startedAt: number;
  /** The last good key set has the key and is not too old: no outage, flood or slow answer may matter. */
  readonly mustBeAccepted: boolean;
  readonly wasPublished: boolean;
  /** Milliseconds since the epoch; undefined for a token without `iat`. */
  readonly issuedAt: number | undefined;
  readonly fetchesForKidsBefore: number;
  /** The last good key set was requested well after the token was issued, and lacks its key. */
  readonly isOlder: boolean;
  verdict: Verdict | undefined;
}

/**
 * A verifier and its authorization server, every answer of which is held back until a step lets it go. Knows
 * what the verifier must and must not do, from what the server said and when, and notes every violation.
 */
export class KeySourceTestbed {
  readonly violations: string[] = [];
  readonly #slow: SlowKeyServer;
  readonly #verifier: Verifier;
  readonly #asked: Asked[] = [];
  readonly #unknownKids: DiagnosticsMessages['scopegate:unknown-kid'][] = [];
  readonly #listeners: readonly (readonly [name: string, listener: (message: unknown) => void])[];
  #lastGood: (SentKeys & { readonly at: number }) | undefined;
  #kidsBefore: ReadonlySet<string> = new Set();
  /** By the timers of deadlines, which no setting of the clock moves. */
  #secondsGone = 0;
  /** All that the clock ever went forward. */
  #forwardSeconds = 0;
  #lastCallOfRefresh = Number.NEGATIVE_INFINITY;
  #lastLeap = Number.NEGATIVE_INFINITY;
  #fetchesForKids = 0;
  #failures = 0;
  #allFailures = 0;
  #callsOfRefresh = 0;
  #failedAt = 0;
  /** The clock was set back behind the time of the last good key set. */
  #isAgeUnknown = false;
  /** The clock was set back since the last failure. */
  #isWaitUnknown = false;

  private constructor(slow: SlowKeyServer, tokenCache: TestbedOptions['tokenCache']) {
    this.#slow = slow;
    this.#verifier = createVerifier({ ...slow.server.verifierOptions, tokenCache, keys: LIMITS });
    this.#listeners = [
      ['scopegate:refresh', (message) => this.#onRefresh(message as DiagnosticsMessages['scopegate:refresh'])],
      ['scopegate:back-off', () => this.#onFailure()],
      ['scopegate:unknown-kid', (message) => this.#unknownKids.push(message as never)],
    ];
    for (const [name, listener] of this.#listeners) subscribe(name, listener);
  }

  static async create({ tokenCache, sendsEtag }: TestbedOptions): Promise<KeySourceTestbed> {
    return new KeySourceTestbed(await SlowKeyServer.create(sendsEtag), tokenCache);
  }

  close(): void {
    for (const [name, listener] of this.#listeners) unsubscribe(name, listener);
    this.#verifier.close();
  }

  async take(step: Step): Promise<void> {
    this.#unknownKids.length = 0;
    this.#kidsBefore = new Set();
    await this.#go(step);
    await this.#settleDown();
    this.#checkFetches();
  }

  /** The server is well again: everybody is answered, and the newest key is accepted. */
  async recover(): Promise<void> {
    await this.take({ do: 'mend' });
    // Outages that hang go on until their deadlines.
    await this.take({ do: 'pass', seconds: LONGEST_WAIT_SECONDS });
    await this.take({ do: 'answer all', pick: 0 });
    await this.take({ do: 'rotate' });
    // A clock that was set back can put the end of a back-off a minute ahead once more.
    for (let minute = 0; minute < 2; minute += 1) {
      await this.take({ do: 'pass', seconds: 61 });
      await this.take({ do: 'ask', with: 'newest', pick: 0 });
      await this.take({ do: 'answer all', pick: 0 });
    }
    await until(() => this.#asked.every(({ verdict }) => verdict !== undefined));
    const last = this.#asked.at(-1)?.verdict;
    if (last !== 'accepted') this.#violation(`did not recover, but says ${last}`);
    if (vi.getTimerCount() > 0) this.#violation('left a timer behind');
  }

  async #go(step: Step): Promise<void> {
    switch (step.do) {
      case 'ask':
        return this.#ask(step.with, step.pick);
      case 'rotate':
        return this.#slow.rotate();
      case 'withdraw':
        return this.#slow.withdraw(step.pick);
      case 'break':
        return this.#slow.breakDown(step.pick);
      case 'mend':
        return this.#slow.mend();
      case 'answer':
        return this.#answer(step.pick);
      case 'answer all':
        return this.#answerAll(step.pick);
      case 'pass':
        return this.#pass(step.seconds);
      case 'set clock':
        return this.#setClock(step.seconds);
      case 'refresh':
        return this.#refresh();
    }
  }

  async #ask(kind: TokenKind | 'again', pick: number): Promise<void> {
    const signed = kind === 'again' ? this.#acceptedBefore(pick) : await this.#slow.signToken(kind, pick);
    if (signed === undefined || this.#isOfTheFuture(signed)) return;
    const { kid, token, issuedAt } = signed;
    const mustBeAccepted = this.#surelyHas(kid);
    const wasPublished = this.#slow.publishes(kid);
    const isOlder = this.#isSurelyOlder(signed);
    const before = { mustBeAccepted, wasPublished, isOlder, fetchesForKidsBefore: this.#fetchesForKids };
    const asked: Asked = { kid, token, issuedAt, startedAt: this.#secondsGone, ...before, verdict: undefined };
    this.#asked.push(asked);
    void verdictOf(this.#verifier.verify(token)).then(
      (verdict) => this.#judge(asked, verdict),
      (error) => this.#violation(`threw ${error}`),
    );
    if (!mustBeAccepted && !isOlder) return;
    // Nothing that the server does can matter to it, so that it settles before anything else happens.
    await until(() => asked.verdict !== undefined);
    const isOld = this.#ageSeconds() >= LIMITS.maxAgeSeconds && this.#failures === 0;
    const isDue = isOld || this.#isRetryDue();
    // A fetch that goes on has a deadline.
    if (isDue && vi.getTimerCount() === 0) this.#violation('set no refresh going, though one is due');
  }

  /** The last fetch failed, and the longest wait is over. */
  #isRetryDue(): boolean {
    const waitedSeconds = (this.#now() - this.#failedAt) / 1000;
    return this.#failures > 0 && !this.#isWaitUnknown && waitedSeconds >= MAX_WAIT_SECONDS;
  }

  #acceptedBefore(pick: number): SignedToken | undefined {
    const accepted = this.#asked.filter(({ verdict }) => verdict === 'accepted');
    return accepted[pick % accepted.length];
  }

  /** Holds a verdict against what the server knows. */
  #judge(asked: Asked, verdict: Verdict): void {
    asked.verdict = verdict;
    const { kid, mustBeAccepted, wasPublished, startedAt } = asked;
    if (verdict === 'accepted') return this.#judgeAccepted(kid);
    // The clock was set back while it waited.
    if (this.#isOfTheFuture(asked)) return;
    if (asked.isOlder && verdict !== 'unknown_key') this.#violation(`called ${kid}, which is old, ${verdict}`);
    if (asked.isOlder && this.#fetchesForKids > asked.fetchesForKidsBefore)
      this.#violation(`made a fetch for the old ${kid}`);
    if (mustBeAccepted) this.#violation(`refused ${kid} as ${verdict}, though the last good key set has it`);
    if (!wasPublished || !this.#slow.publishes(kid)) return;
    if (verdict === 'unknown_key') this.#checkIsKnown(asked);
    else if (this.#wasLimit(kid)) this.#checkIsLimit(asked);
    else if (this.#failures === 0 && this.#secondsGone - startedAt < LIMITS.fetchTimeoutSeconds)
      this.#violation(`refused ${kid} as ${verdict}, though nothing failed`);
  }

  #judgeAccepted(kid: string): void {
    if (this.#lastGood?.kids.has(kid)) {
      if (this.#ageSeconds() >= USABLE_SECONDS) this.#violation(`accepted ${kid} by keys ${this.#ageSeconds()} s old`);
      return;
    }
    if (!this.#kidsBefore.has(kid)) this.#violation(`accepted ${kid}, which the last good key set lacks`);
  }

  /** A key that is published may count as unknown where time says so, or too many kids of tokens without `iat` came. */
  #checkIsKnown(asked: Asked): void {
    const { kid, issuedAt } = asked;
    if (issuedAt !== undefined) {
      const requestedAt = this.#lastGood?.requestedAt ?? 0;
      if (requestedAt < issuedAt + PUBLISHED_WITHIN_MS) this.#violation(`refused ${kid} as unknown, which may be new`);
      return;
    }
    if (!this.#wasLimit(kid)) this.#violation(`refused ${kid}, which is published, as unknown`);
    this.#checkIsLimit(asked);
  }

  #isOfTheFuture({ issuedAt = 0 }: Pick<SignedToken, 'issuedAt'>): boolean {
    return issuedAt > this.#now();
  }

  #wasLimit(kid: string): boolean {
    return this.#unknownKids.findLast((message) => message.kid === kid)?.notAskedBecause === 'limit';
  }

  #checkIsLimit({ kid }: Asked): void {
    if (this.#fetchesForKids < LIMITS.refetchBurst) this.#violation(`refused ${kid} for a limit that was not reached`);
  }

  #isSurelyOlder({ kid, issuedAt }: SignedToken): boolean {
    if (issuedAt === undefined || this.#lastGood === undefined || this.#isAgeUnknown) return false;
    const isUsable = this.#ageSeconds() < USABLE_SECONDS && !this.#lastGood.kids.has(kid);
    return isUsable && this.#lastGood.requestedAt >= issuedAt + PUBLISHED_WITHIN_MS;
  }

  #surelyHas(kid: string): boolean {
    return this.#lastGood?.kids.has(kid) === true && !this.#isAgeUnknown && this.#ageSeconds() < USABLE_SECONDS;
  }

  #ageSeconds(): number {
    return this.#lastGood === undefined ? Number.POSITIVE_INFINITY : (this.#now() - this.#lastGood.at) / 1000;
  }

  #now(): number {
    return this.#slow.server.issuer.now();
  }

  /** What it brings must have been asked for after it was called. */
  #refresh(): void {
    this.#lastCallOfRefresh = this.#secondsGone;
    this.#callsOfRefresh += 1;
    const requestsBefore = this.#slow.jwksRequests;
    void verdictOf(this.#verifier.refresh()).then((verdict) => {
      const isNew = (this.#lastGood?.number ?? 0) > requestsBefore;
      if (verdict === 'accepted' && !isNew) this.#violation('took an older fetch for a refresh');
    });
  }

  async #answer(pick: number): Promise<void> {
    const { waiting } = this.#slow;
    const held = waiting[pick % waiting.length];
    if (held === undefined) return;
    this.#slow.take(held);
    const { keys } = held;
    if (keys !== undefined && keys.number > (this.#lastGood?.number ?? 0)) await this.#bringKeys(held, keys);
    else held.send();
    await this.#settleDown();
  }

  async #bringKeys(held: HeldAnswer, { kids, number, requestedAt }: SentKeys): Promise<void> {
    // Requests may still be answered by the keys from before, until the new ones are in place.
    this.#kidsBefore = this.#lastGood?.kids ?? new Set();
    const at = this.#now();
    // The clock may have been set back since.
    this.#lastGood = { kids, number, requestedAt: Math.min(requestedAt, at), at };
    this.#isAgeUnknown = false;
    this.#failures = 0;
    held.send();
    const expected = [...kids].sort().join();
    const inUse = () => this.#verifier.status().issuers[0]?.keys.map(({ kid }) => kid);
    await until(() => inUse()?.sort().join() === expected);
  }

  async #answerAll(pick: number): Promise<void> {
    for (let round = 0; round < 20 && this.#slow.waiting.length > 0; round += 1) await this.#answer(pick);
  }

  /** Lets time pass, for the clock and for deadlines alike. */
  async #pass(seconds: number): Promise<void> {
    let left = seconds;
    while (left > 0 && vi.getTimerCount() > 0) {
      const chunk = Math.min(left, CHUNK_SECONDS);
      this.#advance(chunk);
      await vi.advanceTimersByTimeAsync(chunk * 1000);
      left -= chunk;
      await this.#settleDown();
      const latest = this.#secondsGone - LONGEST_WAIT_SECONDS;
      const overdue = this.#asked.filter(({ verdict, startedAt }) => verdict === undefined && startedAt <= latest);
      for (const asked of overdue) await until(() => asked.verdict !== undefined);
    }
    this.#advance(left);
  }

  #advance(seconds: number): void {
    this.#slow.server.issuer.advance(seconds);
    this.#secondsGone += seconds;
    this.#forwardSeconds += seconds;
  }

  #setClock(seconds: number): void {
    this.#slow.server.issuer.advance(seconds);
    if (seconds > 0) {
      this.#forwardSeconds += seconds;
      this.#lastLeap = this.#secondsGone;
    }
    if (seconds <= 0) this.#isWaitUnknown = true;
    if (this.#ageSeconds() < 0) this.#isAgeUnknown = true;
  }

  #onFailure(): void {
    this.#failures += 1;
    this.#allFailures += 1;
    this.#failedAt = this.#now();
    this.#isWaitUnknown = false;
  }

  #onRefresh({ cause }: DiagnosticsMessages['scopegate:refresh']): void {
    if (cause === 'unknown-kid') this.#fetchesForKids += 1;
    if (cause === 'asked') return;
    if (this.#failures > 0 && !this.#isWaitUnknown) {
      const least = Math.min(60, 2 ** (this.#failures - 1)) / 2;
      const waited = (this.#now() - this.#failedAt) / 1000;
      if (waited < least) this.#violation(`asked again ${waited} s after failure ${this.#failures}`);
    }
    if (cause === 'retry' && this.#failures === 0) this.#violation('tried again, though nothing failed');
    const dueAfter = { age: LIMITS.maxAgeSeconds, empty: USABLE_SECONDS, 'unknown-kid': 0, retry: 0 }[cause];
    if (!this.#isAgeUnknown && this.#ageSeconds() < dueAfter) {
      this.#violation(`asked again, because of ${cause}, after ${this.#ageSeconds()} s`);
    }
  }

  #checkFetches(): void {
    const allowed = LIMITS.refetchBurst + Math.floor(this.#forwardSeconds / LIMITS.refetchEverySeconds);
    // Only a fetch that is answered takes from the allowance. Those that go on or failed may come on top, and those that
    // refresh() overtook, whose failure nobody hears of.
    const most = allowed + this.#allFailures + this.#callsOfRefresh + 1;
    if (this.#fetchesForKids > most) this.#violation(`made ${this.#fetchesForKids} fetches for kids, ${most} allowed`);
    // refresh() does not join a fetch that goes on. After a leap of the clock the process looks as if it had been suspended:
    // nobody waits any more for a fetch from before it.
    const since = Math.max(this.#lastCallOfRefresh, this.#lastLeap);
    const mayBeMore = this.#secondsGone - since < LONGEST_WAIT_SECONDS;
    const requests = this.#slow.waiting.length;
    if (!mayBeMore && requests > 1) this.#violation(`made ${requests} requests at once`);
  }

  #violation(what: string): void {
    this.violations.push(what);
  }

  /** Turns the event loop, and the threads that verify signatures, until nothing goes on any more. */
  async #settleDown(): Promise<void> {
    let before = '';
    for (let calm = 0; calm < 3; ) {
      await new Promise(setImmediate);
      const open = this.#asked.filter(({ verdict }) => verdict === undefined).length;
      if (open > 0) await passThroughThreads();
      const now = `${open} ${this.#slow.server.requests.length} ${vi.getTimerCount()}`;
      calm = now === before ? calm + 1 : 0;
      before = now;
    }
  }
}

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const MESSAGE = Buffer.from('anything');
const SIGNATURE = sign('sha256', MESSAGE, privateKey);

/** Settles after the signatures that were being verified before: there are four threads for them. */
async function passThroughThreads(): Promise<void> {
  const verified = Array.from({ length: 4 }, () => {
    return new Promise((resolve) => verify('sha256', MESSAGE, publicKey, SIGNATURE, resolve));
  });
  await Promise.all(verified);
}
