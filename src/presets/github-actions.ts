import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { strings } from '../options/readers.js';
import type { JsonObject } from '../protocol/json-object.js';

export interface GithubActionsOptions {
  /** The repositories whose workflows are accepted: `'octo-org/octo-repo'`, or `'octo-org/*'` for all of an owner. */
  readonly repositories: string | readonly string[];
}

const EXAMPLE = 'octo-org/octo-repo';
const FIX = `Give repositories, such as '${EXAMPLE}' or 'octo-org/*': anybody on GitHub can get a token for any audience.`;
const REPOSITORY = /^[\w.-]+\/(?:[\w.-]+|\*)$/;
const READERS = { repositories: readRepositories } satisfies ReadersOf<GithubActionsOptions>;

/**
 * Creates the issuer of the OpenID Connect tokens of GitHub Actions: RS256, and the repositories to accept. The audience
 * of the verifier is the one that the workflow asks for. Anybody on GitHub can ask for any audience, so the audience alone
 * proves nothing: `repositories` is required, and a token of another one is refused (`scopes_source_failed`). These tokens
 * have no scopes; use claim policies, on `ref` or `environment`.
 *
 * @example
 * ```ts
 * import { githubActions } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: githubActions({ repositories: 'octo-org/octo-repo' }),
 *   audience: 'https://orders.example.com',
 * });
 * ```
 *
 * @see https://docs.github.com/en/actions/reference/security/oidc
 * @throws {ConfigurationError}
 */
export function githubActions(options: GithubActionsOptions): DiscoveredIssuer {
  const call = `Call githubActions({ repositories: '${EXAMPLE}' }).`;
  const { repositories } = readOptions(options, 'githubActions', call, READERS);

  function requireRepository({ repository }: JsonObject): readonly string[] {
    if (isAmong(repository, repositories)) return [];
    throw new Error('the repository of the workflow is not among repositories');
  }
  return Object.freeze({
    issuer: 'https://token.actions.githubusercontent.com',
    algorithms: Object.freeze(['RS256'] as const),
    scopesFrom: Object.freeze([requireRepository]),
  });
}

/** GitHub compares names without case. */
function isAmong(repository: unknown, repositories: readonly string[]): boolean {
  if (typeof repository !== 'string') return false;
  const name = repository.toLowerCase();
  const ofOwner = `${name.slice(0, name.indexOf('/'))}/*`;
  return repositories.some((given) => [name, ofOwner].includes(given.toLowerCase()));
}

function readRepositories(value: unknown, path: string): readonly string[] {
  if (value === undefined) throw new ConfigurationError(path, 'is missing.', FIX);
  const repositories = strings(FIX)(value, path);
  const wrong = repositories.find((name) => !REPOSITORY.test(name));
  if (wrong === undefined) return repositories;
  throw new ConfigurationError(path, `holds ${describeValue(wrong)}.`, FIX);
}
