import type { JwksUriIssuer } from '../issuer/issuer-options.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { strings } from '../options/readers.js';

export interface GoogleIapOptions {
  /** What IAP signs for: `/projects/NUMBER/global/backendServices/ID`, or `/projects/NUMBER/apps/ID` on App Engine. */
  readonly audience: string | readonly string[];
}

const EXAMPLE = '/projects/123456789/global/backendServices/987654321';
const AUDIENCE_FIX = `Give the path of the backend service or app, such as '${EXAMPLE}'.`;
const AUDIENCE = /^\/projects\/[^/]+\/\S+$/;

const READERS = { audience: readAudience } satisfies ReadersOf<GoogleIapOptions>;

/**
 * Creates the issuer of Google's Identity-Aware Proxy, which signs who passed it: ES256, keys at their own address. The
 * audience is the backend behind it. These tokens have no scopes; use claim policies.
 *
 * @example
 * ```ts
 * import { googleIap } from 'scopegate/presets';
 *
 * const audience = '/projects/123456789/global/backendServices/987654321';
 * const verifier = createVerifier({ issuer: googleIap({ audience }), audience });
 * ```
 *
 * @see https://cloud.google.com/iap/docs/signed-headers-howto
 * @throws {ConfigurationError}
 */
export function googleIap(options: GoogleIapOptions): JwksUriIssuer {
  const { audience } = readOptions(options, 'googleIap', `Call googleIap({ audience: '${EXAMPLE}' }).`, READERS);

  return Object.freeze({
    issuer: 'https://cloud.google.com/iap',
    jwksUri: 'https://www.gstatic.com/iap/verify/public_key-jwk',
    audience,
    algorithms: Object.freeze(['ES256'] as const),
  });
}

function readAudience(value: unknown, path: string): readonly string[] {
  if (value === undefined) throw new ConfigurationError(path, 'is missing.', AUDIENCE_FIX);
  const audience = strings(AUDIENCE_FIX)(value, path);
  const wrong = audience.find((name) => !AUDIENCE.test(name));
  if (wrong === undefined) return audience;
  throw new ConfigurationError(path, `holds ${describeValue(wrong)}.`, AUDIENCE_FIX);
}
