import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { vi } from 'vitest';
import { createVerifier, type DiagnosticsMessages, type Verifier } from '../../src/index.js';
import { EVERLASTING, type Verdict, verdictOf, withHeader } from './clients.js';
import { KEY_OUTAGES, type KeyOutage } from './key-outages.js';
import { type DocumentName, KeyServer, type SeenRequest, until } from './key-server.js';

/** One thing that happens to a verifier or to its authorization server. */
export type Step =
  | { readonly do: 'ask'; readonly with: 'newest' | 'older' | 'withdrawn' | 'made-up' | 'again'; readonly pick: number }
  | { readonly do: 'rotate' | 'mend' | 'answer all' | 'refresh' }
  | { readonly do: 'withdraw' | 'break' | 'answer'; readonly pick: number }
  | { readonly do: 'pass' | 'set clock'; readonly seconds: number };

export interface WorldOptions {
  readonly tokenCache: false | { readonly max: number };
  readonly sendsEtag: boolean;
}

export const LIMITS = {
  maxAgeSeconds: 600,
  staleIfErrorSeconds: 3600,
  fetchTimeoutSeconds: 5,
  refetchBurst: 3,
  refetchEverySeconds: 30,
} as const;

// A refresh asks for two places of the metadata and for the key set. A request may wait for one that goes on, and
// then for one of its own, which may ask for a key set that is gone, for both places, and for the key set elsewhere.
const LONGEST_WAIT_SECONDS = 7 * LIMITS.fetchTimeoutSeconds;
const CHUNK_SECONDS = 2.5;
// Reading 64 MiB is for other tests.
const OUTAGES = KEY_OUTAGES.filter(({ name }) => !name.includes('64 MiB'));

interface Asked {
  readonly kid: string;
  readonly token: string;
  readonly startedAt: number;
  /** The last good key set has the key and is not too old: no outage, flood or slow answer may matter. */
  readonly mustBeAccepted: boolean;
  readonly wasPublished: boolean;
  verdict: Verdict | undefined;
}

interface Held {
  readonly document: DocumentName;
  readonly signal: AbortSignal | undefined;
  /** What a good answer with the key set says, and when it was asked for; undefined for any other answer. */
  readonly keys: { readonly kids: ReadonlySet<string>; readonly number: number } | undefined;
  readonly answer: () => void;
}

/** The last good key set, as the server knows that the verifier has it. */
interface LastGood {
  readonly kids: ReadonlySet<string>;
  readonly number: number;
  readonly at: number;
}

/**
 * A verifier and its authorization server, every answer of which is held back until a step lets it go. Knows
 * what the verifier must and must not do, from what the server said alone, and notes every breach.
 */
export class KeySourceWorld {
  readonly breaches: string[] = [];
  readonly #server: KeyServer;
  readonly #verifier: Verifier;
  readonly #sendsEtag: boolean;
  readonly #held: Held[] = [];
  readonly #asked: Asked[] = [];
  readonly #tokens = new Map<string, string[]>();
  readonly #withdrawn: string[] = [];
  readonly #published: string[] = [];
  readonly #unknownKids: DiagnosticsMessages['scopegate:unknown-kid'][] = [];
  readonly #listeners: readonly (readonly [name: string, listener: (message: unknown) => void])[];
  #newest = '';
  #outage: KeyOutage | undefined;
  #lastGood: LastGood | undefined;
  #kidsBefore: ReadonlySet<string> = new Set();
  #jwksRequests = 0;
  #waitedSeconds = 0;
  #forwardSeconds = 0;
  #lastCallOfRefresh = Number.NEGATIVE_INFINITY;
  #fetchesForKids = 0;
  #failures = 0;
  #failedAt = 0;
  /** The clock was set back behind the time of the last good key set. */
  #isAgeUnknown = false;
  /** The clock was set back since the last failure. */
  #isWaitUnknown = false;

