import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { host } from '../options/check-url.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeName, describeValue } from '../options/describe-value.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { optional } from '../options/readers.js';

export interface OktaOptions {
  /** The domain of the organization, or the custom domain, if that is in `iss`: `dev-123.okta.com`. */
  readonly domain: string;
  /** The id of the custom authorization server. @defaultValue `'default'` */
  readonly authorizationServer?: string;
}

const EXAMPLE = 'dev-123.okta.com';
const SERVER_ID = /^[0-9A-Za-z_-]+$/;
// The host of the admin console is copied by mistake. It issues no tokens.
const ADMIN_CONSOLE = /-admin\.(?:okta|oktapreview|okta-emea)\.com$/;

const READERS = { domain: readDomain, authorizationServer: optional(readServer) } satisfies ReadersOf<OktaOptions>;

/**
 * Creates the issuer of a custom authorization server of Okta: its name from domain and id, RS256, `scp`. The audience of
 * the verifier is that of the server: `api://default` for the one named `default`. Tokens of the organization's own
 * server, whose name is the domain alone, are for Okta's APIs; no other server can verify them.
 *
 * @example
 * ```ts
 * import { okta } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: okta({ domain: 'dev-123.okta.com' }),
 *   audience: 'api://default',
 * });
 * ```
 *
 * @see https://developer.okta.com/docs/guides/validate-access-tokens/dotnet/main/
 * @see https://developer.okta.com/docs/concepts/auth-servers
 * @throws {ConfigurationError}
 */
export function okta(options: OktaOptions): DiscoveredIssuer {
  const fix = `Call okta({ domain: '${EXAMPLE}' }).`;
  const { domain, authorizationServer = 'default' } = readOptions(options, 'okta', fix, READERS);

  return Object.freeze({
    issuer: `https://${domain}/oauth2/${authorizationServer}`,
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze(['scp']),
  });
}

function readDomain(value: unknown, path: string): string {
  const domain = host(EXAMPLE)(value, path);
  if (!ADMIN_CONSOLE.test(domain)) return domain;
  const problem = `is ${describeValue(domain)}, where the admin console is.`;
  throw new ConfigurationError(path, problem, `Give '${describeName(domain.replace('-admin.', '.'))}'.`);
}

function readServer(value: unknown, path: string): string {
  if (typeof value === 'string' && SERVER_ID.test(value)) return value;
  const fix = "Give the last part of its issuer URI, such as 'default' or 'aus1a2b3c4d5'.";
  throw new ConfigurationError(path, `is ${describeValue(value)}.`, fix);
}
