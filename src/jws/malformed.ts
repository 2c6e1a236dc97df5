/**
 * A problem of received data. It has no reason code: each reader of signed texts maps it to its own. `why` completes a
 * sentence ("the header ...") and holds nothing of the input but quoted words.
 */
export class Malformed {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** The fault of a compact JWS or of its header. */
export type JwsFault =
  | 'too_large'
  /** There is no dot in it. */
  | 'not_compact'
  /** A compact JWE. */
  | 'encrypted'
  | 'malformed'
  | 'critical_header'
  | 'algorithm_not_allowed'
  | 'kid_missing';

/** Why a text is no JWS, or has a header that is not allowed. */
export class JwsProblem extends Malformed {
  readonly fault: JwsFault;

  constructor(fault: JwsFault, why: string) {
    super(why);
    this.fault = fault;
  }
}
