import type { IntrospectionOptions } from '../issuer/introspection-options.js';
import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { readBoolean, requireObject } from '../options/option-reader.js';
import { ConfigurationError } from '../protocol/errors.js';
import { type PresetInput, readNames, readPresetOptions, readUrl, withoutSlash } from './preset-options.js';

/** The options of `djangoOAuthToolkit`. */
export interface DjangoOAuthToolkitOptions {
  /**
   * Where its URLs are mounted: `https://login.example.com/o`. The `iss` of JWTs to the letter, with a slash at the end
   * where `OIDC_ISS_ENDPOINT` has one.
   */
  readonly issuer: string;
  /**
   * Who this server is to the introspection endpoint: a confidential application, or a token with the scope
   * `introspection`. Without it, opaque tokens are refused.
   */
  readonly introspection?: IntrospectionOptions;
  /** The applications whose tokens are accepted. They stand in for the audience, which tokens do not name. */
  readonly clientIds: readonly string[];
  /**
   * Whether it has `OIDC_ENABLED`, and so metadata and keys, which JWTs and UserInfo need. `false` needs `introspection`.
   * @defaultValue `true`
   */
  readonly oidc?: boolean;
  /**
   * Whether it runs with `USE_TZ = False` and a `TIME_ZONE` other than UTC: the `exp` of its answers is then hours off,
   * and is not looked at. Answers are asked for anew after `introspection.cacheSeconds`.
   * @defaultValue `false`
   */
  readonly naiveTimeZone?: boolean;
}

const OPTION_NAMES = [
  'issuer',
  'introspection',
  'clientIds',
  'oidc',
  'naiveTimeZone',
] as const satisfies readonly (keyof DjangoOAuthToolkitOptions)[];
const NAME = 'djangoOAuthToolkit';
const EXAMPLE = "{ issuer: 'https://login.example.com/o', introspection: { ... }, clientIds: ['...'] }";
const INTROSPECTION_FIX = 'Give an object such as { clientId, clientSecret }.';

/**
 * Makes the issuer of a Django OAuth Toolkit: its introspection endpoint, which its metadata does not name; its metadata
 * with the slash at the end, without which it answers by a redirect; RS256, `scope`, and the applications in place
 * of an audience.
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
  const given = readPresetOptions(options, OPTION_NAMES, NAME, EXAMPLE);
  const issuer = readUrl(given['issuer'], `${NAME}.issuer`, 'https://login.example.com/o');
  const introspection = readIntrospection(given, withoutSlash(issuer));
  const oidc = readBoolean(given, 'oidc', NAME) ?? true;
  if (!oidc && introspection === undefined) {
    throw new ConfigurationError(`${NAME}.introspection`, 'is missing, and oidc is false.', INTROSPECTION_FIX);
  }
  return Object.freeze({
    issuer,
    audience: false,
    clientIds: readNames(given['clientIds'], `${NAME}.clientIds`, 'Give the client ids of the applications to accept.'),
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze(['scope']),
    ...(oidc && { metadataUrl: `${withoutSlash(issuer)}/.well-known/openid-configuration/` }),
    ...(introspection && { introspection }),
  });
}

function readIntrospection(given: PresetInput, base: string): IntrospectionOptions | undefined {
  const { introspection } = given;
  const naiveTimeZone = readBoolean(given, 'naiveTimeZone', NAME) ?? false;
  if (introspection === undefined) {
    if (!naiveTimeZone) return undefined;
    throw new ConfigurationError(`${NAME}.naiveTimeZone`, 'is about introspection.', 'Give introspection too.');
  }
  requireObject(introspection, `${NAME}.introspection`, INTROSPECTION_FIX);
  if (naiveTimeZone && 'ignoreExp' in introspection) {
    const fix = 'Leave introspection.ignoreExp out: naiveTimeZone sets it.';
    throw new ConfigurationError(`${NAME}.naiveTimeZone`, 'stands beside introspection.ignoreExp.', fix);
  }
  const { endpoint = `${base}/introspect/`, ...settings } = introspection as IntrospectionOptions;
  return Object.freeze({ ...settings, endpoint, ...(naiveTimeZone && { ignoreExp: true }) });
}
