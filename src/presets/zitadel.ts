import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import type { ScopeSource } from '../issuer/shared-rules.js';
import { host } from '../options/check-url.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { boolean } from '../options/readers.js';
import type { JsonObject } from '../protocol/json-object.js';
import { rolesOf } from './roles-of.js';

export interface ZitadelOptions {
  /** The domain of the instance: `acme-a1b2c3.zitadel.cloud`, or your own. */
  readonly domain: string;
  /**
   * Uses the roles of the project as scopes too: the names in `urn:zitadel:iam:org:project:roles`.
   * @defaultValue `false`
   */
  readonly roles?: boolean;
}

const EXAMPLE = 'acme-a1b2c3.zitadel.cloud';
const ROLES_CLAIM = 'urn:zitadel:iam:org:project:roles';
const READERS = { domain: host(EXAMPLE), roles: boolean(false) } satisfies ReadersOf<ZitadelOptions>;

/**
 * Creates the issuer of a ZITADEL instance: RS256, `scope`, and roles if the option says so. The audience of the verifier
 * is the id of the project, or the client id of the API. Clients must issue JWTs ("Auth Token Type"), and ask for the scope
 * `urn:zitadel:iam:org:project:id:{project}:aud`. Add `introspection` for opaque tokens.
 *
 * @example
 * ```ts
 * import { zitadel } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: zitadel({ domain: 'acme-a1b2c3.zitadel.cloud', roles: true }),
 *   audience: '170086363054473473',
 * });
 * ```
 *
 * @see https://zitadel.com/docs/apis/openidoauth/claims
 * @see https://zitadel.com/docs/apis/openidoauth/scopes
 * @throws {ConfigurationError}
 */
export function zitadel(options: ZitadelOptions): DiscoveredIssuer {
  const input = readOptions(options, 'zitadel', `Call zitadel({ domain: '${EXAMPLE}' }).`, READERS);

  return Object.freeze({
    issuer: `https://${input.domain}`,
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze<ScopeSource[]>(input.roles ? ['scope', readRoles] : ['scope']),
  });
}

/** The claim is an object: by role, the organizations that granted it. */
function readRoles(claims: JsonObject): readonly string[] {
  const roles = claims[ROLES_CLAIM];
  return typeof roles === 'object' && roles !== null ? rolesOf(Object.keys(roles)) : [];
}
