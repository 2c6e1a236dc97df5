import { generateKeyPairSync } from 'node:crypto';
import { type AuthorizationServer, type Client, startOidcProvider } from '../quickstart/authorization-server.js';

export const ORDERS_API = 'https://orders.example.com';

/** Clients that have moved already: they get JWTs. */
export const DASHBOARD: Client = { id: 'dashboard', secret: 'dashboard-secret', scope: 'orders:read' };
export const MANAGER: Client = { id: 'manager', secret: 'manager-secret', scope: 'orders:read migration:read' };
/** A client that still gets opaque tokens. */
export const IMPORTER: Client = { id: 'importer', secret: 'importer-secret', scope: 'orders:read' };
/** The API itself. It gets no tokens; it may ask about those of others. */
export const ORDERS_API_CLIENT = { id: 'orders-api', secret: 'orders-api-secret' };

// Two algorithms, so that the API is seen to care for neither.
const JWT_ALGORITHMS = new Map([
  [DASHBOARD.id, 'RS256'],
  [MANAGER.id, 'ES256'],
]);
const TOKEN_LIFETIME_SECONDS = 600;

/** Starts an authorization server that gives some clients JWTs and others opaque tokens, and introspects the latter. */
export function startMigratingServer(): Promise<AuthorizationServer> {
  return startOidcProvider((errors) => ({
    jwks: { keys: createKeys() },
    clients: createClients(),
    cookies: { keys: ['not used: nobody signs in here'] },
    scopes: ['orders:read', 'migration:read'],
    ttl: { ClientCredentials: TOKEN_LIFETIME_SECONDS },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_: unknown, client: { clientId: string }) => client.clientId === ORDERS_API_CLIENT.id,
      },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo(_: unknown, resource: string, client: { clientId: string }) {
          if (resource !== ORDERS_API) throw new errors.InvalidTarget('unknown resource');
          const alg = JWT_ALGORITHMS.get(client.clientId);
          return {
            audience: resource,
            scope: 'orders:read migration:read',
            accessTokenTTL: TOKEN_LIFETIME_SECONDS,
            ...(alg === undefined
              ? { accessTokenFormat: 'opaque' }
              : { accessTokenFormat: 'jwt', jwt: { sign: { alg } } }),
          };
        },
      },
    },
  }));
}

function createKeys(): readonly object[] {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return [
    { ...rsa.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' },
    { ...ec.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' },
  ];
}

function createClients(): readonly object[] {
  const withoutUsers = { redirect_uris: [], response_types: [] };
  const clients = [DASHBOARD, MANAGER, IMPORTER].map(({ id, secret, scope }) => ({
    client_id: id,
    client_secret: secret,
    scope,
    grant_types: ['client_credentials'],
    ...withoutUsers,
  }));
  const { id, secret } = ORDERS_API_CLIENT;
  return [...clients, { client_id: id, client_secret: secret, grant_types: [], ...withoutUsers }];
}
