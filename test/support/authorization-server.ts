import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IssuerOptions } from '../../src/index.js';
import type { IntrospectionOptions } from '../../src/issuer/introspection-options.js';
import { type Answering, answerWell, LoopbackServer } from './loopback-server.js';
import { type Mutation, RawIssuer, type RawIssuerOptions } from './raw-issuer.js';
import { type JsonTexts, toJsonText } from './raw-token.js';

/** Who introspects, as far as the request shows it. `proof` is a secret, an assertion or an access token. */
export interface IntrospectingClient {
  readonly method: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'bearer' | 'none';
  readonly id?: string | undefined;
  readonly proof?: string | undefined;
}

/** A request that came to the introspection endpoint. */
export interface IntrospectionRequest {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
  readonly client: IntrospectingClient;
}

/** What the server does with such a request. `text` is the good answer, signed where that was asked for. */
export type IntrospectionAnswering = (res: ServerResponse, text: string, request: IntrospectionRequest) => void;

/** How often each endpoint was requested, and anything else. */
export interface AuthorizationServerHits {
  readonly metadata: number;
  readonly jwks: number;
  readonly introspection: number;
  readonly elsewhere: number;
}

/** No request came at all. */
export const NO_HITS: AuthorizationServerHits = { metadata: 0, jwks: 0, introspection: 0, elsewhere: 0 };

/** The media type of a signed answer (RFC 9701 §5). */
export const SIGNED_ANSWER = 'application/token-introspection+jwt';
const JSON_ANSWER = 'application/json';
const METADATA_PATH = '/.well-known/openid-configuration';
const JWKS_PATH = '/jwks';
const INTROSPECTION_PATH = '/introspect';

/** The client that the server knows. */
export const CLIENT = { clientId: 'api', clientSecret: 'api-secret' };

/** Answers as it should: signed where the request asks for it. */
export const answerIntrospectionWell: IntrospectionAnswering = (res, text, { headers }) => {
  res.writeHead(200, { 'content-type': headers.accept === SIGNED_ANSWER ? SIGNED_ANSWER : JSON_ANSWER }).end(text);
};

/**
 * An authorization server over real HTTP: metadata, a key set, introspection (RFC 7662, signed by RFC 9701 where that
 * is asked for). It signs JWTs of any shape, and issues opaque tokens. What it publishes, what it answers for a token,
 * and what becomes of an answer on the wire is for the test to say.
 */
export class AuthorizationServer extends RawIssuer {
  readonly server: LoopbackServer;
  /** The members of the key set. */
  published: readonly unknown[];
  /** Members of the metadata besides, or in place of, its own. */
  metadata: { readonly [name: string]: unknown } = {};
  answerMetadata: Answering = answerWell;
  answerJwks: Answering = answerWell;
  answerIntrospection: IntrospectionAnswering = answerIntrospectionWell;
  /** Whether a client may introspect. */
  acceptsClient: (client: IntrospectingClient) => boolean = ({ id, proof }) =>
    id === CLIENT.clientId && proof === CLIENT.clientSecret;
  readonly introspections: IntrospectionRequest[] = [];
  readonly #answers = new Map<string, string>();

