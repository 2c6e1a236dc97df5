import type { DiscoveryOptions } from '../discovery/fetch-metadata.js';
import { FetchedSecrets } from '../keys/fetched-secrets.js';
import { JwksCache } from '../keys/jwks-cache.js';
import type { KeyLimits, KeySnapshot, KeySource } from '../keys/key-source.js';
import { PublicKeys } from '../keys/public-keys.js';
import { SharedSecrets } from '../keys/shared-secrets.js';
import { StaticKeys } from '../keys/static-keys.js';
import type { Clock } from '../platform/clock.js';
import type { Fetch } from '../platform/fetch.js';
import type { Refusal } from '../protocol/refusal.js';
import type { IntrospectionConfig } from './introspection-options.js';
import type { IssuerConfig } from './issuer-options.js';
import type { IssuerRules } from './shared-rules.js';

/** A trusted issuer: its identity, the rules for its tokens, its keys. */
export interface Issuer {
  readonly issuer: string;
  /** Required besides the audience of the server. False: its tokens have none, and none is required. */
  readonly audience: readonly string[] | false | undefined;
  readonly rules: IssuerRules;
  readonly keys: KeySource;
  /** Where to fetch its metadata, for the endpoints in it. */
  readonly discovery: DiscoveryOptions;
  /** How its tokens are introspected; undefined if they are not. */
  readonly introspection: IntrospectionConfig | undefined;
  /** Whether `ready()` fetches keys. False for an issuer that only introspects and whose keys were not configured. */
  readonly needsKeys: boolean;
}

/** An issuer that introspects. */
export interface IntrospectedIssuer extends Issuer {
  readonly introspection: IntrospectionConfig;
}

export function isIntrospected(issuer: Issuer): issuer is IntrospectedIssuer {
  return issuer.introspection !== undefined;
}

/** Fetches the keys of an issuer unless it has some. Returns why that failed. */
export async function readyKeys({ keys, needsKeys }: Issuer): Promise<Refusal | undefined> {
  return needsKeys ? keys.ready() : undefined;
}

/** Fetches the keys of an issuer now. Returns why that failed. */
export async function refreshKeys({ keys, needsKeys }: Issuer): Promise<Refusal | undefined> {
  return needsKeys || keys.status().state !== 'empty' ? keys.refresh() : undefined;
}

/** The dependencies of issuers. */
export interface IssuerEnvironment {
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly keyLimits: KeyLimits;
  /** Aborted by `close()` of the verifier: ends running fetches and starts no new ones. */
  readonly signal: AbortSignal;
}

/** Creates an issuer. Fetches nothing. `snapshot` has the first keys, from another process. */
export function createIssuer(config: IssuerConfig, environment: IssuerEnvironment, snapshot?: KeySnapshot): Issuer {
  const { issuer, audience, rules, introspection, hasKeyLocation } = config;
  return Object.freeze({
    issuer,
    audience,
    rules,
    keys: createKeySource(config, environment, snapshot),
    discovery: { issuer, urls: config.metadataUrls, allowInsecureHttp: rules.allowInsecureHttp },
    introspection,
    needsKeys: introspection === undefined || introspection.signed || hasKeyLocation,
  });
}

function createKeySource(
  { issuer, location, rules }: IssuerConfig,
  { clock, fetch, keyLimits: limits, signal }: IssuerEnvironment,
  snapshot: KeySnapshot | undefined,
): KeySource {
  const { allowInsecureHttp } = rules;
  const jwks = { issuer, limits, clock, fetch, signal, snapshot };

  switch (location.kind) {
    case 'secret':
      return new SharedSecrets(location.secrets, location.algorithms, clock);
    case 'fetchedSecret':
      return new FetchedSecrets({
        issuer,
        fetch: location.fetch,
        algorithms: location.algorithms,
        limits,
        clock,
        signal,
      });
    case 'publicKey':
      return new PublicKeys(location.keys, clock);
    case 'jwks':
      return new StaticKeys(location.members, clock);
    case 'jwksUri':
      return new JwksCache({ ...jwks, location: { jwksUri: location.url } });
    case 'metadata':
      return new JwksCache({ ...jwks, location: { issuer, urls: location.urls, allowInsecureHttp } });
  }
}
