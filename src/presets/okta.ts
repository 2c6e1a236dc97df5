import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { describeValue } from '../options/option-reader.js';
import { ConfigurationError } from '../protocol/errors.js';
import { readHost, readPresetOptions } from './preset-options.js';

/** The options of `okta`. */
export interface OktaOptions {
  /** The domain of the organization, or a custom one, whichever the tokens are issued under: `dev-123.okta.com`. */
  readonly domain: string;
  /** The id of the custom authorization server. @defaultValue `'default'` */
  readonly authorizationServer?: string;
}

const OPTION_NAMES = ['domain', 'authorizationServer'] as const satisfies readonly (keyof OktaOptions)[];
const EXAMPLE = 'dev-123.okta.com';
const SERVER_ID = /^[0-9A-Za-z_-]+$/;
const ADMIN_CONSOLE = /-admin\.(?:okta|oktapreview|okta-emea)\.com$/;

/**
 * Makes the issuer of a custom authorization server of Okta: its name from domain and id, RS256, `scp`. The audience
 * of the verifier is the one of that server, `api://default` for the one named `default`. Tokens of the organization's
 * own server, whose name is the domain alone, are for Okta's APIs; nobody else can verify them.
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
  const given = readPresetOptions(options, OPTION_NAMES, 'okta', `{ domain: '${EXAMPLE}' }`);
  const domain = readHost(given['domain'], 'okta.domain', EXAMPLE);
  if (ADMIN_CONSOLE.test(domain)) {
    const problem = `is ${describeValue(domain)}, where the admin console is.`;
    throw new ConfigurationError('okta.domain', problem, `Give '${domain.replace('-admin.', '.')}'.`);
  }
  const server = readServer(given['authorizationServer'] ?? 'default');
  return Object.freeze({
    issuer: `https://${domain}/oauth2/${server}`,
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze(['scp']),
  });
}

function readServer(given: unknown): string {
  if (typeof given === 'string' && SERVER_ID.test(given)) return given;
  const fix = "Give the last part of its issuer URI, such as 'default' or 'aus1a2b3c4d5'.";
  throw new ConfigurationError('okta.authorizationServer', `is ${describeValue(given)}.`, fix);
}
