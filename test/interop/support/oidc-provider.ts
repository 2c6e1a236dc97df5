import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { type JWK, SignJWT } from 'jose';
import {
  type ClientRegistration,
  type Fields,
  postAs,
  requestByCode,
  requestByCredentials,
  type Tokens,
} from './client.js';
import { npmPackage, startServer } from './servers.js';

export const OIDC_PROVIDER = npmPackage('oidc-provider');

export const AUDIENCE = 'https://api.example.test';
export const SHARED_SECRET = 'a secret that the server and the API share';
export const MACHINE = { id: 'machine', secret: 'machine-secret' };
export const WEB = { id: 'web', secret: 'web-secret' };
export const SPA = { id: 'spa' };

/** The algorithms of its JWTs. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** Forms of access tokens, by the resource that is asked for. */
export type Form = 'opaque' | 'other-opaque' | 'other-jwt' | 'HS256' | 'JWE' | (typeof ALGORITHMS)[number];

/** An oidc-provider that runs. */
export class OidcProvider {
  readonly issuer: string;
  /** What the API signs its assertions with, as the client `api-key`. */
  readonly apiKey: KeyObject;

  private constructor(issuer: string, apiKey: KeyObject) {
    this.issuer = issuer;
    this.apiKey = apiKey;
  }

  static async start(): Promise<OidcProvider> {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const apiKey = { ...publicKey.export({ format: 'jwk' }), kid: 'api-key', alg: 'ES256', use: 'sig' };
    return new OidcProvider(await startServer('oidc-provider.mjs', { apiKey }), privateKey);
  }

  get #token(): string {
    return `${this.issuer}/token`;
  }

  byCredentials(form: Form, scope = 'read'): Promise<Tokens> {
    return requestByCredentials(this.#token, MACHINE, { scope, resource: `${AUDIENCE}/${form}` });
  }

  /** Asks for a refresh token too, which takes consent anew. */
  byCode(client: ClientRegistration, form: Form): Promise<Tokens> {
    const scope = 'openid offline_access read';
    return this.#byCode(client, { scope, prompt: 'consent', resource: `${AUDIENCE}/${form}` });
  }

  /** A token for no resource in particular: for the server's own UserInfo endpoint. */
  forUserInfo(client: ClientRegistration): Promise<Tokens> {
    return this.#byCode(client, { scope: 'openid profile' });
  }

  #byCode(client: ClientRegistration, fields: Fields): Promise<Tokens> {
    const endpoints = { authorize: `${this.issuer}/auth`, token: this.#token };
    return requestByCode(endpoints, client, { nonce: 'n', ...fields }, { login: 'alice', password: 'any' });
  }

  /** A token that is bound to a key by a DPoP proof (RFC 9449 §5). */
  async boundToken(form: Form): Promise<Tokens> {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const proof = await new SignJWT({ htm: 'POST', htu: this.#token, jti: randomUUID() })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) as JWK })
      .setIssuedAt()
      .sign(privateKey);
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'read',
      resource: `${AUDIENCE}/${form}`,
    });
    const authorization = `Basic ${Buffer.from('bound:bound-secret').toString('base64')}`;
    const response = await fetch(this.#token, { method: 'POST', headers: { authorization, dpop: proof }, body });
    return (await response.json()) as Tokens;
  }

  async revoke(token: string, client: ClientRegistration = MACHINE): Promise<void> {
    const { status } = await postAs(`${this.issuer}/token/revocation`, client, { token });
    if (status !== 200) throw new Error(`the revocation was answered with ${status}`);
  }
}
