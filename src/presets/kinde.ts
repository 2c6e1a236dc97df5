import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import type { ScopeSource } from '../issuer/shared-rules.js';
import { host } from '../options/check-url.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { boolean } from '../options/readers.js';
import type { JsonObject } from '../protocol/json-object.js';
import { rolesOf } from './roles-of.js';

export interface KindeOptions {
  /** The domain of the business: `acme.kinde.com`, or your own if that is in `iss`. */
  readonly domain: string;
  /**
   * Uses `permissions`, which are those of the user, as scopes too.
   * @defaultValue `false`
   */
  readonly permissions?: boolean;
}

const EXAMPLE = 'acme.kinde.com';
const READERS = { domain: host(EXAMPLE), permissions: boolean(false) } satisfies ReadersOf<KindeOptions>;

const readPermissions = (claims: JsonObject) => rolesOf(claims['permissions']);

/**
 * Creates the issuer of a Kinde business: RS256, `scp`, and permissions if the option says so. The audience of the verifier
 * is that of the API, which clients have to ask for: without it, `aud` is empty.
 *
 * @example
 * ```ts
 * import { kinde } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: kinde({ domain: 'acme.kinde.com' }),
 *   audience: 'https://orders.example.com',
 * });
 * ```
 *
 * @see https://docs.kinde.com/build/tokens/about-access-tokens/
 * @see https://docs.kinde.com/build/tokens/verify-access-token/
 * @throws {ConfigurationError}
 */
export function kinde(options: KindeOptions): DiscoveredIssuer {
  const input = readOptions(options, 'kinde', `Call kinde({ domain: '${EXAMPLE}' }).`, READERS);

  return Object.freeze({
    issuer: `https://${input.domain}`,
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze<ScopeSource[]>(input.permissions ? ['scp', readPermissions] : ['scp']),
  });
}
