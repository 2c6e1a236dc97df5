/** A JSON Web Key (RFC 7517 §4) as data, public or private. Its members are checked where it is used. */
export interface Jwk {
  kty?: string;
  use?: string;
  key_ops?: string[];
  alg?: string;
  kid?: string;
  ext?: boolean;
  x5u?: string;
  x5c?: string[];
  x5t?: string;
  'x5t#S256'?: string;
  crv?: string;
  x?: string;
  y?: string;
  n?: string;
  e?: string;
  /** RFC 9964 §3. */
  pub?: string;
  d?: string;
  p?: string;
  q?: string;
  dp?: string;
  dq?: string;
  qi?: string;
  /** RFC 7518 §6.3.2.7. */
  oth?: { d?: string; r?: string; t?: string }[];
  k?: string;
  /** RFC 9964 §3. */
  priv?: string;
}

/** A JSON Web Key Set (RFC 7517 §5). */
export interface JwkSet {
  readonly keys: readonly Jwk[];
}
