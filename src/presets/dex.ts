import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { url } from '../options/check-url.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { boolean } from '../options/readers.js';
import type { JsonObject } from '../protocol/json-object.js';
import { rolesOf } from './roles-of.js';

export interface DexOptions {
  /** `issuer` of the configuration of Dex, to the letter: `https://dex.example.com`. */
  readonly issuer: string;
  /**
   * Uses `groups` as scopes. The clients have to ask for the scope `groups`.
   * @defaultValue `false`: its tokens have no scopes
   */
  readonly groups?: boolean;
}

const EXAMPLE = 'https://dex.example.com';
const READERS = { issuer: url(EXAMPLE), groups: boolean(false) } satisfies ReadersOf<DexOptions>;

const BY_GROUPS = Object.freeze([(claims: JsonObject) => rolesOf(claims['groups'])]);

/**
 * Creates the issuer of a Dex: RS256. Its access tokens are ID tokens by their form, for a client: the audience of the
 * verifier is the id of that client, or of this API if its clients ask for the scope `audience:server:client_id:...`. So
 * nothing tells its ID tokens from its access tokens: an ID token of a trusted client is accepted.
 *
 * @example
 * ```ts
 * import { dex } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: dex({ issuer: 'https://dex.example.com', groups: true }),
 *   audience: 'orders-api',
 * });
 * ```
 *
 * @see https://dexidp.io/docs/configuration/tokens/
 * @see https://dexidp.io/docs/configuration/custom-scopes-claims-clients/
 * @throws {ConfigurationError}
 */
export function dex(options: DexOptions): DiscoveredIssuer {
  const { issuer, groups } = readOptions(options, 'dex', `Call dex({ issuer: '${EXAMPLE}' }).`, READERS);

  return Object.freeze({
    issuer,
    algorithms: Object.freeze(['RS256'] as const),
    // They have at_hash, as only ID tokens have elsewhere.
    dangerouslyAcceptAnyTokenKind: true,
    ...(groups && { scopesFrom: BY_GROUPS }),
  });
}
