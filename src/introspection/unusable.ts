/** Says that a response of the issuer cannot be used. Whatever it is about, the token is not to blame. */
export class Unusable {
  /** For the server's log. Untrusted text in it is quoted and cut. */
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}
