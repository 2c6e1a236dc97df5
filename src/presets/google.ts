import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { required, strings } from '../options/readers.js';

export interface GoogleOptions {
  /**
   * The service accounts whose tokens are accepted, by the `azp` of their tokens: the unique id, and the e-mail address
   * where a key of the account was used to get the token.
   */
  readonly clientIds: readonly string[];
}

const CLIENTS_FIX = 'Give the unique ids of the service accounts to accept: anybody can get a token for any audience.';
const READERS = { clientIds: required(strings(CLIENTS_FIX), CLIENTS_FIX) } satisfies ReadersOf<GoogleOptions>;

/**
 * Creates the issuer of Google's ID tokens for service accounts, which Cloud Run, Pub/Sub, Cloud Scheduler and services with
 * a service account send: RS256, and the accounts to accept. The audience of the verifier is the one that callers request,
 * mostly the URL of this server. Anybody with a Google Cloud account can request any audience, so the audience alone
 * proves nothing: `clientIds` is required. These tokens have no scopes; use claim policies.
 *
 * Google's access tokens are opaque, for Google's own APIs, and no other server can introspect them (RFC 7662). ID tokens
 * of users are refused.
 *
 * @example
 * ```ts
 * import { google } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: google({ clientIds: ['113774264463038321964'] }),
 *   audience: 'https://orders.example.com',
 * });
 * ```
 *
 * @see https://cloud.google.com/docs/authentication/token-types
 * @see https://cloud.google.com/docs/authentication/get-id-token
 * @see https://docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 * @throws {ConfigurationError}
 */
export function google(options: GoogleOptions): DiscoveredIssuer {
  const fix = "Call google({ clientIds: ['113774264463038321964'] }).";
  const { clientIds } = readOptions(options, 'google', fix, READERS);

  return Object.freeze({
    issuer: 'https://accounts.google.com',
    clientIds,
    algorithms: Object.freeze(['RS256'] as const),
  });
}
