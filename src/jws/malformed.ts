/**
 * Why something that was received is not what it should be. Neutral: whoever reads a signed text maps it to reasons
 * of their own. `why` completes a sentence ("the header ..."), and holds nothing of the input but quoted words.
 */
export class Malformed {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** What is wrong with a compact JWS or with its header. */
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

/** Why a text is no JWS that could be verified. */
export class JwsProblem extends Malformed {
  readonly fault: JwsFault;

  constructor(fault: JwsFault, why: string) {
    super(why);
    this.fault = fault;
  }
}
