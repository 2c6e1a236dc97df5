import { generateKeyPairSync, type JsonWebKey, randomBytes, randomUUID } from 'node:crypto';

/** Who tokens are meant for (`aud`). Names, and not addresses: they stay when a server moves. */
export const ORDERS_API = 'https://orders.company.example';
export const MANAGER_API = 'https://manager.company.example';

const ACCESS = 'See how the servers check access';

/** What can be granted, by API, as the consent page says it. */
export const SCOPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [ORDERS_API]: {
    'orders:read': 'See the orders of your company',
    'orders:write': 'Create and cancel orders',
    'orders:report': 'See the report on all orders',
    'access:read': ACCESS,
  },
  [MANAGER_API]: {
    'staff:read': 'See who works at your company',
    'staff:invite': 'Invite people to your company',
    'access:read': ACCESS,
  },
};

export const ALL_SCOPES = [...new Set(Object.values(SCOPES).flatMap(Object.keys))];

export const TENANTS = ['acme', 'globex'] as const;

export interface Person {
  /** What they sign in with; the subject of their tokens. */
  readonly username: string;
  readonly name: string;
  readonly tenant: (typeof TENANTS)[number];
  readonly roles: readonly ('admin' | 'clerk' | 'operator')[];
}

export const PEOPLE: readonly Person[] = [
  { username: 'ada', name: 'Ada Lind', tenant: 'acme', roles: ['admin'] },
  { username: 'bo', name: 'Bo Berg', tenant: 'acme', roles: ['clerk'] },
  { username: 'cleo', name: 'Cleo Marsh', tenant: 'globex', roles: ['admin'] },
  // Runs the servers for both companies.
  { username: 'otto', name: 'Otto Vik', tenant: 'acme', roles: ['operator'] },
];

/** The machine client, and whose orders it counts. */
export const NIGHTLY_JOB = { id: 'nightly-job', tenant: 'acme', scope: 'orders:read' } as const;
/** The web app: a public client, so it has no secret. What it asks for at first; more when somebody needs it. */
export const DASHBOARD = { id: 'dashboard', callbackPath: '/callback', scope: 'orders:read' } as const;
/** A tool on somebody's own computer that can be granted nothing but reading, whoever signs in with it. */
export const AUDITOR = { id: 'auditor', redirectUri: 'http://127.0.0.1/callback', scope: 'orders:read staff:read' };

/** The first of four ports in a row; 0 stands for any that are free. */
export const DEFAULT_PORT = 4000;

/** What nobody may see. Made at each start, and given to the processes that need it. */
export interface Secrets {
  /** By username. */
  readonly passwords: Readonly<Record<string, string>>;
  readonly nightlyJob: string;
  readonly cookieKey: string;
  /** The first one signs; the others are published for tokens that they have signed. */
  readonly signingKeys: readonly JsonWebKey[];
}

export function createSecrets(): Secrets {
  const random = () => randomBytes(12).toString('base64url');
  return {
    passwords: Object.fromEntries(PEOPLE.map(({ username }) => [username, random()])),
    nightlyJob: random(),
    cookieKey: random(),
    signingKeys: [createSigningKey()],
  };
}

export function createSigningKey(): JsonWebKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'ES256', use: 'sig' };
}
