import { browseTo } from './browser.js';
import {
  type ClientRegistration,
  type Fields,
  postAs,
  REDIRECT_URI,
  requestByCode,
  requestByCredentials,
  type Tokens,
} from './client.js';
import { startServer } from './servers.js';

const redirectUris = [REDIRECT_URI];

export const WEB = { id: '480546', secret: 'web-secret', redirectUris };
export const SPA = { id: '200002', redirectUris };
export const HMAC = { id: '300003', secret: 'the-secret-of-an-app-that-signs-with-it', alg: 'HS256', redirectUris };
export const HYBRID = {
  id: 'hybrid',
  secret: 'hybrid-secret',
  responseTypes: ['code id_token', 'id_token token'],
  redirectUris,
};
export const MACHINE = { id: 'machine', secret: 'machine-secret', scope: ['read'] };
export const OTHER = { id: 'other', secret: 'other-secret', scope: ['read'] };
/** The API: it may introspect, and names the apps that it serves, as the server wants by default. */
export const API = { id: 'api', secret: 'api-secret', scope: ['token_introspection', WEB.id, SPA.id] };
/** An API whose secret a Basic header would have to encode. */
export const ODD = { id: 'odd', secret: 'p%C3%A4ss+w&rd=~*x', scope: ['token_introspection'] };
/** A client that may not introspect. */
export const STRANGER = { id: 'stranger', secret: 'stranger-secret', scope: ['read'] };

const PERSON = { username: 'alice', password: 'wonderland' };
const CLIENTS = [WEB, SPA, HMAC, HYBRID, MACHINE, OTHER, API, ODD, STRANGER];

/** What the program of the server reads. */
export interface DjangoOidcSettings {
  readonly siteUrl?: string;
  readonly responseScope?: boolean;
  readonly validateAudienceScope?: boolean;
  readonly tokenExpire?: number;
  readonly idTokenExpire?: number;
}

/** The settings that an API with scopes needs. */
export const OPEN: DjangoOidcSettings = { responseScope: true, validateAudienceScope: false };

/** The stand-in for a Django OIDC Provider, running. */
export class DjangoOidcProvider {
  readonly origin: string;

  private constructor(origin: string) {
    this.origin = origin;
  }

  static async start(settings: DjangoOidcSettings = OPEN): Promise<DjangoOidcProvider> {
    return new DjangoOidcProvider(await startServer('django-oidc-provider.mjs', { clients: CLIENTS, ...settings }));
  }

  get issuer(): string {
    return `${this.origin}/openid`;
  }

  byCredentials(client: ClientRegistration, fields: Fields = {}): Promise<Tokens> {
    return requestByCredentials(`${this.issuer}/token`, client, fields);
  }

  byCode(client: ClientRegistration, scope = 'openid read', fields: Fields = {}): Promise<Tokens> {
    const endpoints = { authorize: `${this.issuer}/authorize`, token: `${this.issuer}/token` };
    return requestByCode(endpoints, client, { scope, ...fields }, PERSON);
  }

  /** What comes in the fragment of a hybrid flow, without a nonce unless the fields have one. */
  async byFragment(client: ClientRegistration, responseType: string, fields: Fields = {}): Promise<Fields> {
    const query = { client_id: client.id, redirect_uri: REDIRECT_URI, response_type: responseType };
    const parameters = new URLSearchParams({ ...query, scope: 'openid read', ...fields });
    const back = await browseTo(REDIRECT_URI, `${this.issuer}/authorize?${parameters}`, PERSON);
    return Object.fromEntries(new URLSearchParams(back.hash.slice(1)));
  }

  async refresh(client: ClientRegistration, refreshToken: string): Promise<Tokens> {
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const response = await postAs(`${this.issuer}/token`, client, fields);
    return (await response.json()) as Tokens;
  }

  introspect(client: ClientRegistration, token: string): Promise<Response> {
    return postAs(`${this.issuer}/introspect`, client, { token });
  }

  /** Does what its admin can do. */
  async command(name: string, fields: Fields = {}): Promise<void> {
    const body = new URLSearchParams(fields);
    const { status } = await fetch(`${this.origin}/test/${name}`, { method: 'POST', body });
    if (status !== 204) throw new Error(`${name} answered ${status}`);
  }
}
