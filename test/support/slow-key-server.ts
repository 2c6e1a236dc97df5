import { EVERLASTING, withHeader } from './clients.js';
import { KEY_OUTAGES, type KeyOutage } from './key-outages.js';
import { type DocumentName, KeyServer, type SeenRequest } from './key-server.js';

/** What a good answer with the key set says, and which request for the key set it answers. */
export interface SentKeys {
  readonly kids: ReadonlySet<string>;
  readonly number: number;
  /** By the clock: milliseconds since the epoch. */
  readonly requestedAt: number;
}

/** An answer that was made when its request came in, and is let go later. */
export interface HeldAnswer {
  readonly signal: AbortSignal | undefined;
  /** Undefined for any answer but a good one with the key set. */
  readonly keys: SentKeys | undefined;
  readonly send: () => void;
}

export type TokenKind = 'newest' | 'older' | 'withdrawn' | 'made-up';

export interface SignedToken {
  readonly kid: string;
  readonly token: string;
  /** Milliseconds since the epoch; undefined for a token without `iat`. */
  readonly issuedAt: number | undefined;
}

// Reading 64 MiB takes its time, and a 304 is a good answer to who sends an ETag.
const OUTAGES = KEY_OUTAGES.filter(({ name }) => !/64 MiB|304/.test(name));
const TOKENS_OF_A_KEY = 6;
const MADE_UP_KIDS = 4;

/** An authorization server that holds every answer back, and keeps tokens of every key that it ever had. */
export class SlowKeyServer {
  readonly server: KeyServer;
  readonly #sendsEtag: boolean;
  readonly #held: HeldAnswer[] = [];
  readonly #tokens = new Map<string, Omit<SignedToken, 'kid'>[]>();
  readonly #published: string[] = [];
  readonly #withdrawn: string[] = [];
  #newest = '';
  #outage: KeyOutage | undefined;
  #jwksRequests = 0;

  private constructor(server: KeyServer, sendsEtag: boolean) {
    this.server = server;
    this.#sendsEtag = sendsEtag;
    for (const document of ['metadata', 'jwks'] as const) {
      server.answer(document, (request, good) => this.#hold(document, request, good));
    }
  }

  static async create(sendsEtag: boolean): Promise<SlowKeyServer> {
    const slow = new SlowKeyServer(await KeyServer.create(), sendsEtag);
    await slow.#publish('es256-1');
    return slow;
  }

  get jwksRequests(): number {
    return this.#jwksRequests;
  }

  /** Answers that can be let go, and that somebody waits for. */
  get waiting(): readonly HeldAnswer[] {
    return this.#held.filter(({ signal }) => signal?.aborted !== true);
  }

  take(held: HeldAnswer): void {
    this.#held.splice(this.#held.indexOf(held), 1);
  }

  publishes(kid: string): boolean {
    return this.#published.includes(kid);
  }

  async rotate(): Promise<void> {
    await this.#publish(await this.server.issuer.rotate());
  }

  withdraw(pick: number): void {
    // An empty key set counts as an outage, which is another step.
    if (this.#published.length < 2) return;
    const [kid = ''] = this.#published.splice(pick % this.#published.length, 1);
    this.server.issuer.withdraw(kid);
    this.#withdrawn.push(kid);
  }

  breakDown(pick: number): void {
    this.#outage = OUTAGES[pick % OUTAGES.length];
  }

  mend(): void {
    this.#outage = undefined;
  }

  /** Gives a token that nobody has seen, if there is one of the kind. */
  async signToken(kind: TokenKind, pick: number): Promise<SignedToken | undefined> {
    // Two tokens of three say when they were issued.
    const token = () => (pick % 3 === 0 ? this.#signWithoutIat() : this.#sign());
    if (kind === 'newest') return { kid: this.#newest, ...(await token()) };
    if (kind === 'made-up') {
      const kid = `made-up-${pick % MADE_UP_KIDS}`;
      const signed = await token();
      return { ...signed, kid, token: withHeader(signed.token, { kid }) };
    }
    const kids = kind === 'older' ? this.#published : this.#withdrawn;
    const kid = kids[pick % kids.length];
    const kept = kid === undefined ? undefined : this.#tokens.get(kid)?.pop();
    return kid === undefined || kept === undefined ? undefined : { kid, ...kept };
  }

  async #signWithoutIat(): Promise<Omit<SignedToken, 'kid'>> {
    return { token: await this.server.issuer.token(EVERLASTING), issuedAt: undefined };
  }

  async #sign(): Promise<Omit<SignedToken, 'kid'>> {
    const iat = Math.floor(this.server.issuer.now() / 1000);
    const claims = { ...EVERLASTING.claims, iat };
    return { token: await this.server.issuer.token({ ...EVERLASTING, claims }), issuedAt: iat * 1000 };
  }

  /** A key signs until the next one comes, so tokens for later are made now. */
  async #publish(kid: string): Promise<void> {
    this.#newest = kid;
    this.#published.push(kid);
    const tokens = Array.from({ length: TOKENS_OF_A_KEY }, (_, i) =>
      i % 2 === 0 ? this.#signWithoutIat() : this.#sign(),
    );
    this.#tokens.set(kid, await Promise.all(tokens));
  }

  #hold(document: DocumentName, request: SeenRequest, good: () => Response): Promise<Response> {
    if (document === 'jwks') this.#jwksRequests += 1;
    const outage = this.#outage?.documents.includes(document) ? this.#outage : undefined;
    const response = this.#respond(document, request, good, outage);
    response.catch(() => {});
    const sent = { kids: new Set(this.#published), number: this.#jwksRequests, requestedAt: this.server.issuer.now() };
    const keys = document === 'jwks' && outage === undefined ? sent : undefined;
    return new Promise((resolve) => {
      this.#held.push({ signal: request.signal, keys, send: () => resolve(response) });
    });
  }

  async #respond(
    document: DocumentName,
    request: SeenRequest,
    good: () => Response,
    outage: KeyOutage | undefined,
  ): Promise<Response> {
    if (outage !== undefined) return outage.respond(request, good);
    if (document === 'metadata' || !this.#sendsEtag) return good();
    const etag = `"${this.#published.join()}"`;
    if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers: { etag } });
    this.server.jwksHeaders = { etag };
    return good();
  }
}
