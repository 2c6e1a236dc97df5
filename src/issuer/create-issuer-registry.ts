import { createIssuer, type IssuerEnvironment } from './issuer.js';
import type { IssuerConfig } from './issuer-options.js';
import { type IssuerRegistry, ListedIssuers } from './issuer-registry.js';
import { ResolvedIssuers } from './resolved-issuers.js';

/** The issuers of a list, or a function that finds one by its name and may throw. */
export type IssuerConfigs = readonly IssuerConfig[] | ((iss: string) => Promise<IssuerConfig | undefined>);

export function createIssuerRegistry(issuers: IssuerConfigs, environment: IssuerEnvironment): IssuerRegistry {
  const create = (config: IssuerConfig) => createIssuer(config, environment);
  if (typeof issuers !== 'function') return new ListedIssuers(issuers.map(create));
  const { clock, keyLimits: limits } = environment;
  return new ResolvedIssuers({ resolve: issuers, create, limits, clock });
}
