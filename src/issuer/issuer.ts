import { IntrospectionEndpoint } from '../introspection/introspection-endpoint.js';
import { UserInfoEndpoint } from '../introspection/user-info-endpoint.js';
import { FetchedSecrets } from '../keys/fetched-secrets.js';
import { JwksCache } from '../keys/jwks-cache.js';
import type { KeyLimits, KeySnapshot, KeySource } from '../keys/key-source.js';
import { SharedSecrets } from '../keys/shared-secrets.js';
import { StaticKeys } from '../keys/static-keys.js';
import type { Clock } from '../platform/clock.js';
import type { Refusal } from '../protocol/refusal.js';
import type { IssuerConfig } from './issuer-options.js';
import type { IssuerRules } from './shared-rules.js';

/** An issuer that is trusted: its identity, the rules for its tokens, its keys. */
export interface Issuer {
  readonly issuer: string;
  /** Besides that of the server. False: tokens of this issuer name none, whatever the server demands. */
  readonly audience: readonly string[] | false | undefined;
  readonly rules: IssuerRules;
  readonly keys: KeySource;
  /** Where tokens of this issuer can be asked about. */
  readonly introspection: IntrospectionEndpoint | undefined;
  /** Where the persons that tokens of this issuer stand for can be asked about. */
  readonly userInfo: UserInfoEndpoint;
  /** False where it is asked about tokens, signs no answers, and its keys were not located: it may have none. */
  readonly needsKeys: boolean;
}

/** Has all at hand that tokens of an issuer are verified with, or gives why not. */
export async function readyIssuer({ keys, introspection, needsKeys }: Issuer): Promise<Refusal | undefined> {
  const [ofKeys, ofIntrospection] = await Promise.all([needsKeys ? keys.ready() : undefined, introspection?.ready()]);
  return ofKeys ?? ofIntrospection;
}

/** Fetches the keys of an issuer anew, or gives why that failed. */
export async function refreshIssuer({ keys, needsKeys }: Issuer): Promise<Refusal | undefined> {
  return needsKeys || keys.status().state !== 'empty' ? keys.refresh() : undefined;
}

/** Ends whatever is under way for an issuer. */
export function closeIssuer({ keys, introspection, userInfo }: Issuer): void {
  keys.close();
  introspection?.close();
  userInfo.close();
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
  const keys = createKeySource(config, environment, snapshot);
  const introspection = createIntrospection(config, environment);
  const needsKeys = introspection === undefined || introspection.config.signed || config.hasKeyLocation;
  const userInfo = createUserInfo(config, environment);
  return Object.freeze({ issuer, audience, rules, keys, introspection, userInfo, needsKeys });
}

function createUserInfo(
  { issuer, metadataUrls: urls, rules: { allowInsecureHttp } }: IssuerConfig,
  { clock, fetch, keyLimits: { maxResponseBytes, fetchTimeoutSeconds: timeoutSeconds } }: IssuerEnvironment,
): UserInfoEndpoint {
  const discovery = { issuer, urls, allowInsecureHttp };
  return new UserInfoEndpoint({ discovery, timeoutSeconds, maxResponseBytes, clock, fetch });
}

function createIntrospection(
  { issuer, introspection: config, metadataUrls: urls, rules: { allowInsecureHttp } }: IssuerConfig,
  { clock, fetch, keyLimits: { maxResponseBytes } }: IssuerEnvironment,
): IntrospectionEndpoint | undefined {
  if (config === undefined) return undefined;
  const discovery = { issuer, urls, allowInsecureHttp };
  return new IntrospectionEndpoint({ issuer, config, discovery, maxResponseBytes, clock, fetch });
}

function createKeySource(
  { issuer, location, rules }: IssuerConfig,
  environment: IssuerEnvironment,
  snapshot: KeySnapshot | undefined,
): KeySource {
  const { clock, fetch, keyLimits: limits } = environment;
  if (location.kind === 'secret') return new SharedSecrets(location.secrets, location.algorithms, clock);
  if (location.kind === 'fetchedSecret') {
    return new FetchedSecrets({ fetch: location.fetch, algorithms: location.algorithms, limits, clock });
  }
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
