/** For a machine that is late: everything that is an option, and all scenarios, take so many times as long. */
export const SCALE = Number(process.env['CHAOS_SCALE'] ?? 1);

/**
 * The durations of the trial, in seconds. The servers get them as options, and the oracle reads them here. Hours of the
 * defaults (docs/options.md) are seconds here; what is no option (the back-off, the minute of `iat`) is as in production.
 */
export const DURATIONS = {
  /** `keys.maxAgeSeconds`, 600 by default. */
  maxAge: 2 * SCALE,
  /** `keys.staleIfErrorSeconds`, 3600 by default. */
  staleIfError: 3 * SCALE,
  /** `keys.fetchTimeoutSeconds` and `introspection.timeoutSeconds`, 5 by default. */
  timeout: 0.6 * SCALE,
  /** `keys.refetchEverySeconds`, 30 by default. */
  refetchEvery: 1 * SCALE,
  /** `introspection.cacheSeconds`, 60 by default. */
  cache: 3 * SCALE,
  /** `clockToleranceSeconds`, 5 by default. */
  clockTolerance: 1,
} as const;

/** `keys.refetchBurst`. */
export const REFETCH_BURST = 3;
/** docs/keys.md: a key set that was requested so many seconds after a token was issued has its key, or nobody has. */
export const PUBLISHED_WITHIN = 60;
/** docs/keys.md: the longest wait between two attempts. */
export const LONGEST_WAIT = 60;
/** docs/introspection.md: how long a refusal holds at most. */
export const REFUSED_FOR = Math.min(5, DURATIONS.cache);

export const AUDIENCE = 'https://orders.example.com';
export const OTHER_AUDIENCE = 'https://reports.example.com';
export const SCOPE = 'orders:read';
export const REALM = AUDIENCE;

/** How a server finds out whether a token is good: by discovery, by `jwksUri`, by introspection. */
export const SOURCES = ['discovery', 'direct', 'opaque'] as const;
export type Source = (typeof SOURCES)[number];
