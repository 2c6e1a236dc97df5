import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { url } from '../options/check-url.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { withoutSlash } from '../protocol/without-slash.js';

export interface AuthentikOptions {
  /** The URL of authentik for its clients: `https://auth.example.com`. */
  readonly url: string;
  /** The slug of the application, as in its URLs. */
  readonly application: string;
}

const EXAMPLE = "{ url: 'https://auth.example.com', application: 'shop' }";
const SLUG = /^[\w-]+$/;
const READERS = { url: url('https://auth.example.com'), application: readSlug } satisfies ReadersOf<AuthentikOptions>;

/**
 * Creates the issuer of an application of authentik, whose provider has "Each provider has a different issuer": its name with
 * the slash at the end, RS256, `scope`. The audience of the verifier is the client id of the provider, since its access
 * tokens name no other.
 *
 * @example
 * ```ts
 * import { authentik } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: authentik({ url: 'https://auth.example.com', application: 'shop' }),
 *   audience: 'the client id of the provider',
 * });
 * ```
 *
 * @see https://docs.goauthentik.io/add-secure-apps/providers/oauth2/
 * @throws {ConfigurationError}
 */
export function authentik(options: AuthentikOptions): DiscoveredIssuer {
  const input = readOptions(options, 'authentik', `Call authentik(${EXAMPLE}).`, READERS);

  return Object.freeze({
    issuer: `${withoutSlash(input.url)}/application/o/${input.application}/`,
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze(['scope']),
  });
}

function readSlug(value: unknown, path: string): string {
  if (typeof value === 'string' && SLUG.test(value)) return value;
  throw new ConfigurationError(path, `is ${describeValue(value)}.`, "Give its slug, such as 'shop'.");
}
