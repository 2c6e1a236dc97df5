import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { JSONWebKeySet, JWK } from 'jose';
import type { Algorithm } from '../../src/jws/algorithm.js';
import { generateKeys, toJwk } from '../support/raw-issuer.js';

/** What the judges have to agree upon before they look at a token. */
export interface World {
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: JSONWebKeySet;
}

/** Which of our profiles judges. The strict one has two others beside it, the default one has jose. */
export type OracleProfile = 'rfc9068' | 'jwt';

export const ISSUER = 'https://issuer.test';
export const AUDIENCE = 'https://api.test';
/** Names of forgeries. */
export const EXPONENT_ONE = 'forged for e = 1';
export const NEUTRAL_POINT = 'forged for the neutral point';
export const TOLERANCE_SECONDS = 5;
/** The algorithms that every judge is told to accept. `Ed25519` has no good key in the set. */
export const ACCEPTED_ALGORITHMS: readonly Algorithm[] = ['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519'];

/** A key of the issuer that the generator can sign with. */
export interface SigningKey {
  readonly kid: string | undefined;
  readonly algorithm: Algorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface SigningWorld extends World {
  /** Keys whose tokens are good. */
  readonly keys: readonly SigningKey[];
  /** Keys of the set that no token may be signed with like this: too short, for encryption, for another algorithm. */
  readonly unfitKeys: readonly SigningKey[];
  /** Keys that are not in the set. */
  readonly foreignKeys: readonly SigningKey[];
  /** Keys of the set that everybody can sign for, by the name of the forgery. */
  readonly forgeable: { readonly [forgery: string]: Pick<SigningKey, 'kid' | 'algorithm'> };
}

/**
 * Makes an issuer whose key set has all that makes the choice of a key hard: a kid three times, a key without
 * kid, one without alg, one for encryption, a short one, and two under which everybody can sign.
 */
export function createWorld(): SigningWorld {
  const rsa = generateKeys('RS256');
  const key = (algorithm: Algorithm, kid: string | undefined, pair = generateKeys(algorithm)): SigningKey => ({
    kid,
    algorithm,
    ...pair,
  });
  const published = (signing: SigningKey, members: JWK = {}): JWK => ({
    ...toJwk(signing.publicKey),
    ...(signing.kid !== undefined && { kid: signing.kid }),
    ...members,
  });

  const ec = key('ES256', 'ec');
  const withoutKid = key('ES256', undefined);
  const rs = key('RS256', 'rsa', rsa);
  const ps = key('PS256', 'pss');
  const ed = key('EdDSA', 'ed');
  const withoutAlg = key('RS256', 'no-alg');
  const twins = [key('ES256', 'twin'), key('ES256', 'twin'), key('ES256', 'twin')];
  const forEncryption = key('RS256', 'enc', rsa);
  const notAccepted = key('ES384', 'p384');
  const short = key('RS256', 'short', generateKeyPairSync('rsa', { modulusLength: 1024 }));
  const exponentOne = { kid: 'e-1', algorithm: 'RS256' } as const;
  const neutral = { kid: 'neutral', algorithm: 'Ed25519' } as const;
  const neutralPoint = Buffer.alloc(32);
  neutralPoint.writeUInt8(1, 0);

  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    jwks: {
      keys: [
        published(ec, { alg: 'ES256', use: 'sig' }),
        published(withoutKid),
        published(rs, { alg: 'RS256', use: 'sig' }),
        published(ps, { alg: 'PS256' }),
        published(ed, { alg: 'EdDSA', key_ops: ['verify'] }),
        published(withoutAlg),
        ...twins.map((twin) => published(twin)),
        published(forEncryption, { use: 'enc' }),
        published(notAccepted, { alg: 'ES384' }),
        published(short),
        { ...toJwk(rsa.publicKey), e: 'AQ', kid: exponentOne.kid, alg: 'RS256' },
        { kty: 'OKP', crv: 'Ed25519', x: neutralPoint.toString('base64url'), kid: neutral.kid, alg: 'Ed25519' },
      ],
    },
    keys: [ec, withoutKid, rs, ps, ed, withoutAlg, { ...withoutAlg, algorithm: 'PS256' }, ...twins],
    unfitKeys: [
      ...[forEncryption, notAccepted, short],
      { ...rs, algorithm: 'PS256' },
      { ...ps, algorithm: 'RS256' },
      { ...ed, algorithm: 'Ed25519' },
    ],
    foreignKeys: [key('ES256', 'ec'), key('ES256', 'elsewhere'), key('EdDSA', 'ed'), key('EdDSA', undefined)],
    forgeable: { [EXPONENT_ONE]: exponentOne, [NEUTRAL_POINT]: neutral },
  };
}
