import { createIssuer, type Issuer } from '../../src/issuer/issuer.js';
import { parseIssuerOptions } from '../../src/issuer/issuer-options.js';
import { isHmacAlgorithm } from '../../src/jws/algorithm.js';
import { type CompactJws, parseCompactJws } from '../../src/jws/compact-jws.js';
import { parseJoseHeader } from '../../src/jws/jose-header.js';
import { parseStrictJsonObject } from '../../src/jws/strict-json.js';
import { ConfigurationError } from '../../src/options/configuration-error.js';
import type { JsonObject } from '../../src/protocol/json-object.js';
import { Refusal } from '../../src/protocol/refusal.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { isSignedBy } from '../support/is-signed-by.js';
import { issuerRules } from '../support/issuer-rules.js';
import { refused } from '../support/refused.js';
import { type JoseGroup, keysOf, type WycheproofKey } from '../support/wycheproof.js';

export const ISSUER = 'https://issuer.test';

/** The options of an issuer with the keys of a group: a secret where all of them are for HMAC, else a key set. */
export function issuerOptionsOf(group: JoseGroup) {
  const keys = keysOf(group.public ?? group.private);
  const algorithms = keys.map(({ alg }) => alg).filter(isHmacAlgorithm);
  if (algorithms.length < keys.length) return { issuer: ISSUER, jwks: { keys } };
  return { issuer: ISSUER, secret: keys.map(bytesOf), algorithms: [...new Set(algorithms)] };
}

function bytesOf({ k }: WycheproofKey): Buffer {
  return Buffer.from(String(k), 'base64url');
}

/**
 * Takes a JWS through every step but those that read claims, whose payloads need not be JSON. Gives the reason
 * of a refusal, `accepted`, or the message of the error where the keys of the group are refused at start.
 */
export async function judgeJws(token: string, group: JoseGroup): Promise<string> {
  const issuer = createIssuerOf(group);
  if (typeof issuer === 'string') return issuer;
  const jws = parseAnyPayload(token);
  if (jws instanceof Refusal) return jws.reason;
  const header = refused(parseJoseHeader(jws.header, issuer.rules));
  if (header instanceof Refusal) return header.reason;
  const keys = await issuer.keys.find({ ...header, isPlausible: () => false });
  if (keys instanceof Refusal) return keys.reason;
  for (const key of keys) {
    if (await isSignedBy(header.algorithm, key, jws.signingInput, jws.signature)) return 'accepted';
  }
  return 'signature_invalid';
}

function createIssuerOf(group: JoseGroup): Issuer | string {
  try {
    const config = parseIssuerOptions(issuerOptionsOf(group), 'issuer', issuerRules());
    const { now: clock } = new TestClock(1_800_000_000_000);
    return createIssuer(config, {
      clock,
      fetch: noFetch,
      keyLimits: {} as never,
      signal: new AbortController().signal,
    });
  } catch (error) {
    if (error instanceof ConfigurationError) return `refused at start: ${error.message}`;
    throw error;
  }
}

async function noFetch(): Promise<never> {
  throw new TypeError('there is no network here');
}

/** Lets a payload pass that is well encoded and no JSON: it is judged last, so that all else was found good. */
function parseAnyPayload(token: string): CompactJws | Refusal {
  const parsed = refused(parseCompactJws(token, Number.MAX_SAFE_INTEGER));
  if (!(parsed instanceof Refusal) || !/^the payload (?!is not canonical)/.test(parsed.detail)) return parsed;
  const [header = '', payload = '', signature = ''] = token.split('.');
  return {
    newHeader: header,
    header: parseStrictJsonObject(Buffer.from(header, 'base64url')) as JsonObject,
    payload: {},
    signingInput: Buffer.from(`${header}.${payload}`),
    signature: Buffer.from(signature, 'base64url'),
  };
}
