import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { url } from '../options/check-url.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { optional } from '../options/readers.js';
import { withoutSlash } from '../protocol/without-slash.js';

export interface HydraOptions {
  /** `urls.self.issuer` of Hydra, to the letter: with a slash at the end if it has one. */
  readonly issuer: string;
  /**
   * The URL of the admin API, such as `https://hydra-admin.internal`. Needed for opaque tokens, which are the default of Hydra:
   * they are introspected there, without credentials. Keep that API inside your network.
   */
  readonly adminUrl?: string;
}

const EXAMPLE = 'https://login.example.com/';
const READERS = {
  issuer: url(EXAMPLE),
  adminUrl: optional(url('https://hydra-admin.internal')),
} satisfies ReadersOf<HydraOptions>;

/**
 * Creates the issuer of an Ory Hydra: RS256, `scp` in JWTs and `scope` in introspection answers, the admin API for opaque
 * tokens. Clients have to ask for the audience of the verifier (`audience` in the authorization request).
 *
 * @example
 * ```ts
 * import { hydra } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: hydra({ issuer: 'https://login.example.com/', adminUrl: 'https://hydra-admin.internal' }),
 *   audience: 'https://orders.example.com',
 * });
 * ```
 *
 * @see https://www.ory.sh/docs/hydra/guides/audiences
 * @see https://www.ory.sh/docs/oauth2-oidc/jwt-access-token
 * @see https://www.ory.sh/docs/reference/api#tag/oAuth2/operation/introspectOAuth2Token
 * @throws {ConfigurationError}
 */
export function hydra(options: HydraOptions): DiscoveredIssuer {
  const { issuer, adminUrl } = readOptions(options, 'hydra', `Call hydra({ issuer: '${EXAMPLE}' }).`, READERS);
  const introspection = Object.freeze({
    endpoint: `${withoutSlash(adminUrl ?? '')}/admin/oauth2/introspect`,
    authMethod: 'none' as const,
  });

  return Object.freeze({
    issuer,
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze(['scp', 'scope']),
    ...(adminUrl !== undefined && { introspection }),
  });
}