  private constructor(server: KeyServer, { tokenCache, sendsEtag }: WorldOptions) {
    this.#server = server;
    this.#sendsEtag = sendsEtag;
    this.#verifier = createVerifier({ ...server.verifierOptions, tokenCache, keys: LIMITS });
    for (const document of ['metadata', 'jwks'] as const) {
      server.answer(document, (request, good) => this.#hold(document, request, good));
    }
    this.#listeners = [
      ['scopegate:refresh', (message) => this.#onRefresh(message as DiagnosticsMessages['scopegate:refresh'])],
      ['scopegate:back-off', () => this.#onFailure()],
      ['scopegate:unknown-kid', (message) => this.#unknownKids.push(message as never)],
    ];
    for (const [name, listener] of this.#listeners) subscribe(name, listener);
  }

  static async create(options: WorldOptions): Promise<KeySourceWorld> {
    const world = new KeySourceWorld(await KeyServer.create(), options);
    world.#publish('es256-1');
    await world.#keepTokens();
    return world;
  }

  close(): void {
    for (const [name, listener] of this.#listeners) unsubscribe(name, listener);
    this.#verifier.close();
  }

  async take(step: Step): Promise<void> {
    this.#unknownKids.length = 0;
    this.#kidsBefore = new Set();
    switch (step.do) {
      case 'ask':
        await this.#ask(step.with, step.pick);
        break;
      case 'rotate':
        this.#publish(await this.#server.issuer.rotate());
        await this.#keepTokens();
        break;
      case 'withdraw':
        this.#withdraw(step.pick);
        break;
      case 'break':
        this.#outage = OUTAGES[step.pick % OUTAGES.length];
        break;
      case 'mend':
        this.#outage = undefined;
        break;
      case 'answer':
        await this.#answer(step.pick);
        break;
      case 'answer all':
        await this.#answerAll();
        break;
      case 'pass':
        await this.#pass(step.seconds);
        break;
      case 'set clock':
        this.#setClock(step.seconds);
        break;
      case 'refresh':
        this.#lastCallOfRefresh = this.#waitedSeconds;
        void verdictOf(this.#verifier.refresh());
        break;
    }
    await this.#settleDown();
    this.#checkFetches();
  }

  /** The server is well again: everybody is answered, and the newest key is accepted. */
  async recover(): Promise<void> {
    await this.take({ do: 'mend' });
    // Outages that hang go on until their deadlines.
    await this.take({ do: 'pass', seconds: LONGEST_WAIT_SECONDS });
    await this.take({ do: 'answer all' });
    await this.take({ do: 'pass', seconds: 61 });
    await this.take({ do: 'rotate' });
    await this.take({ do: 'ask', with: 'newest', pick: 0 });
    await this.take({ do: 'answer all' });
    await until(() => this.#asked.every(({ verdict }) => verdict !== undefined));
    if (this.#asked.at(-1)?.verdict !== 'accepted') this.#breach(`did not recover: ${this.#asked.at(-1)?.verdict}`);
    if (vi.getTimerCount() > 0) this.#breach('left a timer behind');
  }

  async #ask(which: (Step & { do: 'ask' })['with'], pick: number): Promise<void> {
    const found = await this.#findToken(which, pick);
    if (found === undefined) return;
    const [kid, token] = found;
    const mustBeAccepted = this.#surelyHas(kid);
    const wasPublished = this.#published.includes(kid);
    const asked: Asked = {
      kid,
      token,
      startedAt: this.#waitedSeconds,
      mustBeAccepted,
      wasPublished,
      verdict: undefined,
    };
    this.#asked.push(asked);
    void verdictOf(this.#verifier.verify(token)).then(
      (verdict) => this.#judge(asked, verdict),
      (error) => this.#breach(`threw ${error}`),
    );
    // Nothing that the server does can matter to it, so that it settles before anything else happens.
    if (mustBeAccepted) await until(() => asked.verdict !== undefined);
  }

  async #findToken(
    which: (Step & { do: 'ask' })['with'],
    pick: number,
  ): Promise<readonly [kid: string, token: string] | undefined> {
    if (which === 'newest') return [this.#newest, await this.#server.issuer.token(EVERLASTING)];
    if (which === 'made-up') {
      const kid = `made-up-${pick % 4}`;
      return [kid, withHeader(await this.#server.issuer.token(EVERLASTING), { kid })];
    }
    if (which === 'again') {
      const accepted = this.#asked.filter(({ verdict }) => verdict === 'accepted');
      const { kid, token } = accepted[pick % accepted.length] ?? {};
      return kid === undefined || token === undefined ? undefined : [kid, token];
    }
    const kids = which === 'older' ? this.#published : this.#withdrawn;
    const kid = kids[pick % kids.length];
    const token = kid === undefined ? undefined : this.#tokens.get(kid)?.pop();
    return kid === undefined || token === undefined ? undefined : [kid, token];
  }

  /** Holds a verdict against what the server knows. */
  #judge(asked: Asked, verdict: Verdict): void {
    asked.verdict = verdict;
    const { kid, mustBeAccepted, wasPublished } = asked;
    const isHeld = this.#lastGood?.kids.has(kid) === true;
    if (verdict === 'accepted') {
      if (!isHeld && !this.#kidsBefore.has(kid)) this.#breach(`accepted ${kid}, which the last good key set lacks`);
      if (isHeld && this.#ageSeconds() >= LIMITS.maxAgeSeconds + LIMITS.staleIfErrorSeconds) {
        this.#breach(`accepted ${kid}, though the last good key set is ${this.#ageSeconds()} s old`);
      }
      return;
    }
    if (mustBeAccepted) this.#breach(`refused ${kid} as ${verdict}, though the last good key set has it`);
    if (!wasPublished || !this.#published.includes(kid)) return;
    if (verdict === 'unknown_key') this.#checkIsLimit(kid);
    else if (this.#failures === 0) this.#breach(`refused ${kid} as ${verdict}, though nothing failed`);
  }

  /** A key that is published may count as unknown for one reason alone: too many kids were asked for. */
  #checkIsLimit(kid: string): void {
    const why = this.#unknownKids.findLast((message) => message.kid === kid)?.notAskedBecause;
    if (why !== 'limit') this.#breach(`refused ${kid}, which is published, as unknown: ${why}`);
    if (this.#fetchesForKids < LIMITS.refetchBurst) this.#breach(`refused ${kid} for a limit that was not reached`);
  }

  #surelyHas(kid: string): boolean {
    const age = this.#ageSeconds();
    return (
      this.#lastGood?.kids.has(kid) === true &&
      !this.#isAgeUnknown &&
      age < LIMITS.maxAgeSeconds + LIMITS.staleIfErrorSeconds
    );
  }

  #ageSeconds(): number {
    return this.#lastGood === undefined
      ? Number.POSITIVE_INFINITY
      : (this.#server.issuer.now() - this.#lastGood.at) / 1000;
  }

  #publish(kid: string): void {
    this.#newest = kid;
    this.#published.push(kid);
  }

  /** The key that is rotated in signs until the next one comes, so that later on there would be no tokens of it. */
  async #keepTokens(): Promise<void> {
    const tokens = Array.from({ length: 6 }, () => this.#server.issuer.token(EVERLASTING));
    this.#tokens.set(this.#newest, await Promise.all(tokens));
  }

  #withdraw(pick: number): void {
    // An empty key set counts as an outage, which is another step.
    if (this.#published.length < 2) return;
    const [kid = ''] = this.#published.splice(pick % this.#published.length, 1);
    this.#server.issuer.withdraw(kid);
    this.#withdrawn.push(kid);
  }

  /** Answers as things are when a request comes in, once a step lets the answer go. */
  #hold(document: DocumentName, request: SeenRequest, good: () => Response): Promise<Response> {
    if (document === 'jwks') this.#jwksRequests += 1;
    const outage = this.#outage?.documents.includes(document) ? this.#outage : undefined;
    const response =
      outage === undefined ? this.#respondWell(document, request, good) : respondBadly(outage, request, good);
    response.catch(() => {});
    const keys = { kids: new Set(this.#published), number: this.#jwksRequests };
    return new Promise((resolve) => {
      this.#held.push({
        document,
        signal: request.signal,
        keys: document === 'jwks' && outage === undefined ? keys : undefined,
        answer: () => resolve(response),
      });
    });
  }

  async #respondWell(document: DocumentName, { headers }: SeenRequest, good: () => Response): Promise<Response> {
    if (document === 'metadata' || !this.#sendsEtag) return good();
    const etag = `"${this.#published.join()}"`;
    if (headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers: { etag } });
    this.#server.jwksHeaders = { etag };
    return good();
  }

  async #answer(pick: number): Promise<void> {
    const waiting = this.#waiting();
    const held = waiting[pick % waiting.length];
    if (held === undefined) return;
    this.#held.splice(this.#held.indexOf(held), 1);
    const { keys } = held;
    if (keys !== undefined && keys.number > (this.#lastGood?.number ?? 0)) await this.#bringKeys(held, keys);
    else held.answer();
    await this.#settleDown();
  }

  async #bringKeys(
    held: Held,
    { kids, number }: { readonly kids: ReadonlySet<string>; readonly number: number },
  ): Promise<void> {
    // Requests may still be answered by the keys from before, until the new ones are in place.
    this.#kidsBefore = this.#lastGood?.kids ?? new Set();
    this.#lastGood = { kids, number, at: this.#server.issuer.now() };
    this.#isAgeUnknown = false;
    this.#failures = 0;
    held.answer();
    const expected = [...kids].sort().join();
    await until(
      () =>
        this.#verifier
          .status()
          .issuers[0]?.keys.map(({ kid }) => kid)
          .sort()
          .join() === expected,
    );
  }

  async #answerAll(): Promise<void> {
    for (let round = 0; round < 20 && this.#waiting().length > 0; round += 1) await this.#answer(0);
  }

  #waiting(): readonly Held[] {
    return this.#held.filter(({ signal }) => signal?.aborted !== true);
  }

  /** Lets time pass, for the clock and for deadlines alike. */
  async #pass(seconds: number): Promise<void> {
    let left = seconds;
    while (left > 0 && vi.getTimerCount() > 0) {
      const chunk = Math.min(left, CHUNK_SECONDS);
      this.#advance(chunk);
      await vi.advanceTimersByTimeAsync(chunk * 1000);
      this.#waitedSeconds += chunk;
      left -= chunk;
      await this.#settleDown();
      const overdue = this.#asked.filter(
        (asked) => asked.verdict === undefined && this.#waitedSeconds - asked.startedAt >= LONGEST_WAIT_SECONDS,
      );
      for (const asked of overdue) await until(() => asked.verdict !== undefined);
    }
    this.#waitedSeconds += left;
    this.#advance(left);
  }

  #advance(seconds: number): void {
    this.#server.issuer.advance(seconds);
    this.#forwardSeconds += seconds;
  }

  #setClock(seconds: number): void {
    this.#server.issuer.advance(seconds);
    if (seconds > 0) this.#forwardSeconds += seconds;
    else this.#isWaitUnknown = true;
    if (this.#ageSeconds() < 0) this.#isAgeUnknown = true;
  }

  #onFailure(): void {
    this.#failures += 1;
    this.#failedAt = this.#server.issuer.now();
    this.#isWaitUnknown = false;
  }

  #onRefresh({ cause }: DiagnosticsMessages['scopegate:refresh']): void {
    if (cause === 'unknown-kid') this.#fetchesForKids += 1;
    if (cause === 'asked') return;
    if (this.#failures > 0 && !this.#isWaitUnknown) {
      const least = Math.min(60, 2 ** (this.#failures - 1)) / 2;
      const waited = (this.#server.issuer.now() - this.#failedAt) / 1000;
      if (waited < least) this.#breach(`asked again ${waited} s after failure ${this.#failures}`);
    }
    const dueAfter = {
      age: LIMITS.maxAgeSeconds,
      empty: LIMITS.maxAgeSeconds + LIMITS.staleIfErrorSeconds,
      'unknown-kid': 0,
    };
    if (!this.#isAgeUnknown && this.#ageSeconds() < dueAfter[cause])
      this.#breach(`asked for ${cause} at ${this.#ageSeconds()} s`);
  }

  #checkFetches(): void {
    const most = LIMITS.refetchBurst + Math.floor(this.#forwardSeconds / LIMITS.refetchEverySeconds);
    if (this.#fetchesForKids > most) this.#breach(`made ${this.#fetchesForKids} fetches for kids, ${most} allowed`);
    // refresh() does not join a fetch that goes on.
    const mayBeTwo = this.#waitedSeconds - this.#lastCallOfRefresh < LONGEST_WAIT_SECONDS;
    if (!mayBeTwo && this.#waiting().length > 1) this.#breach(`made ${this.#waiting().length} requests at once`);
  }

  #breach(what: string): void {
    this.breaches.push(what);
  }

  /** Turns the event loop, and the threads that verify signatures, until nothing goes on any more. */
  async #settleDown(): Promise<void> {
    let before = '';
    for (let calm = 0; calm < 3; ) {
      await new Promise(setImmediate);
      if (this.#asked.some(({ verdict }) => verdict === undefined)) await passThroughThreads();
      const settled = this.#asked.filter(({ verdict }) => verdict !== undefined).length;
      const now = `${settled} ${this.#server.requests.length} ${vi.getTimerCount()}`;
      calm = now === before ? calm + 1 : 0;
      before = now;
    }
  }
}

async function respondBadly(outage: KeyOutage, request: SeenRequest, good: () => Response): Promise<Response> {
  return outage.respond(request, good);
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
