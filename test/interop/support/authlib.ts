import { type ClientRegistration, postAs, requestByCode, requestByCredentials, type Tokens } from './client.js';
import { debianModules, startServer } from './servers.js';

export const AUTHLIB = debianModules(['authlib', 'flask'], 'python3-authlib python3-flask');

export const AUDIENCE = 'https://api.example.test';
export const SHARED_SECRET = 'a secret that the server and the API share';

/** Gets tokens in the form that its id names. */
export const clientFor = (form: string): ClientRegistration => ({ id: form, secret: `${form}-secret` });

/** An Authlib server that runs. */
export class AuthlibServer {
  readonly issuer: string;

  private constructor(issuer: string) {
    this.issuer = issuer;
  }

  /** @param path the path of its issuer, such as `/tenant` */
  static async start(path = ''): Promise<AuthlibServer> {
    return new AuthlibServer(`${await startServer('authlib_server.py', { path })}${path}`);
  }

  byCredentials(form: string, scope = 'read'): Promise<Tokens> {
    return requestByCredentials(`${this.issuer}/token`, clientFor(form), { scope });
  }

  byCode(client: ClientRegistration): Promise<Tokens> {
    const endpoints = { authorize: `${this.issuer}/authorize`, token: `${this.issuer}/token` };
    const answers = { username: 'alice', password: 'wonderland' };
    return requestByCode(endpoints, client, { scope: 'openid read', nonce: 'n' }, answers);
  }

  async revoke(form: string, token: string): Promise<void> {
    const { status } = await postAs(`${this.issuer}/revoke`, clientFor(form), { token });
    if (status !== 200) throw new Error(`the revocation was answered with ${status}`);
  }
}
