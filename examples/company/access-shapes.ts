/** How many requests were let in and refused within some seconds. */
export interface Span {
  readonly accepted: number;
  readonly refused: number;
}

/** How one process checks access, as its `/access` tells it. */
export interface AccessReport {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly accepted: number;
  /** How many requests were refused, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** The last five minutes, oldest first. */
  readonly spans: readonly Span[];
  readonly spanSeconds: number;
  readonly status: {
    readonly issuers: readonly IssuerStatus[];
    readonly tokenCache?: TokenCacheStatus | undefined;
  };
}

interface TokenCacheStatus {
  readonly size: number;
  readonly max: number;
  readonly hits: number;
  readonly misses: number;
}

/** What is shown of what a verifier says of an issuer. */
export interface IssuerStatus {
  readonly issuer: string;
  readonly state: 'empty' | 'fresh' | 'stale' | 'failing' | 'static';
  readonly ageSeconds?: number | undefined;
  readonly lastError?: string | undefined;
  readonly keys: readonly {
    readonly kid?: string | undefined;
    readonly algorithms: readonly string[];
    readonly ageSeconds: number;
  }[];
}
