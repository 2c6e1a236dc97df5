import type { JsonObject } from '../protocol/json-object.js';
import { quoteUntrusted } from '../protocol/refusal.js';
import { isAlgorithm, isHmacAlgorithm, type SignatureAlgorithm } from './algorithm.js';
import { JwsProblem } from './malformed.js';

/** The header parameters in use. `jku`, `jwk`, `x5u` and `x5c` are never read (RFC 8725 §3.10). */
export interface JoseHeader {
  readonly algorithm: SignatureAlgorithm;
  readonly kid: string | undefined;
}

/** The rules for the header of a signed text. */
export interface HeaderRules {
  readonly algorithms: ReadonlySet<SignatureAlgorithm>;
  readonly requireKid: boolean;
  /** The keys have no names: the `kid` is not looked at. */
  readonly ignoreKid: boolean;
}

/**
 * Parses the header of a JWS, before a key is looked up.
 *
 * @see RFC 7515 §4.1, RFC 8725 §3.1
 */
export function parseJoseHeader(header: JsonObject, rules: HeaderRules): JoseHeader | JwsProblem {
  const { alg, kid } = header;
  // RFC 7515 §4.1.11, RFC 7797 §6: no extension is supported, so any crit is refused.
  if (header['crit'] !== undefined) return new JwsProblem('critical_header', 'crit');
  if (header['b64'] !== undefined) return new JwsProblem('critical_header', 'b64');

  if (typeof alg !== 'string') return new JwsProblem('malformed', 'the header has no alg that is a string');
  if (!(isAlgorithm(alg) || isHmacAlgorithm(alg)) || !rules.algorithms.has(alg)) {
    return new JwsProblem('algorithm_not_allowed', `alg ${quoteUntrusted(alg)}`);
  }

  if (rules.ignoreKid) return { algorithm: alg, kid: undefined };
  // A shared secret has no name that the issuer could have meant.
  if (isHmacAlgorithm(alg) && kid !== undefined) return { algorithm: alg, kid: undefined };
  if (kid !== undefined && (typeof kid !== 'string' || kid === '')) {
    return new JwsProblem('malformed', 'the kid in the header is not a string with characters');
  }
  if (kid === undefined && rules.requireKid) return new JwsProblem('kid_missing', 'no kid in the header');
  return { algorithm: alg, kid };
}
