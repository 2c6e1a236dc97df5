import type { JwksUriIssuer } from '../issuer/issuer-options.js';
import { host } from '../options/check-url.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';

export interface CloudflareAccessOptions {
  /** The team domain: `acme.cloudflareaccess.com`. */
  readonly domain: string;
}

const EXAMPLE = 'acme.cloudflareaccess.com';
const READERS = { domain: host(EXAMPLE) } satisfies ReadersOf<CloudflareAccessOptions>;

/**
 * Creates the issuer of Cloudflare Access, which signs who passed it: RS256, keys at the path of its own. The audience of
 * the verifier is the "Application Audience (AUD) Tag" of the application. These tokens have no scopes; use claim policies.
 * Machines (service tokens) are named by `common_name` and have no user.
 *
 * @example
 * ```ts
 * import { cloudflareAccess } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: cloudflareAccess({ domain: 'acme.cloudflareaccess.com' }),
 *   audience: '32eafc7626e737136a3ef6d6ba6b1a5b1d1e3b5a4f0c8d7e6f5a4b3c2d1e0f9a',
 * });
 * ```
 *
 * @see https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/
 * @see https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/application-token/
 * @throws {ConfigurationError}
 */
export function cloudflareAccess(options: CloudflareAccessOptions): JwksUriIssuer {
  const fix = `Call cloudflareAccess({ domain: '${EXAMPLE}' }).`;
  const { domain } = readOptions(options, 'cloudflareAccess', fix, READERS);
  const issuer = `https://${domain}`;

  return Object.freeze({
    issuer,
    jwksUri: `${issuer}/cdn-cgi/access/certs`,
    algorithms: Object.freeze(['RS256'] as const),
  });
}
