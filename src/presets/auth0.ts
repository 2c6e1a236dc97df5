import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { host } from '../options/check-url.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { boolean } from '../options/readers.js';

/** The options of `auth0`. */
export interface Auth0Options {
  /** The domain of the tenant, or a custom one, whichever the tokens are issued under: `tenant.eu.auth0.com`. */
  readonly domain: string;
  /**
   * Takes the claim `permissions` for scopes too: what the user may do by role, whatever the client asked for. For
   * APIs with "Enable RBAC" and "Add Permissions in the Access Token".
   * @defaultValue `false`
   */
  readonly permissions?: boolean;
}

const EXAMPLE = 'tenant.eu.auth0.com';
const READERS = { domain: host(EXAMPLE), permissions: boolean(false) } satisfies ReadersOf<Auth0Options>;

/**
 * Makes the issuer of an Auth0 tenant: its name with the slash at the end, the algorithms with public keys that an
 * API can be set to, and `scope`. The audience of the verifier is the identifier of the API. A client that asks
 * for no audience gets a token that is for Auth0 alone, and is refused.
 *
 * @example
 * ```ts
 * import { auth0 } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: auth0({ domain: 'tenant.eu.auth0.com' }),
 *   audience: 'https://orders.example.com',
 * });
 * ```
 *
 * @see https://auth0.com/docs/secure/tokens/access-tokens/validate-access-tokens
 * @see https://auth0.com/docs/get-started/applications/signing-algorithms
 * @see https://auth0.com/docs/get-started/apis/enable-role-based-access-control-for-apis
 * @throws {ConfigurationError}
 */
export function auth0(options: Auth0Options): DiscoveredIssuer {
  const fix = `Call auth0({ domain: '${EXAMPLE}' }).`;
  const { domain, permissions } = readOptions(options, 'auth0', fix, READERS);

  return Object.freeze({
    issuer: `https://${domain}/`,
    algorithms: Object.freeze(['RS256', 'RS512', 'PS256'] as const),
    scopesFrom: Object.freeze(permissions ? ['scope', 'permissions'] : ['scope']),
  });
}
