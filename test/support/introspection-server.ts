import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IssuerOptions } from '../../src/index.js';
import type { IntrospectionOptions } from '../../src/issuer/introspection-options.js';
import { answerWell, LoopbackServer } from './loopback-server.js';
import { type Mutation, RawIssuer, type RawIssuerOptions } from './raw-issuer.js';
import { type JsonTexts, toJsonText } from './raw-token.js';

/** Who asks, as far as the question shows it. `proof` is a secret, an assertion or an access token. */
export interface AskingClient {
  readonly method: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'bearer' | 'none';
  readonly id?: string | undefined;
  readonly proof?: string | undefined;
}

/** A question that came to the introspection endpoint. */
export interface Question {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
  readonly client: AskingClient;
}

/** What the server does with a question. `text` is the good answer, signed where that was asked for. */
export type Replying = (res: ServerResponse, text: string, question: Question) => void;

/** How often each endpoint was asked, and anything else. */
export interface IntrospectionHits {
  readonly metadata: number;
  readonly jwks: number;
  readonly introspection: number;
  readonly elsewhere: number;
}

export const SIGNED_ANSWER = 'application/token-introspection+jwt';
const JSON_ANSWER = 'application/json';
const METADATA_PATH = '/.well-known/openid-configuration';
const JWKS_PATH = '/jwks';
const INTROSPECTION_PATH = '/introspect';

/** The client that the server knows. */
export const CLIENT = { clientId: 'api', clientSecret: 'api-secret' };

/** Answers as it should: signed where the question asks for it. */
export const replyWell: Replying = (res, text, { headers }) => {
  res.writeHead(200, { 'content-type': headers.accept === SIGNED_ANSWER ? SIGNED_ANSWER : JSON_ANSWER }).end(text);
};

/**
 * An authorization server over real HTTP that issues opaque tokens and answers for them (RFC 7662, signed by RFC 9701
 * where it is asked to). It signs JWTs too. Each answer, and what becomes of it on its way, is for the test to say.
 */
export class IntrospectionServer extends RawIssuer {
  readonly server: LoopbackServer;
  readonly questions: Question[] = [];
  /** Members of the metadata besides, or in place of, its own. */
  metadata: { readonly [name: string]: unknown } = {};
  /** The members of the key set. */
  published: readonly unknown[];
  reply: Replying = replyWell;
  /** Whether a client may ask. */
  admits: (client: AskingClient) => boolean = ({ id, proof }) =>
    id === CLIENT.clientId && proof === CLIENT.clientSecret;
  readonly #answers = new Map<string, string>();

  private constructor(server: LoopbackServer, options: RawIssuerOptions) {
    super({ issuer: server.origin, ...options });
    this.server = server;
    this.published = [this.jwk];
    server.answer = (req, res) => {
      if (req.url === METADATA_PATH) answerWell(res, JSON.stringify(this.#metadata()), req);
      else if (req.url === JWKS_PATH) answerWell(res, JSON.stringify({ keys: this.published }), req);
      else if (req.url === INTROSPECTION_PATH) void this.#introspect(req, res);
      else res.writeHead(404).end();
    };
  }

  static async open(options: RawIssuerOptions = {}): Promise<IntrospectionServer> {
    const server = new LoopbackServer();
    await server.open();
    return new IntrospectionServer(server, options);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  get endpoint(): string {
    return this.server.origin + INTROSPECTION_PATH;
  }

  /** The options of an issuer that asks here. */
  issuerOptions(changes: Partial<IntrospectionOptions> = {}): IssuerOptions {
    const introspection = { ...CLIENT, ...changes } as IntrospectionOptions;
    return { issuer: this.issuer, introspection, dangerouslyAllowInsecureHttp: true };
  }

  get hits(): IntrospectionHits {
    const count = (path: string) => this.server.paths.filter((seen) => seen === path).length;
    const [metadata, jwks, introspection] = [METADATA_PATH, JWKS_PATH, INTROSPECTION_PATH].map(count) as [
      number,
      number,
      number,
    ];
    return { metadata, jwks, introspection, elsewhere: this.server.paths.length - metadata - jwks - introspection };
  }

  /** Issues an opaque token of the audience and scope that every API here wants; its answer may differ. */
  issue(changes: JsonTexts = {}): string {
    const token = randomBytes(15).toString('hex');
    this.say(token, this.answer(changes));
    return token;
  }

  /** What it says of a good token, with some of it changed. */
  answer(changes: JsonTexts = {}): string {
    const { jti, ...claims } = this.payload;
    return toJsonText({ active: 'true', token_type: '"Bearer"', ...claims, ...changes });
  }

  /** Answers for a token with a text from now on, whatever it is. */
  say(token: string, text: string): void {
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

  #metadata(): object {
    const own = { issuer: this.issuer, jwks_uri: this.issuer + JWKS_PATH, introspection_endpoint: this.endpoint };
    return { ...own, ...this.metadata };
  }

  async #introspect(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const form = new URLSearchParams(Buffer.concat(await req.toArray()).toString());
    const client = readClient(req.headers.authorization, form);
    const question = { method: req.method ?? '', headers: req.headers, form, client };
    this.questions.push(question);
    if (!this.admits(client)) {
      res.writeHead(401, { 'content-type': JSON_ANSWER, 'www-authenticate': 'Basic realm="as"' });
      res.end('{"error":"invalid_client"}');
      return;
    }
    const text = this.#answers.get(form.get('token') ?? '') ?? '{"active":false}';
    this.reply(res, req.headers.accept === SIGNED_ANSWER ? this.signAnswer(text) : text, question);
  }
}

function readClient(authorization: string | undefined, form: URLSearchParams): AskingClient {
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
