import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { ALGORITHMS, type Algorithm, type SignatureAlgorithm } from '../../src/jws/algorithm.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { type JsonTexts, signRawToken, toJsonText } from './raw-token.js';
import { generateRsaKeys, type KeyPair, nextRsaKeys } from './rsa-keys.js';

export type { KeyPair };

/** What to change about a token that is good otherwise. */
export interface Mutation {
  readonly header?: JsonTexts;
  readonly payload?: JsonTexts;
  /** Changes the whole text of the header: for duplicates, trailing bytes, other encodings. */
  readonly rewriteHeader?: (text: string) => string | Buffer;
  readonly rewritePayload?: (text: string) => string | Buffer;
  /** Another key to sign with. */
  readonly key?: KeyObject;
  /** Another algorithm to sign with; the header goes on saying what it said. */
  readonly signWith?: SignatureAlgorithm;
}

export interface RawIssuerOptions {
  readonly issuer?: string;
  readonly algorithm?: Algorithm;
  readonly kid?: string;
  /** @defaultValue new ones */
  readonly keys?: KeyPair;
  /** @defaultValue one of its own */
  readonly clock?: TestClock;
}

/** An issuer whose tokens can be of any shape, for a verifier that has its keys already. */
export class RawIssuer {
  readonly issuer: string;
  readonly audience = 'https://api.test';
  readonly algorithm: Algorithm;
  readonly keys: KeyPair;
  readonly jwk: JWK;
  readonly clock: TestClock;
  /** Every URL that the verifier asked for; none was answered. */
  readonly requests: string[] = [];

  constructor({
    issuer = 'https://issuer.test',
    algorithm = 'ES256',
    kid = 'key-1',
    keys,
    clock,
  }: RawIssuerOptions = {}) {
    this.issuer = issuer;
    this.clock = clock ?? new TestClock(1_800_000_000_000);
    this.algorithm = algorithm;
    this.keys = keys ?? generateKeys(algorithm);
    this.jwk = { ...toJwk(this.keys.publicKey), kid, alg: algorithm, use: 'sig' };
  }

  /** Seconds since the epoch. */
  get now(): number {
    return this.clock.now() / 1000;
  }

  get verifierOptions() {
    return {
      issuer: { issuer: this.issuer, jwks: { keys: [this.jwk] } },
      audience: this.audience,
      clock: this.clock.now,
      fetch: this.fetch,
    };
  }

  readonly fetch: typeof fetch = async (url) => {
    this.requests.push(String(url));
    throw new TypeError('there is no network here');
  };

  /** Gives an access token of the form of RFC 9068, with one thing about it changed. */
  token(mutation: Mutation = {}): string {
    const header = toJsonText({ ...this.header, ...mutation.header });
    const payload = toJsonText({ ...this.payload, ...mutation.payload });
    return signRawToken({
      header: mutation.rewriteHeader?.(header) ?? header,
      payload: mutation.rewritePayload?.(payload) ?? payload,
      key: mutation.key ?? this.keys.privateKey,
      algorithm: mutation.signWith ?? this.algorithm,
    });
  }

  get header(): JsonTexts {
    return { alg: JSON.stringify(this.algorithm), typ: '"at+jwt"', kid: JSON.stringify(this.jwk.kid) };
  }

  get payload(): JsonTexts {
    return {
      iss: JSON.stringify(this.issuer),
      sub: '"test-user"',
      aud: JSON.stringify(this.audience),
      client_id: '"test-client"',
      iat: String(this.now),
      exp: String(this.now + 3600),
      jti: '"token-1"',
      scope: '"read"',
    };
  }
}

/** Makes a key pair that fits an algorithm. */
export function generateKeys(algorithm: Algorithm): KeyPair {
  const entry: { readonly kty: string; readonly crv?: string } = ALGORITHMS[algorithm];
  if (entry.kty === 'RSA') return nextRsaKeys();
  if (algorithm === 'Ed448') return generateKeyPairSync('ed448');
  if (entry.kty === 'OKP') return generateKeyPairSync('ed25519');
  // The types of the oldest Node.js that is supported do not know the name.
  if (entry.kty === 'AKP') return generateKeyPairSync(algorithm.toLowerCase() as 'ed25519');
  return generateKeyPairSync('ec', { namedCurve: entry.crv as string });
}

const SHARED_KEYS = new Map<string, KeyPair>();

/** The one key pair of its kind that tests share which need no new one: to make an RSA key takes its time. */
export function sharedKeys(algorithm: Algorithm): KeyPair {
  const { kty, crv = '' } = ALGORITHMS[algorithm] as { readonly kty: string; readonly crv?: string };
  const kind = kty === 'AKP' ? algorithm : `${kty} ${crv}`;
  const keys = SHARED_KEYS.get(kind) ?? (kty === 'RSA' ? generateRsaKeys() : generateKeys(algorithm));
  SHARED_KEYS.set(kind, keys);
  return keys;
}

export function toJwk(key: KeyObject): JWK {
  return key.export({ format: 'jwk' }) as JWK;
}

/** Far away, so that no step of the clock makes a token bad. */
const UNENDING = { exp: '253402300000' };

/** A token that the clock makes neither good nor bad. */
export function unendingToken(issuer: RawIssuer, jti: string, mutation: Mutation = {}): string {
  return issuer.token({ ...mutation, payload: { ...UNENDING, jti: JSON.stringify(jti), ...mutation.payload } });
}

/** A second key of an issuer. */
export function nextKey({ issuer, clock }: RawIssuer): RawIssuer {
  return new RawIssuer({ issuer, clock, kid: 'key-2' });
}
