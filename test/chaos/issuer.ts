import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { AUDIENCE, SCOPE, type Source } from './durations.js';
import type { Document, PublishedKey, Served, Trouble } from './history.js';
import type { IssuerFault } from './issuer-faults.js';

interface SigningKey extends PublishedKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: object;
}

export interface TokenParts {
  readonly header?: object;
  readonly claims?: object;
}

const RSA_OCTETS = 256;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * An authorization server that can fail in every way, and writes down what it answered well, to whom and when. It signs
 * with node:crypto alone.
 */
export class ChaosIssuer {
  readonly served: Served[] = [];
  readonly troubles: Trouble[] = [];
  readonly moves: number[] = [];
  readonly revocations = new Map<string, number>();
  readonly #keys: SigningKey[] = [];
  readonly #opaque = new Map<string, object>();
  readonly #server: Server;
  #port = 0;
  #fault: IssuerFault | undefined;
  #place = 'keys-1';
  #keepsOldPlace = false;
  #kidsAtOldPlace: readonly SigningKey[] = [];
  #manyKeys: readonly object[] = [];

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.keepAliveTimeout = 600_000;
  }

  static async open(): Promise<ChaosIssuer> {
    const issuer = new ChaosIssuer();
    await once(issuer.#server.listen(0, '127.0.0.1'), 'listening');
    issuer.#port = (issuer.#server.address() as AddressInfo).port;
    issuer.publish();
    return issuer;
  }

  get base(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get keys(): ReadonlyMap<string, PublishedKey> {
    return new Map(this.#keys.map((key) => [key.kid, key]));
  }

  kids(isPublished: boolean): readonly string[] {
    return this.#keys.filter(({ withdrawnAt }) => (withdrawnAt === NEVER) === isPublished).map(({ kid }) => kid);
  }

  get newestKid(): string {
    return this.kids(true).at(-1) ?? '';
  }

  /** Adds a key, which signs from now on. */
  publish(): void {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const kid = `key-${this.#keys.length + 1}`;
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' };
    this.#keys.push({ kid, privateKey, jwk, publishedAt: Date.now(), withdrawnAt: NEVER });
  }

  /** Takes the oldest key out. */
  withdraw(): void {
    const oldest = this.#keys.find(({ withdrawnAt }) => withdrawnAt === NEVER);
    if (oldest !== undefined) oldest.withdrawnAt = Date.now();
  }

  /** Publishes a new key in the place of all others. */
  replaceKeys(): void {
    for (const key of this.#keys) key.withdrawnAt = Math.min(key.withdrawnAt, Date.now());
    this.publish();
  }

  /** The key set is elsewhere from now on, with a new key. The old place has the old keys, or nothing. */
  move(keepsOldPlace: boolean): void {
    this.#kidsAtOldPlace = this.#published();
    this.#keepsOldPlace = keepsOldPlace;
    this.#place = `keys-${this.moves.length + 2}`;
    this.moves.push(Date.now());
    this.replaceKeys();
  }

  /** Publishes RSA keys beside the others. Their numbers are drawn, which nobody sees who has no tokens of theirs. */
  publishMany(count: number): void {
    this.#manyKeys = Array.from({ length: count }, (_, index) => {
      const modulus = randomBytes(RSA_OCTETS);
      modulus.writeUInt8(modulus.readUInt8(0) | 0x80, 0);
      modulus.writeUInt8(modulus.readUInt8(RSA_OCTETS - 1) | 1, RSA_OCTETS - 1);
      return {
        kty: 'RSA',
        kid: `many-${index}`,
        alg: 'RS256',
        use: 'sig',
        n: modulus.toString('base64url'),
        e: 'AQAB',
      };
    });
  }

  async fail(fault: IssuerFault): Promise<void> {
    await this.recover();
    const { documents, mayHaveMoved = false } = fault;
    this.#fault = fault;
    this.troubles.push({ from: Date.now(), to: NEVER, documents, mayHaveMoved });
    if (fault.refuses) this.#server.close();
    this.#server.closeAllConnections();
  }

  async recover(): Promise<void> {
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    this.#server.closeAllConnections();
    if (!this.#server.listening) await once(this.#server.listen(this.#port, '127.0.0.1'), 'listening');
    for (const trouble of this.troubles) trouble.to = Math.min(trouble.to, Date.now());
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  nameOf(source: Source): string {
    return `${this.base}/${source}`;
  }

  sign(source: Source, kid: string, { header, claims }: TokenParts = {}): string {
    const key = this.#keys.find((one) => one.kid === kid);
    if (key === undefined) throw new Error(`there is no key ${kid}`);
    const parts = [
      { alg: 'ES256', typ: 'at+jwt', kid, ...header },
      {
        iss: this.nameOf(source),
        jti: randomUUID(),
        client_id: 'shop',
        sub: 'ann',
        aud: AUDIENCE,
        scope: SCOPE,
        ...claims,
      },
    ];
    const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  }

  /** Issues a token that says nothing. */
  issueOpaque(answer: object): string {
    const token = randomBytes(24).toString('base64url');
    this.#opaque.set(token, { active: true, client_id: 'shop', sub: 'ann', aud: AUDIENCE, scope: SCOPE, ...answer });
    return token;
  }

  revoke(token: string): void {
    this.revocations.set(token, Date.now());
    this.#opaque.delete(token);
  }

  #published(): readonly SigningKey[] {
    return this.#keys.filter(({ withdrawnAt }) => withdrawnAt === NEVER);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestedAt = Date.now();
    response.on('error', () => {});
    const form = await text(request).catch(() => undefined);
    if (form === undefined) return;
    const [, source = '', place = ''] = /^\/(discovery|direct|opaque)\/(.+)$/.exec(request.url ?? '') ?? [];
    const found = this.#find(source as Source, place, new URLSearchParams(form).get('token') ?? '');
    if (found === undefined) return void response.writeHead(404).end();

    const body = JSON.stringify(found.body);
    if (this.#fault?.documents.includes(found.document)) return this.#fault.respond(response, body);
    const server = String(request.headers['x-chaos-server']);
    const { document, kids, token, active } = found;
    const known = {
      ...(kids && { kids }),
      ...(token !== undefined && { token }),
      ...(active !== undefined && { active }),
    };
    response.on('finish', () => {
      this.served.push({ server, source: source as Source, document, requestedAt, finishedAt: Date.now(), ...known });
    });
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  }

  #find(source: Source, place: string, token: string): Found | undefined {
    if (place === '.well-known/openid-configuration') return { document: 'metadata', body: this.#metadata(source) };
    if (place === 'introspect') return this.#introspect(token);
    if (place === this.#place || (source === 'direct' && place === 'keys')) return this.#keySet(this.#published());
    return this.#keepsOldPlace && place.startsWith('keys-') ? this.#keySet(this.#kidsAtOldPlace) : undefined;
  }

  #metadata(source: Source): object {
    const issuer = this.nameOf(source);
    return { issuer, jwks_uri: `${issuer}/${this.#place}`, introspection_endpoint: `${issuer}/introspect` };
  }

  #keySet(keys: readonly SigningKey[]): Found {
    const body = { keys: [...this.#manyKeys, ...keys.map(({ jwk }) => jwk)] };
    return { document: 'jwks', body, kids: new Set(keys.map(({ kid }) => kid)) };
  }

  #introspect(token: string): Found {
    const answer = this.#opaque.get(token);
    return { document: 'introspection', body: answer ?? { active: false }, token, active: answer !== undefined };
  }
}

interface Found {
  readonly document: Document;
  readonly body: object;
  readonly kids?: ReadonlySet<string>;
  readonly token?: string;
  readonly active?: boolean;
}
