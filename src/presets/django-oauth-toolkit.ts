import { type IntrospectionOptions, readIntrospection } from '../issuer/introspection-options.js';
import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { url } from '../options/check-url.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { type ReadersOf, type ReadOptions, readOptions } from '../options/option-reader.js';
import { boolean, optional, required, strings } from '../options/readers.js';
import { withoutSlash } from '../protocol/without-slash.js';

export interface DjangoOAuthToolkitOptions {
  /**
   * The URL where it is mounted: `https://login.example.com/o`. It must equal the `iss` of JWTs, with a slash at the end if
   * `OIDC_ISS_ENDPOINT` has one.
   */
  readonly issuer: string;
  /**
   * The credentials of this server at the introspection endpoint: those of a confidential application, or a token with the
   * scope `introspection`. Without it, opaque tokens are refused.
   */
  readonly introspection?: IntrospectionOptions;
  /** The applications whose tokens are accepted. They replace the audience, which its tokens do not have. */
  readonly clientIds: readonly string[];
  /**
   * Whether it has `OIDC_ENABLED`, and with it metadata and keys, which JWTs and UserInfo need. `false` needs `introspection`.
   * @defaultValue `true`
   */
  readonly oidc?: boolean;
  /**
   * Whether it runs with `USE_TZ = False` and a `TIME_ZONE` other than UTC: the `exp` of its responses is then hours off,
   * and is ignored. A token is introspected again after `introspection.cacheSeconds`.
   * @defaultValue `false`
   */
  readonly naiveTimeZone?: boolean;
}

const NAME = 'djangoOAuthToolkit';
const EXAMPLE = "{ issuer: 'https://login.example.com/o', introspection: { ... }, clientIds: ['...'] }";
const INTROSPECTION_FIX = 'Give an object such as { clientId, clientSecret }.';
const CLIENTS_FIX = 'Give the client ids of the applications to accept.';

const READERS = {
  issuer: url('https://login.example.com/o'),
  introspection: optional((value, path) => readIntrospection(value, path, INTROSPECTION_FIX)),
  clientIds: required(strings(CLIENTS_FIX), CLIENTS_FIX),
  oidc: boolean(true),
  naiveTimeZone: boolean(false),
} satisfies ReadersOf<DjangoOAuthToolkitOptions>;

/**
 * Creates the issuer of a Django OAuth Toolkit: its introspection endpoint, which its metadata does not name; its metadata
 * URL with a slash at the end, without which it redirects; RS256, `scope`, and the applications in place of an audience.
 *
 * @example
 * ```ts
 * import { djangoOAuthToolkit } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: djangoOAuthToolkit({
 *     issuer: 'https://login.example.com/o',
 *     introspection: { clientId: 'orders-api', clientSecret },
 *     clientIds: ['dashboard'],
 *   }),
 *   audience: false, // its tokens name none
 * });
 * ```
 *
 * @see https://django-oauth-toolkit.readthedocs.io/en/latest/resource_server.html
 * @see https://django-oauth-toolkit.readthedocs.io/en/latest/oidc.html
 * @throws {ConfigurationError}
 */
export function djangoOAuthToolkit(options: DjangoOAuthToolkitOptions): DiscoveredIssuer {
  const input = readOptions(options, NAME, `Call ${NAME}(${EXAMPLE}).`, READERS);
  const { issuer, clientIds, oidc } = input;
  const base = withoutSlash(issuer);
  const introspection = toIntrospection(input, base);
  if (!oidc && introspection === undefined) {
    throw new ConfigurationError(`${NAME}.introspection`, 'is missing, and oidc is false.', INTROSPECTION_FIX);
  }

  return Object.freeze({
    issuer,
    audience: false,
    clientIds,
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze(['scope']),
    ...(oidc && { metadataUrl: `${base}/.well-known/openid-configuration/` }),
    ...(introspection && { introspection }),
  });
}

function toIntrospection(
  { introspection, naiveTimeZone }: ReadOptions<typeof READERS>,
  base: string,
): IntrospectionOptions | undefined {
  if (introspection === undefined) {
    if (!naiveTimeZone) return undefined;
    throw new ConfigurationError(`${NAME}.naiveTimeZone`, 'is about introspection.', 'Give introspection too.');
  }
  if (naiveTimeZone && 'ignoreExp' in introspection) {
    const fix = 'Leave introspection.ignoreExp out: naiveTimeZone sets it.';
    throw new ConfigurationError(`${NAME}.naiveTimeZone`, 'stands beside introspection.ignoreExp.', fix);
  }

  const { endpoint = `${base}/introspect/` } = introspection;
  const settings = { ...introspection, endpoint, ...(naiveTimeZone && { ignoreExp: true }) };
  // The verifier checks these options, as all others of a preset.
  return Object.freeze(settings as IntrospectionOptions);
}
