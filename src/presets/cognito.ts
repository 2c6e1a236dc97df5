import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { describeValue, readBoolean } from '../options/option-reader.js';
import { ConfigurationError } from '../protocol/errors.js';
import { readNames, readPresetOptions, rolesOf } from './preset-options.js';

/** The options of `cognito`. */
export interface CognitoOptions {
  /** The user pool. Its id begins with its region: `eu-central-1_AbCdEf123`. */
  readonly userPoolId: string;
  /** The app clients whose tokens are accepted. They stand in for the audience, which access tokens do not name. */
  readonly clientIds: readonly string[];
  /**
   * Takes the groups of the user, `cognito:groups`, for scopes too.
   * @defaultValue `false`
   */
  readonly groups?: boolean;
}

const OPTION_NAMES = ['userPoolId', 'clientIds', 'groups'] as const satisfies readonly (keyof CognitoOptions)[];
const EXAMPLE = "{ userPoolId: 'eu-central-1_AbCdEf123', clientIds: ['...'] }";
const USER_POOL_ID = /^([a-z]{2}(?:-[a-z]+)+-\d+)_[0-9A-Za-z]+$/;

/**
 * Makes the issuer of an Amazon Cognito user pool: its name from region and pool, RS256, `scope`, and the app clients
 * in place of an audience. Tokens are told apart by `token_use`; ID tokens are refused.
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
  const given = readPresetOptions(options, OPTION_NAMES, 'cognito', EXAMPLE);
  const { userPoolId, clientIds } = given;
  const pool = typeof userPoolId === 'string' ? USER_POOL_ID.exec(userPoolId) : null;
  if (pool === null) {
    const problem = userPoolId === undefined ? 'is missing.' : `is ${describeValue(userPoolId)}.`;
    const fix = "Give the user pool ID with its region, such as 'eu-central-1_AbCdEf123'.";
    throw new ConfigurationError('cognito.userPoolId', problem, fix);
  }
  const [id, region = ''] = pool;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const groups = readBoolean(given, 'groups', 'cognito') ?? false;
  return Object.freeze({
    issuer: `https://cognito-idp.${region}.${domain}/${id}`,
    audience: false,
    clientIds: readNames(clientIds, 'cognito.clientIds', 'Give the ids of the app clients to accept.'),
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze(groups ? ['scope', groupsOf] : ['scope']),
  });
}

/** Names of groups may have characters that no scope has (RFC 6749 §3.3). */
function groupsOf(claims: { readonly [name: string]: unknown }): readonly string[] {
  return rolesOf(claims['cognito:groups']);
}
