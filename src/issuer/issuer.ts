import type { Clock } from '../platform/clock.js';
import { type DiscoveryOptions, fetchMetadata } from './discovery.js';
import type { IssuerConfig, IssuerRules } from './issuer-options.js';
import { JwksCache, type JwksLocator } from './jwks-cache.js';
import type { KeyLimits, KeySource } from './key-source.js';
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

export function createIssuer(config: IssuerConfig, environment: IssuerEnvironment): Issuer {
  const { issuer, audience, rules } = config;
  return Object.freeze({ issuer, audience, rules, keys: createKeySource(config, environment) });
}

function createKeySource({ issuer, location, rules }: IssuerConfig, environment: IssuerEnvironment): KeySource {
  const { clock, fetch, keyLimits: limits } = environment;
  switch (location.kind) {
    case 'jwks':
      return new StaticKeys(location.members);
    case 'jwksUri':
      return new JwksCache({ clock, fetch, limits, locate: async () => location.url });
    case 'metadata': {
      const { allowInsecureHttp } = rules;
      return new JwksCache({
        clock,
        fetch,
        limits,
        locate: locateByMetadata({ issuer, urls: location.urls, allowInsecureHttp }),
      });
    }
  }
}

/** Remembers the `jwks_uri` between fetches of the key set, and follows it when it moves. */
function locateByMetadata(options: DiscoveryOptions): JwksLocator {
  let jwksUri: string | undefined;
  return async (renew, fetchOptions) => {
    if (jwksUri === undefined || renew) ({ jwksUri } = await fetchMetadata(options, fetchOptions));
    return jwksUri;
  };
}
