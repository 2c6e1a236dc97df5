import { type ClientRegistration, type Fields, requestByCode, requestByCredentials, type Tokens } from './client.js';
import { debianModules, startServer } from './servers.js';

export const DJANGO_OAUTH_TOOLKIT = debianModules(['oauth2_provider'], 'python3-django-oauth-toolkit');

export const MACHINE = { id: 'machine', secret: 'machine-secret' };
export const OTHER = { id: 'other', secret: 'other-secret' };
export const WEB = { id: 'web', secret: 'web-secret' };
export const SPA = { id: 'spa' };
/** The resource server. Its secret holds what form encoding is for. */
export const API = { id: 'api', secret: '100% a+b/c: d=e&f' };

/** What the program of the server reads. */
export interface DotSettings {
  readonly jwt?: boolean;
  readonly nameless?: boolean;
  readonly timeZone?: string;
}

/** A Django OAuth Toolkit that runs. */
export class DjangoOAuthToolkit {
  readonly origin: string;

  private constructor(origin: string) {
    this.origin = origin;
  }

  static async start(settings: DotSettings = {}) {
    return new DjangoOAuthToolkit(await startServer('django_oauth_toolkit.py', settings));
  }

  get issuer(): string {
    return `${this.origin}/o`;
  }

  get metadataUrl(): string {
    return `${this.issuer}/.well-known/openid-configuration/`;
  }

  get introspectionEndpoint(): string {
    return `${this.issuer}/introspect/`;
  }

  get tokenEndpoint(): string {
    return `${this.issuer}/token/`;
  }

  byCredentials(client: ClientRegistration, scope = 'read'): Promise<Tokens> {
    return requestByCredentials(this.tokenEndpoint, client, { scope });
  }

  byCode(client: ClientRegistration, fields: Fields): Promise<Tokens> {
    const endpoints = { authorize: `${this.issuer}/authorize/`, token: this.tokenEndpoint };
    return requestByCode(endpoints, client, fields, { username: 'alice', password: 'wonderland' });
  }

  /** Makes a new signing key, beside the old one. */
  async rotate(): Promise<void> {
    await this.#command('rotate');
  }

  /** Withdraws the old signing key. */
  async retire(): Promise<void> {
    await this.#command('retire');
  }

  async #command(name: string): Promise<void> {
    const { status } = await fetch(`${this.origin}/test/${name}`, { method: 'POST' });
    if (status !== 204) throw new Error(`${name} answered ${status}`);
  }
}
