import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { boolean, required, strings } from '../options/readers.js';
import type { JsonObject } from '../protocol/json-object.js';
import { rolesOf } from './roles-of.js';

export interface CognitoOptions {
  /** The user pool. Its id begins with its region: `eu-central-1_AbCdEf123`. */
  readonly userPoolId: string;
  /** The app clients whose tokens are accepted. They replace the audience, which access tokens do not have. */
  readonly clientIds: readonly string[];
  /**
   * Uses the groups of the user, `cognito:groups`, as scopes too.
   * @defaultValue `false`
   */
  readonly groups?: boolean;
}

const EXAMPLE = "{ userPoolId: 'eu-central-1_AbCdEf123', clientIds: ['...'] }";
const USER_POOL_ID = /^[a-z]{2}(?:-[a-z]+)+-\d+_[0-9A-Za-z]+$/;
const USER_POOL_FIX = "Give the user pool ID with its region, such as 'eu-central-1_AbCdEf123'.";
const CLIENTS_FIX = 'Give the ids of the app clients to accept.';

const READERS = {
  userPoolId: required(readUserPool, USER_POOL_FIX),
  clientIds: required(strings(CLIENTS_FIX), CLIENTS_FIX),
  groups: boolean(false),
} satisfies ReadersOf<CognitoOptions>;

/**
 * Creates the issuer of an Amazon Cognito user pool: its name from region and pool, RS256, `scope`, and the app clients in
 * place of an audience. ID tokens are refused by their `token_use`.
 *
 * @example
 * ```ts
 * import { cognito } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: cognito({ userPoolId: 'eu-central-1_AbCdEf123', clientIds: ['6h8example'] }),
 *   audience: false, // its access tokens name none
 * });
 * ```
 *
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
 * @throws {ConfigurationError}
 */
export function cognito(options: CognitoOptions): DiscoveredIssuer {
  const { userPoolId, clientIds, groups } = readOptions(options, 'cognito', `Call cognito(${EXAMPLE}).`, READERS);
  const { id, region } = userPoolId;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';

  return Object.freeze({
    issuer: `https://cognito-idp.${region}.${domain}/${id}`,
    audience: false,
    clientIds,
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze(groups ? ['scope', groupsOf] : ['scope']),
  });
}

function readUserPool(value: unknown, path: string): { readonly id: string; readonly region: string } {
  if (typeof value === 'string' && USER_POOL_ID.test(value)) {
    return { id: value, region: value.slice(0, value.indexOf('_')) };
  }
  throw new ConfigurationError(path, `is ${describeValue(value)}.`, USER_POOL_FIX);
}

/** Omits groups whose names have characters that no scope has (RFC 6749 §3.3). */
function groupsOf(claims: JsonObject): readonly string[] {
  return rolesOf(claims['cognito:groups']);
}
