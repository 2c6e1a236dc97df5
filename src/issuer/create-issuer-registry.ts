import type { KeySnapshot } from '../keys/key-source.js';
import { createIssuer, type IssuerEnvironment } from './issuer.js';
import type { IssuerConfig } from './issuer-options.js';
import { type IssuerRegistry, ListedIssuers } from './issuer-registry.js';
import { ResolvedIssuers, type ResolveIssuer } from './resolved-issuers.js';

/** A list of issuers, or a function that finds an issuer by its name and may throw. */
export type IssuerConfigs = readonly IssuerConfig[] | ResolveIssuer;

/** The dependencies of a registry. */
export interface RegistryEnvironment extends IssuerEnvironment {
  /** Keys to start with, by issuer. */
  readonly snapshot: ReadonlyMap<string, KeySnapshot>;
}

export function createIssuerRegistry(issuers: IssuerConfigs, environment: RegistryEnvironment): IssuerRegistry {
  const snapshot = new Map(environment.snapshot);
  const create = (config: IssuerConfig) => {
    // A secret under the same name takes none.
    if (config.location.kind !== 'metadata' && config.location.kind !== 'jwksUri')
      return createIssuer(config, environment);
    const keys = snapshot.get(config.issuer);
    // Only once: an issuer that is resolved again must not start with keys that were withdrawn since.
    snapshot.delete(config.issuer);
    return createIssuer(config, environment, keys);
  };

  if (typeof issuers !== 'function') return new ListedIssuers(issuers.map(create));

  const { clock, keyLimits: limits, signal } = environment;
  return new ResolvedIssuers({ resolve: issuers, create, limits, clock, signal });
}