  private constructor(server: LoopbackServer, options: RawIssuerOptions) {
    super({ issuer: server.origin, ...options });
    this.server = server;
    this.published = [this.jwk];
    server.answer = (req, res) => {
      if (req.url === METADATA_PATH) this.answerMetadata(res, this.#metadata(), req);
      else if (req.url === JWKS_PATH) this.answerJwks(res, JSON.stringify({ keys: this.published }), req);
      else if (req.url === INTROSPECTION_PATH) void this.#introspect(req, res);
      else res.writeHead(404).end();
    };
  }

  /** Starts one. It is closed after the test that runs. */
  static async start(options: RawIssuerOptions = {}): Promise<AuthorizationServer> {
    return new AuthorizationServer(await LoopbackServer.start(), options);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  get jwksUri(): string {
    return this.issuer + JWKS_PATH;
  }

  get endpoint(): string {
    return this.server.origin + INTROSPECTION_PATH;
  }

  get hits(): AuthorizationServerHits {
    const { server } = this;
    const metadata = server.count(METADATA_PATH);
    const jwks = server.count(JWKS_PATH);
    const introspection = server.count(INTROSPECTION_PATH);
    return { metadata, jwks, introspection, elsewhere: server.paths.length - metadata - jwks - introspection };
  }

  /** Answers for its documents as it should from now on. */
  recover(): void {
    this.answerMetadata = answerWell;
    this.answerJwks = answerWell;
  }

  /** The options of an issuer that introspects here. */
  issuerOptions(changes: Partial<IntrospectionOptions> = {}): IssuerOptions {
    const introspection = { ...CLIENT, ...changes } as IntrospectionOptions;
    return { issuer: this.issuer, introspection, dangerouslyAllowInsecureHttp: true };
  }

  /** Issues an opaque token of the audience and scope that every API here wants; its answer may differ. */
  issue(changes: JsonTexts = {}): string {
    const token = randomBytes(15).toString('hex');
    this.setAnswer(token, this.answer(changes));
    return token;
  }

  /** What it says of a good token, with some of it changed. */
  answer(changes: JsonTexts = {}): string {
    const { jti, ...claims } = this.payload;
    return toJsonText({ active: 'true', token_type: '"Bearer"', ...claims, ...changes });
  }

  /** Answers for a token with a text from now on, whatever it is. */
  setAnswer(token: string, text: string): void {
    this.#answers.set(token, text);
  }

  /** Does not know a token any more. */
  revoke(token: string): void {
    this.#answers.delete(token);
  }

  /** Signs an answer (RFC 9701 §5). */
  signAnswer(text: string, mutation: Mutation = {}): string {
    const others = Object.fromEntries(Object.keys(this.payload).map((name) => [name, undefined]));
    const own = {
      iss: JSON.stringify(this.issuer),
      aud: JSON.stringify(CLIENT.clientId),
      iat: String(this.now),
      token_introspection: text,
    };
    return this.token({
      ...mutation,
      header: { typ: '"token-introspection+jwt"', ...mutation.header },
      payload: { ...others, ...own, ...mutation.payload },
    });
  }

  #metadata(): string {
    const own = { issuer: this.issuer, jwks_uri: this.jwksUri, introspection_endpoint: this.endpoint };
    return JSON.stringify({ ...own, ...this.metadata });
  }

  async #introspect(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const form = new URLSearchParams(Buffer.concat(await req.toArray()).toString());
    const client = readClient(req.headers.authorization, form);
    const request = { method: req.method ?? '', headers: req.headers, form, client };
    this.introspections.push(request);
    if (!this.acceptsClient(client)) {
      res.writeHead(401, { 'content-type': JSON_ANSWER, 'www-authenticate': 'Basic realm="as"' });
      res.end('{"error":"invalid_client"}');
      return;
    }
    const text = this.#answers.get(form.get('token') ?? '') ?? '{"active":false}';
    this.answerIntrospection(res, req.headers.accept === SIGNED_ANSWER ? this.signAnswer(text) : text, request);
  }
}

function readClient(authorization: string | undefined, form: URLSearchParams): IntrospectingClient {
  const [scheme, credentials = ''] = authorization?.split(' ') ?? [];
  if (scheme === 'Bearer') return { method: 'bearer', proof: credentials };
  if (scheme === 'Basic') {
    const [id, proof] = Buffer.from(credentials, 'base64').toString().split(':').map(formDecode);
    return { method: 'client_secret_basic', id, proof };
  }
  const id = form.get('client_id') ?? undefined;
  const [secret, assertion] = [form.get('client_secret'), form.get('client_assertion')];
  if (assertion !== null) return { method: 'private_key_jwt', id, proof: assertion };
  return secret === null ? { method: 'none', id } : { method: 'client_secret_post', id, proof: secret };
}

/** RFC 6749 §2.3.1: id and secret are form-encoded. */
function formDecode(text: string): string {
  return new URLSearchParams(`x=${text}`).get('x') ?? '';
}
