import type { Clock } from '../platform/clock.js';
import type { IssuerConfig } from './issuer-options.js';
import { JwksCache } from './jwks-cache.js';
import type { KeyLimits, KeySnapshot, KeySource } from './key-source.js';
import type { IssuerRules } from './shared-rules.js';
import { SharedSecrets } from './shared-secrets.js';
import { StaticKeys } from './static-keys.js';

/** An issuer that is trusted: its identity, the rules for its tokens, its keys. */
export interface Issuer {
  readonly issuer: string;
  readonly audience: readonly string[] | undefined;
  readonly rules: IssuerRules;
  readonly keys: KeySource;
}

/** What issuers need of the outside world. */
export interface IssuerEnvironment {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly keyLimits: KeyLimits;
}

/** `snapshot` holds keys to start with, from another process. */
export function createIssuer(config: IssuerConfig, environment: IssuerEnvironment, snapshot?: KeySnapshot): Issuer {
  const { issuer, audience, rules } = config;
  return Object.freeze({ issuer, audience, rules, keys: createKeySource(config, environment, snapshot) });
}

function createKeySource(
  { issuer, location, rules }: IssuerConfig,
  environment: IssuerEnvironment,
  snapshot: KeySnapshot | undefined,
): KeySource {
  const { clock, fetch, keyLimits: limits } = environment;
  if (location.kind === 'secret') return new SharedSecrets(location.secrets, location.algorithms, clock);
  if (location.kind === 'jwks') return new StaticKeys(location.members, clock);
  const { allowInsecureHttp } = rules;
  return new JwksCache({
    issuer,
    location:
      location.kind === 'jwksUri' ? { jwksUri: location.url } : { issuer, urls: location.urls, allowInsecureHttp },
    limits,
    clock,
    fetch,
    snapshot,
  });
}
