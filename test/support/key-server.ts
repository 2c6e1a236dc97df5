import type { VerifierOptions } from '../../src/index.js';
import { createTestIssuer, type TestIssuer, type TestIssuerOptions } from '../../src/testing/index.js';

export type DocumentName = 'metadata' | 'jwks';

/** A request as the server saw it. */
export interface SeenRequest {
  readonly document: DocumentName | 'elsewhere';
  readonly url: string;
  readonly headers: Headers;
  readonly signal: AbortSignal | undefined;
}

/** Answers a request. `good` is what the server says when nothing is wrong with it. */
export type Responder = (request: SeenRequest, good: () => Response) => Response | Promise<Response>;

/** A request that waits for its answer. */
export interface HeldRequest {
  readonly request: SeenRequest;
  /** Answers as the server was when the request came in; or in another way. */
  release(respond?: Responder): void;
}

export interface KeyServerOptions extends TestIssuerOptions {
  /** Where the key set is. */
  readonly jwksUri?: string;
}

/** Answers as it should. */
export const good: Responder = (_, answer) => answer();

/**
 * The two documents of an authorization server, with real keys and tokens, in the hands of a test: each can be
 * held back, broken or moved, and every request is counted. Nothing leaves the process.
 */
export class KeyServer {
  readonly issuer: TestIssuer;
  /** Every request, in the order in which they came. */
  readonly requests: SeenRequest[] = [];
  /** Where the key set is, and what the metadata says about it. */
  jwksUri: string;
  /** Who the metadata says it belongs to. */
  metadataIssuer: string;
  /** Places of the metadata. */
  metadataUrls: readonly string[];
  /** Members of the key set besides the keys of the issuer, before them. */
  extraKeys: readonly unknown[] = [];
  /** Headers of every good answer with the key set. */
  jwksHeaders: Readonly<Record<string, string>> = {};
  readonly #elsewhere = new Map<string, () => Response>();
  readonly #responders: Record<DocumentName, Responder> = { metadata: good, jwks: good };

  private constructor(issuer: TestIssuer, jwksUri: string) {
    this.issuer = issuer;
    this.jwksUri = jwksUri;
    this.metadataIssuer = issuer.issuer;
    this.metadataUrls = [`${issuer.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`];
  }

  static async create({ jwksUri, ...options }: KeyServerOptions = {}): Promise<KeyServer> {
    const issuer = await createTestIssuer(options);
    return new KeyServer(issuer, jwksUri ?? issuer.jwksUri);
  }

  /** For `createVerifier`. */
  get verifierOptions() {
    const { issuer, audience, clock } = this.issuer.verifierOptions;
    return { issuer, audience, clock, fetch: this.fetch } satisfies VerifierOptions;
  }

  /** How often each document was asked for. */
  get hits(): Readonly<Record<SeenRequest['document'], number>> {
    const count = (name: SeenRequest['document']) => this.requests.filter(({ document }) => document === name).length;
    return { metadata: count('metadata'), jwks: count('jwks'), elsewhere: count('elsewhere') };
  }

  /** Answers a document in this way from now on. */
  answer(document: DocumentName, respond: Responder): void {
    this.#responders[document] = respond;
  }

  /** Answers at another place too, where a key set once was. */
  placeElsewhere(url: string, respond: () => Response): void {
    this.#elsewhere.set(url, respond);
  }

  /** Answers both as they should from now on. */
  recover(): void {
    this.answer('metadata', good);
    this.answer('jwks', good);
  }

  /** Keeps every request for a document waiting from now on. Gives the list of those that wait. */
  hold(document: DocumentName): HeldRequest[] {
    const held: HeldRequest[] = [];
    this.answer(document, (request, answer) => {
      const answerNow = answer();
      return new Promise((resolve) => {
        held.push({ request, release: (respond = () => answerNow) => resolve(respond(request, answer)) });
      });
    });
    return held;
  }

  /** Gives up on an abort, as the real one does. */
  readonly fetch: typeof fetch = async (input, init) => {
    const url = String(input);
    const signal = init?.signal ?? undefined;
    const request = { document: this.#documentAt(url), url, headers: new Headers(init?.headers), signal };
    this.requests.push(request);
    const answered = Promise.resolve(this.#respond(request));
    return signal === undefined ? answered : Promise.race([answered, rejectOnAbort(signal)]);
  };

  #documentAt(url: string): SeenRequest['document'] {
    if (url === this.jwksUri) return 'jwks';
    return this.metadataUrls.includes(url) ? 'metadata' : 'elsewhere';
  }

  async #respond(request: SeenRequest): Promise<Response> {
    const { document } = request;
    if (document === 'elsewhere')
      return this.#elsewhere.get(request.url)?.() ?? new Response('Not Found', { status: 404 });
    const answer = document === 'metadata' ? () => this.#metadata() : () => this.#jwks();
    return this.#responders[document](request, answer);
  }

  #metadata(): Response {
    return Response.json({ issuer: this.metadataIssuer, jwks_uri: this.jwksUri });
  }

  #jwks(): Response {
    const keys = [...this.extraKeys, ...this.issuer.jwks.keys];
    return Response.json({ keys }, { headers: this.jwksHeaders });
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

// Only a test that fails waits that long.
const PATIENCE_MS = 15_000;

/** Lets the event loop turn until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (performance.now() < giveUpAt) {
    if (isSo()) return;
    await new Promise(setImmediate);
  }
  throw new Error(`it is still not so: ${isSo}`);
}

/** Puts several servers behind one `fetch`, each at its own host. What is meant for none goes to `strays`. */
export function fetchFrom(servers: readonly KeyServer[], strays: string[] = []): typeof fetch {
  return async (input, init) => {
    const { origin } = new URL(String(input));
    const server = servers.find(({ issuer }) => new URL(issuer.issuer).origin === origin);
    if (server !== undefined) return server.fetch(input, init);
    strays.push(String(input));
    return new Response('Not Found', { status: 404 });
  };
}

/** Makes servers of that many issuers with keys of their own, all of the same `kid`, on one clock. */
export async function createKeyServers(count: number): Promise<KeyServer[]> {
  const startAt = Date.now();
  return Promise.all(
    Array.from({ length: count }, (_, i) => KeyServer.create({ issuer: `https://issuer-${i}.test`, startAt })),
  );
}
