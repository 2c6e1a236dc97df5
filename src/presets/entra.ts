import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { boolean, oneOf, optional, required, strings } from '../options/readers.js';

export interface EntraOptions {
  /** The ids of the tenants whose tokens are accepted. `common`, which accepts all, is refused. */
  readonly tenants: string | readonly string[];
  /**
   * The form of the tokens, by their `ver`. The registration of the API decides it
   * (`requestedAccessTokenVersion`: 1 or null for `1.0`, 2 for `2.0`), whatever endpoint the client uses.
   * @defaultValue both
   */
  readonly version?: '1.0' | '2.0';
  /**
   * Uses the claim `roles` as scopes too: application permissions of a daemon, which has no `scp`; app roles of a user,
   * whatever the client requested.
   * @defaultValue `true`
   */
  readonly roles?: boolean;
}

type Version = NonNullable<EntraOptions['version']>;

const VERSIONS: readonly Version[] = ['1.0', '2.0'];
const TENANT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SHARED_AUTHORITIES = ['common', 'organizations', 'consumers'];
const TENANTS_FIX = "Give tenant IDs, such as '72f988bf-86f1-41af-91ab-2d7cd011db47'.";

const READERS = {
  tenants: required(readTenants, TENANTS_FIX),
  version: optional(oneOf(VERSIONS, "Give '1.0' or '2.0', or leave it out for both.")),
  roles: boolean(true),
} satisfies ReadersOf<EntraOptions>;

/**
 * Creates the issuers of Microsoft Entra ID for an allow-list of tenants, one for each tenant and version: names on
 * `sts.windows.net` (1.0) and on `login.microsoftonline.com` (2.0), each with the metadata of its own tenant, RS256,
 * `scp` and `roles`. The audience of the verifier is the id of the API in tokens of version 2.0, its id or its
 * `api://` URI in those of version 1.0.
 *
 * @example
 * ```ts
 * import { entra } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: entra({ tenants: '72f988bf-86f1-41af-91ab-2d7cd011db47' }),
 *   audience: '11111111-2222-3333-4444-555555555555',
 * });
 * ```
 *
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference
 * @throws {ConfigurationError}
 */
export function entra(options: EntraOptions): readonly DiscoveredIssuer[] {
  const { tenants, version, roles } = readOptions(options, 'entra', "Call entra({ tenants: ['...'] }).", READERS);
  const versions = version === undefined ? VERSIONS : [version];
  const rules = {
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze(roles ? ['scp', 'roles'] : ['scp']),
  };
  const issuers = tenants.flatMap((tenant) => versions.map((version) => ({ ...locate(tenant, version), ...rules })));
  return Object.freeze(issuers.map((issuer) => Object.freeze(issuer)));
}

function locate(tenant: string, version: Version): Pick<DiscoveredIssuer, 'issuer' | 'metadataUrl'> {
  const authority = `https://login.microsoftonline.com/${tenant}`;
  if (version === '2.0') return { issuer: `${authority}/v2.0` };
  const metadataUrl = `${authority}/.well-known/openid-configuration`;
  return { issuer: `https://sts.windows.net/${tenant}/`, metadataUrl };
}

/** Ids are in lower case in `iss`. */
function readTenants(value: unknown, path: string): readonly string[] {
  const tenants = strings(TENANTS_FIX)(value, path).map((tenant) => tenant.toLowerCase());
  for (const tenant of tenants) {
    if (TENANT_ID.test(tenant)) continue;
    const problem = SHARED_AUTHORITIES.includes(tenant)
      ? `holds ${describeValue(tenant)}, under which anybody with a Microsoft account can get tokens.`
      : `holds ${describeValue(tenant)}, which is not a tenant ID.`;
    throw new ConfigurationError(path, problem, TENANTS_FIX);
  }
  return [...new Set(tenants)];
}
