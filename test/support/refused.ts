import { JwsProblem, Malformed } from '../../src/jws/malformed.js';
import type { Refusal } from '../../src/protocol/refusal.js';
import { refuseJws } from '../../src/token/jwt-access-token.js';

/** Gives a problem of a JWS as the refusal that it becomes for an access token; anything else as it is. */
export function refused<T>(parsed: T | JwsProblem): T | Refusal {
  return parsed instanceof JwsProblem ? refuseJws(parsed) : parsed;
}

/** Gives why something is malformed, as a text; anything else as it is. */
export function why<T>(parsed: T | Malformed): T | string {
  return parsed instanceof Malformed ? parsed.why : parsed;
}
