import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { host } from '../options/check-url.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { boolean } from '../options/readers.js';

export interface Auth0Options {
  /** The domain of the tenant, or the custom domain, if that is in `iss`: `tenant.eu.auth0.com`. */
  readonly domain: string;
  /**
   * Uses the claim `permissions` as scopes too: the permissions of the user's roles, whatever the client requested. For
   * APIs with "Enable RBAC" and "Add Permissions in the Access Token".
   * @defaultValue `false`
   */
  readonly permissions?: boolean;
}

const EXAMPLE = 'tenant.eu.auth0.com';
const READERS = { domain: host(EXAMPLE), permissions: boolean(false) } satisfies ReadersOf<Auth0Options>;

/**
 * Creates the issuer of an Auth0 tenant: its name with a slash at the end, the asymmetric algorithms that an API can have,
 * and `scope`. The audience of the verifier is the identifier of the API. A client that requests no audience gets a token
 * for Auth0 alone, which is refused.
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
