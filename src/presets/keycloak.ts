import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import type { ScopeSource } from '../issuer/shared-rules.js';
import { describeValue, readBoolean, readStrings } from '../options/option-reader.js';
import { ConfigurationError } from '../protocol/errors.js';
import { readPresetOptions, readUrl, rolesOf, withoutSlash } from './preset-options.js';

/** The options of `keycloak`. */
export interface KeycloakOptions {
  /** Where Keycloak is for its clients: `https://login.example.com`, with `/auth` at the end before Keycloak 17. */
  readonly url: string;
  /** The realm, as it stands in its URL. */
  readonly realm: string;
  /**
   * Takes the roles of the realm, `realm_access.roles`, for scopes too.
   * @defaultValue `false`
   */
  readonly realmRoles?: boolean;
  /**
   * Takes the roles of these clients, `resource_access`, for scopes too: mostly of the client that stands for this API.
   * @defaultValue none
   */
  readonly clientRoles?: string | readonly string[];
}

type Claims = { readonly [name: string]: unknown };

const OPTION_NAMES = [
  'url',
  'realm',
  'realmRoles',
  'clientRoles',
] as const satisfies readonly (keyof KeycloakOptions)[];
const EXAMPLE = "{ url: 'https://login.example.com', realm: 'shop' }";
const REALM = /^[\w.~%-]+$/;

/**
 * Makes the issuer of a Keycloak realm: its URL, RS256, `scope`, and roles where they are asked for. Roles are the
 * user's, whatever the client asked for. The audience of the verifier must be in `aud`, where Keycloak puts it by an
 * audience mapper, or for clients that the user has roles of; a new realm names `account` there and nothing else.
 *
 * @example
 * ```ts
 * import { keycloak } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: keycloak({ url: 'https://login.example.com', realm: 'shop' }),
 *   audience: 'orders-api',
 * });
 * ```
 *
 * @see https://www.keycloak.org/securing-apps/oidc-layers
 * @throws {ConfigurationError}
 */
export function keycloak(options: KeycloakOptions): DiscoveredIssuer {
  const given = readPresetOptions(options, OPTION_NAMES, 'keycloak', EXAMPLE);
  const url = withoutSlash(readUrl(given['url'], 'keycloak.url', 'https://login.example.com'));
  const realm = readRealm(given['realm']);
  const clients = readClients(given['clientRoles']);
  const realmRoles = readBoolean(given, 'realmRoles', 'keycloak') ?? false;
  const scopesFrom: readonly ScopeSource[] = [
    'scope',
    ...(realmRoles ? [rolesOfRealm] : []),
    ...clients.map(rolesOfClient),
  ];
  return Object.freeze({
    issuer: `${url}/realms/${realm}`,
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze(scopesFrom),
  });
}

function readRealm(given: unknown): string {
  if (typeof given === 'string' && REALM.test(given)) return given;
  const problem = given === undefined ? 'is missing.' : `is ${describeValue(given)}.`;
  throw new ConfigurationError('keycloak.realm', problem, "Give its name as it stands in its URL, such as 'shop'.");
}

function readClients(given: unknown): readonly string[] {
  if (given === undefined) return [];
  return readStrings(given, 'keycloak.clientRoles', "Give client ids, such as 'orders-api'.");
}

function rolesOfRealm(claims: Claims): readonly string[] {
  return rolesIn(claims['realm_access']);
}

function rolesOfClient(clientId: string): (claims: Claims) => readonly string[] {
  return (claims) => rolesIn(memberOf(claims['resource_access'], clientId));
}

function rolesIn(access: unknown): readonly string[] {
  return rolesOf(memberOf(access, 'roles'));
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Claims)[name];
}
