/** A mistake in the options. Thrown when a verifier, guard or policy is created, never by a request. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  /** The option at fault, by its path: `issuer[1].jwksUri`. */
  readonly option: string;

  constructor(option: string, problem: string, fix: string) {
    super(`${option}: ${problem} ${fix}`);
    this.option = option;
  }
}
