import type { JwksUriIssuer } from '../issuer/issuer-options.js';
import { url } from '../options/check-url.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { withoutSlash } from '../protocol/without-slash.js';

export interface SupabaseOptions {
  /** The URL of the project: `https://abcdefghijklmnopqrst.supabase.co`, or a custom domain if that is in `iss`. */
  readonly url: string;
}

const EXAMPLE = 'https://abcdefghijklmnopqrst.supabase.co';
const READERS = { url: url(EXAMPLE) } satisfies ReadersOf<SupabaseOptions>;

/**
 * Creates the issuer of the users of a Supabase project that signs with asymmetric keys: ES256 or RS256. The audience of the
 * verifier is `authenticated`. These tokens have no scopes; use claim policies, on `role` or `app_metadata`.
 *
 * @example
 * ```ts
 * import { supabase } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: supabase({ url: 'https://abcdefghijklmnopqrst.supabase.co' }),
 *   audience: 'authenticated',
 * });
 * ```
 *
 * @see https://supabase.com/docs/guides/auth/jwt-fields
 * @see https://supabase.com/docs/guides/auth/signing-keys
 * @throws {ConfigurationError}
 */
export function supabase(options: SupabaseOptions): JwksUriIssuer {
  const input = readOptions(options, 'supabase', `Call supabase({ url: '${EXAMPLE}' }).`, READERS);
  const issuer = `${withoutSlash(input.url)}/auth/v1`;

  return Object.freeze({
    issuer,
    jwksUri: `${issuer}/.well-known/jwks.json`,
    algorithms: Object.freeze(['ES256', 'RS256'] as const),
  });
}
