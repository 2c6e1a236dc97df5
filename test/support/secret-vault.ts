import { parseSecretSource } from '../../src/issuer/key-location.js';
import type { HmacAlgorithm } from '../../src/jws/algorithm.js';
import type { VerificationKey } from '../../src/jws/verification-key.js';
import { FetchedSecrets } from '../../src/keys/fetched-secrets.js';
import type { KeyLimits } from '../../src/keys/key-source.js';
import { Refusal } from '../../src/protocol/refusal.js';
import type { TestClock } from '../../src/testing/test-clock.js';

export const OLD = 'the first of all secrets, hush hush';
export const NEW = 'the one that takes its place, hush!';
const LIMITS = {
  maxAgeSeconds: 600,
  staleIfErrorSeconds: 3600,
  fetchTimeoutSeconds: 60,
  maxResponseBytes: 1024,
  refetchBurst: 3,
  refetchEverySeconds: 30,
  snapshotMaxAgeSeconds: 60,
};
export const QUERY = { kid: undefined, algorithm: 'HS256', isPlausible: () => true } as const;

interface HeldAnswer {
  readonly resolve: (secrets: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A vault that can be sealed, replaced or made to wait. */
export class Vault {
  calls = 0;
  open: () => unknown = () => OLD;

  readonly source = (): unknown => {
    this.calls += 1;
    return this.open();
  };

  /** Holds every answer from now on until it is sent. */
  hold(): HeldAnswer[] {
    const held: HeldAnswer[] = [];
    this.open = () => new Promise((resolve, reject) => held.push({ resolve, reject }));
    return held;
  }

  seal(): void {
    this.open = () => {
      throw new Error('the vault is sealed');
    };
  }
}

/** Limits, and what else a source of secrets can be given. */
export interface VaultOptions extends Partial<KeyLimits> {
  readonly algorithms?: readonly HmacAlgorithm[];
  readonly signal?: AbortSignal;
}

/** Secrets that come out of a vault. */
export function createSecretsOf(vault: Vault, clock: TestClock, options: VaultOptions = {}): FetchedSecrets {
  const { algorithms = ['HS256'], signal = new AbortController().signal, ...limits } = options;
  const location = parseSecretSource(vault.source, algorithms, 'issuer.secret');
  if (location.kind !== 'fetchedSecret') throw new Error('it is no function');
  const { fetch } = location;
  return new FetchedSecrets({
    issuer: 'legacy',
    fetch,
    algorithms,
    limits: { ...LIMITS, ...limits },
    clock: clock.now,
    signal,
  });
}

export type Found = Awaited<ReturnType<FetchedSecrets['find']>>;

/** Gives the secrets that were found, or the reason why there are none. */
export function textsFound(found: Found): readonly string[] | string {
  if (found instanceof Refusal) return found.reason;
  return found.map(({ keyObject }) => keyObject.export().toString());
}

export async function findIn(secrets: FetchedSecrets): Promise<readonly string[] | string> {
  return textsFound(await secrets.find(QUERY));
}

/** Gives the first of the keys. */
export async function keyOf(secrets: FetchedSecrets): Promise<VerificationKey> {
  return ((await secrets.find(QUERY)) as readonly VerificationKey[])[0] as VerificationKey;
}

/** Lets a refresh that goes on behind a request come to its end. */
export function settle(): Promise<void> {
  return new Promise(setImmediate);
}
