import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import type { ScopeSource } from '../issuer/shared-rules.js';
import { url } from '../options/check-url.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { boolean, optional, required, strings } from '../options/readers.js';
import type { JsonObject } from '../protocol/json-object.js';
import { withoutSlash } from '../protocol/without-slash.js';
import { rolesOf } from './roles-of.js';

export interface KeycloakOptions {
  /** The URL of Keycloak for its clients: `https://login.example.com`, with `/auth` at the end before Keycloak 17. */
  readonly url: string;
  /** The realm, as in its URL. */
  readonly realm: string;
  /**
   * Uses the roles of the realm, `realm_access.roles`, as scopes too.
   * @defaultValue `false`
   */
  readonly realmRoles?: boolean;
  /**
   * Uses the roles of these clients, `resource_access`, as scopes too: mostly of the client that represents this API.
   * @defaultValue none
   */
  readonly clientRoles?: string | readonly string[];
}

const EXAMPLE = "{ url: 'https://login.example.com', realm: 'shop' }";
const REALM = /^[\w.~%-]+$/;
const REALM_FIX = "Give its name as it stands in its URL, such as 'shop'.";

const READERS = {
  url: url('https://login.example.com'),
  realm: required(readRealm, REALM_FIX),
  realmRoles: boolean(false),
  clientRoles: optional(strings("Give client ids, such as 'orders-api'.")),
} satisfies ReadersOf<KeycloakOptions>;

/**
 * Creates the issuer of a Keycloak realm: its URL, RS256, `scope`, and roles if the options say so. Roles are those of the
 * user, whatever the client requested. The audience of the verifier must be in `aud`: Keycloak adds it by an audience
 * mapper, or for clients whose roles the user has. A new realm has only `account` in it.
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
  const input = readOptions(options, 'keycloak', `Call keycloak(${EXAMPLE}).`, READERS);
  const { realm, realmRoles, clientRoles = [] } = input;
  const scopesFrom: readonly ScopeSource[] = [
    'scope',
    ...(realmRoles ? [rolesOfRealm] : []),
    ...clientRoles.map(rolesOfClient),
  ];

  return Object.freeze({
    issuer: `${withoutSlash(input.url)}/realms/${realm}`,
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze(scopesFrom),
  });
}

function readRealm(value: unknown, path: string): string {
  if (typeof value === 'string' && REALM.test(value)) return value;
  throw new ConfigurationError(path, `is ${describeValue(value)}.`, REALM_FIX);
}

function rolesOfRealm(claims: JsonObject): readonly string[] {
  return rolesIn(claims['realm_access']);
}

function rolesOfClient(clientId: string): (claims: JsonObject) => readonly string[] {
  return (claims) => rolesIn(memberOf(claims['resource_access'], clientId));
}

function rolesIn(access: unknown): readonly string[] {
  return rolesOf(memberOf(access, 'roles'));
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as JsonObject)[name];
}
