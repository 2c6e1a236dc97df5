import { generateKeyPairSync } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { listen, type RunningServer } from './listen.js';

/** The API of this demonstration, and another one that trusts the same authorization server. */
export const ORDERS_API = 'https://orders.example.com';
export const ARCHIVE_API = 'https://archive.example.com';

export interface Client {
  readonly id: string;
  readonly secret: string;
  readonly scope: string;
}

/** May read orders. */
export const DASHBOARD: Client = { id: 'dashboard', secret: 'dashboard-secret', scope: 'orders:read' };
/** May read and write orders. */
export const MANAGER: Client = { id: 'manager', secret: 'manager-secret', scope: 'orders:read orders:write' };

export const TOKEN_LIFETIME_SECONDS = 600;

export interface AuthorizationServer {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  close(): Promise<void>;
}

/** The parts of oidc-provider that are used here; it has no types of its own. */
export interface OidcProvider {
  readonly Provider: new (
    issuer: string,
    configuration: object,
  ) => { callback(): RequestListener; on(event: 'server_error', listener: (ctx: unknown, error: Error) => void): void };
  readonly errors: { readonly InvalidTarget: new (description: string) => Error };
}

const OIDC_PROVIDER: string = 'oidc-provider';

/** Starts the authorization server of this demonstration. */
export function startAuthorizationServer(): Promise<AuthorizationServer> {
  return startOidcProvider(createConfiguration);
}

/** Starts a real authorization server (oidc-provider) on a free loopback port. */
export async function startOidcProvider(
  configure: (errors: OidcProvider['errors']) => object,
): Promise<AuthorizationServer> {
  const server = createServer();
  const running: RunningServer = await listen(server, 0);
  const provider = await withoutKnownWarnings(async () => {
    const { Provider, errors }: OidcProvider = await import(OIDC_PROVIDER);
    return new Provider(running.origin, configure(errors));
  });
  provider.on('server_error', (_, error) => console.error(error));
  server.on('request', provider.callback());
  return { issuer: running.origin, tokenEndpoint: `${running.origin}/token`, close: running.close };
}

function createConfiguration(errors: OidcProvider['errors']): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
    clients: [DASHBOARD, MANAGER].map(({ id, secret, scope }) => ({
      client_id: id,
      client_secret: secret,
      scope,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
    })),
    cookies: { keys: ['not used: nobody signs in here'] },
    scopes: ['orders:read', 'orders:write'],
    ttl: { ClientCredentials: TOKEN_LIFETIME_SECONDS },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      // RFC 8707: the client says in `resource` for which API it wants a token. Without it, tokens are opaque.
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo(_: unknown, resource: string) {
          if (resource !== ORDERS_API && resource !== ARCHIVE_API) throw new errors.InvalidTarget('unknown resource');
          return {
            audience: resource,
            scope: 'orders:read orders:write',
            accessTokenFormat: 'jwt',
            accessTokenTTL: TOKEN_LIFETIME_SECONDS,
            jwt: { sign: { alg: 'ES256' } },
          };
        },
      },
    },
  };
}

const KNOWN_WARNINGS = [
  'oidc-provider WARNING: Unsupported runtime.',
  'oidc-provider WARNING: a quick start development-only in-memory adapter is used',
];

/** oidc-provider warns of older Node.js, where it works, and of its memory store, which is right for a demonstration. */
async function withoutKnownWarnings<T>(start: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = (...told: unknown[]) => {
    if (!KNOWN_WARNINGS.some((known) => String(told[0]).includes(known))) warn(...told);
  };
  try {
    return await start();
  } finally {
    console.warn = warn;
  }
}
