import { createServer } from 'node:http';
import express from 'express';
import { listen } from '../quickstart/listen.js';
import {
  ALL_SCOPES,
  AUDITOR,
  createSigningKey,
  DASHBOARD,
  NIGHTLY_JOB,
  PEOPLE,
  SCOPES,
  type Secrets,
} from './company.js';
import { createMemoryStore, createProvider, type OidcErrors } from './sign-in/oidc-provider.js';
import { messagePage, type Page, pageHeaders, renderPage, signOutPage } from './sign-in/pages.js';
import { Passwords } from './sign-in/passwords.js';
import { createSignIn } from './sign-in/sign-in.js';

export interface AuthorizationServerOptions {
  /** 0 for any that is free. */
  readonly port: number;
  readonly dashboardOrigin: string;
  readonly secrets: Secrets;
  /** How long access tokens last. @defaultValue 300 */
  readonly accessTokenSeconds?: number;
  /** For the limit on wrong passwords, in milliseconds. @defaultValue Date.now */
  readonly clock?: () => number;
}

export interface AuthorizationServer {
  readonly issuer: string;
  /** Signs with a new key from now on. The one before it stays published, for the tokens that it signed. */
  rotateKeys(): Promise<void>;
  close(): Promise<void>;
}

const REFRESH_TOKEN_SECONDS = 8 * 3600;

/** Starts a real authorization server. Sessions and grants are in the memory of this process. */
export async function startAuthorizationServer(options: AuthorizationServerOptions): Promise<AuthorizationServer> {
  const server = createServer();
  const { origin: issuer, close } = await listen(server, options.port);
  let keys = options.secrets.signingKeys;
  // Whoever is signed in stays so when the key changes.
  const adapter = await createMemoryStore();
  const create = async () => {
    const created = await createProvider(issuer, (errors) => ({ ...configure({ ...options, keys }, errors), adapter }));
    created.on('server_error', (_, error) => console.error(error));
    return created;
  };
  let provider = await create();

  const app = express().disable('x-powered-by');
  app.use(createSignIn(() => provider, new Passwords(options.secrets.passwords, options.clock)));
  app.use((req, res) => provider.callback()(req, res));
  server.on('request', app);
  return {
    issuer,
    async rotateKeys() {
      keys = [createSigningKey(), ...keys].slice(0, 2);
      provider = await create();
    },
    close,
  };
}

type Configured = AuthorizationServerOptions & { readonly keys: Secrets['signingKeys'] };

function configure({ keys, dashboardOrigin, secrets, accessTokenSeconds = 300 }: Configured, errors: OidcErrors) {
  return {
    jwks: { keys },
    clients: createClients(dashboardOrigin, secrets.nightlyJob),
    clientBasedCORS: (_: unknown, origin: string, client: { clientId: string }) =>
      origin === dashboardOrigin && client.clientId === DASHBOARD.id,
    cookies: { keys: [secrets.cookieKey] },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    responseTypes: ['code'],
    pkce: { required: () => true },
    scopes: ['openid', ...ALL_SCOPES],
    claims: { openid: ['sub'], profile: ['name'] },
    findAccount,
    // What the APIs decide by: whose rows, and which role. For a client of its own, its tenant.
    extraTokenClaims: (_: unknown, token: { accountId?: string; clientId: string }) => claimsOf(token),
    // Ends with the session, and is another one after each use.
    issueRefreshToken: (_: unknown, client: { grantTypeAllowed(type: string): boolean }) =>
      client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    ttl: {
      AccessToken: accessTokenSeconds,
      ClientCredentials: accessTokenSeconds,
      IdToken: accessTokenSeconds,
      RefreshToken: REFRESH_TOKEN_SECONDS,
      Session: REFRESH_TOKEN_SECONDS,
      Grant: REFRESH_TOKEN_SECONDS,
      Interaction: 600,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx: Context, form: string) => show(ctx, signOutPage(form), dashboardOrigin),
        postLogoutSuccessSource: (ctx: Context) => show(ctx, messagePage('Signed out', 'You can close this page.')),
      },
      // RFC 8707: a token is for one API, and has that API's scopes only.
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo(_: unknown, api: string) {
          if (!Object.hasOwn(SCOPES, api)) throw new errors.InvalidTarget('unknown resource');
          return {
            audience: api,
            scope: Object.keys(SCOPES[api] ?? {}).join(' '),
            accessTokenFormat: 'jwt',
            accessTokenTTL: accessTokenSeconds,
            jwt: { sign: { alg: 'ES256' } },
          };
        },
      },
    },
    renderError(ctx: Context, { error_description: description = '' }: { error_description?: string }) {
      show(ctx, messagePage('This did not work', `${description || 'The request could not be understood'}.`));
    },
  };
}

function createClients(dashboardOrigin: string, nightlyJobSecret: string): readonly object[] {
  const ofPeople = {
    token_endpoint_auth_method: 'none',
    response_types: ['code'],
    id_token_signed_response_alg: 'ES256',
  };
  return [
    {
      client_id: DASHBOARD.id,
      ...ofPeople,
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [dashboardOrigin + DASHBOARD.callbackPath],
      post_logout_redirect_uris: [`${dashboardOrigin}/`],
      scope: ['openid', 'profile', ...ALL_SCOPES].join(' '),
    },
    {
      client_id: AUDITOR.id,
      ...ofPeople,
      // RFC 8252 §7.3: it listens on any port of the loopback address.
      application_type: 'native',
      grant_types: ['authorization_code'],
      redirect_uris: [AUDITOR.redirectUri],
      scope: `openid ${AUDITOR.scope}`,
    },
    {
      client_id: NIGHTLY_JOB.id,
      client_secret: nightlyJobSecret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
      scope: NIGHTLY_JOB.scope,
    },
  ];
}

/** RFC 7009 §2.1: a client revokes its own tokens. */
function isOwnToken(_: unknown, client: { clientId: string }, token: { clientId: string }): boolean {
  return token.clientId === client.clientId;
}

function claimsOf({ accountId, clientId }: { accountId?: string; clientId: string }): object | undefined {
  const person = PEOPLE.find(({ username }) => username === accountId);
  if (person !== undefined) return { tenant: person.tenant, roles: person.roles };
  return clientId === NIGHTLY_JOB.id ? { tenant: NIGHTLY_JOB.tenant } : undefined;
}

function findAccount(_: unknown, id: string): object | undefined {
  const person = PEOPLE.find(({ username }) => username === id);
  return person && { accountId: id, claims: () => ({ sub: id, name: person.name }) };
}

/** The part of Koa's context that is used here. */
interface Context {
  type: string;
  body: string;
  set(headers: Readonly<Record<string, string>>): void;
}

function show(ctx: Context, page: Page, redirectUri?: string): void {
  ctx.set(pageHeaders(redirectUri));
  ctx.type = 'html';
  ctx.body = renderPage(page);
}
