import type { JwksUriIssuer } from '../issuer/issuer-options.js';
import { host } from '../options/check-url.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';

export interface AdfsOptions {
  /** The name of the federation service: `sts.example.com`. */
  readonly host: string;
}

const EXAMPLE = 'sts.example.com';
const READERS = { host: host(EXAMPLE) } satisfies ReadersOf<AdfsOptions>;

/**
 * Creates the issuer of the access tokens of AD FS 2016 or later: its name, which begins with `http:` though nothing is
 * fetched from it, keys at their address, RS256, `scp`. The audience of the verifier is the identifier of the Web API.
 *
 * @example
 * ```ts
 * import { adfs } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: adfs({ host: 'sts.example.com' }),
 *   audience: 'https://orders.example.com',
 * });
 * ```
 *
 * @see https://learn.microsoft.com/en-us/windows-server/identity/ad-fs/development/ad-fs-openid-connect-oauth-concepts
 * @see https://learn.microsoft.com/en-us/windows-server/identity/ad-fs/development/native-client-with-ad-fs
 * @throws {ConfigurationError}
 */
export function adfs(options: AdfsOptions): JwksUriIssuer {
  const { host: name } = readOptions(options, 'adfs', `Call adfs({ host: '${EXAMPLE}' }).`, READERS);

  return Object.freeze({
    // access_token_issuer of its metadata. Its own issuer, https://{host}/adfs, is that of ID tokens.
    issuer: `http://${name}/adfs/services/trust`,
    jwksUri: `https://${name}/adfs/discovery/keys`,
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze(['scp']),
  });
}
