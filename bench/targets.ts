/** What we aim for: one number, what it counts, and why it is this number. */
export interface Target {
  readonly bound: 'at most' | 'at least';
  readonly limit: number;
  readonly unit: string;
  /** Why this number. */
  readonly source: string;
}

/** Bytes of the heap that a token in the cache may take. */
const BYTES_A_TOKEN = 2.5 * 1024;
/** The default of the option `tokenCache`. */
export const CACHED_BY_DEFAULT = 10_000;

/** Every target, in the order in which docs/performance.md lists them. README.md says how to read them. */
export const TARGETS = {
  'flood-new': {
    bound: 'at most',
    limit: 1.5,
    unit: 'times the p99 of the quiet rounds',
    source:
      'A made-up token stands beside each good one and is refused without a signature. Half as much again is room for it.',
  },
  'flood-known': {
    bound: 'at most',
    limit: 0.1,
    unit: 'ms above the p99 of the quiet rounds',
    source:
      'A known token takes microseconds, so processor caches decide any ratio. A tenth of a millisecond nobody notices.',
  },
  'known-beside-hash': {
    bound: 'at most',
    limit: 1.2,
    unit: 'times the SHA-256 of the token',
    source:
      'A hash is the usual way to find a token in a cache. It is found by its end here, so that all checks fit into that time.',
  },
  'known-beside-peers': {
    bound: 'at most',
    limit: 1,
    unit: 'times the fastest peer',
    source: 'A guard checks more than a JWT library does, and is not to be slower for it.',
  },
  'new-in-process': {
    bound: 'at least',
    limit: 0.85,
    unit: 'of the rate of a bare crypto.verify callback',
    source:
      "OpenSSL's work cannot be avoided. The checks get 15 % beside it; a first prototype reached 0.77 with RS256.",
  },
  'faster-peers': {
    bound: 'at most',
    limit: 0,
    unit: 'peers',
    source: 'Nobody is to give up checks for speed.',
  },
  'new-over-http': {
    bound: 'at least',
    limit: 0.85,
    unit: 'of the rate of the route with a bare crypto.verify callback',
    source: 'The same 15 % as in process. Express takes its share of both.',
  },
  'known-over-http': {
    bound: 'at least',
    limit: 0.75,
    unit: 'of the rate of the open route, from Node.js 24 on',
    source: 'A prototype reached 0.7 to 0.85. Before Node.js 24 HTTP itself is so slow that the ratio says little.',
  },
  'known-cpu': {
    bound: 'at most',
    limit: 1,
    unit: 'times the processor time of fast-jwt with its cache, above the open route',
    source: 'The fastest peer with a cache, which checks less.',
  },
  'new-cpu': {
    bound: 'at most',
    limit: 1,
    unit: 'times the processor time of the best peer, above the open route',
    source: 'Nobody is to give up checks for speed.',
  },
  'new-cpu-beside-bare': {
    bound: 'at most',
    limit: 1.15,
    unit: 'times the processor time of a bare crypto.verify callback, above the open route',
    source: 'The same 15 % as in process.',
  },
  malformed: {
    bound: 'at most',
    limit: 3,
    unit: 'us',
    source: 'Garbage costs an attacker nothing. An eighth of an RSA verification (24 us) keeps a flood of it cheap.',
  },
  refusal: {
    bound: 'at most',
    limit: 1,
    unit: 'times an acceptance',
    source: 'A token that is refused must not be a way to make a server work more than one that is accepted.',
  },
  growth: {
    bound: 'at most',
    limit: 1.15,
    unit: 'times the time with the smallest number',
    source: 'Everything is found by name, whatever the number. 15 % is room for noise.',
  },
  'growth-tokens': {
    bound: 'at most',
    limit: 1.3,
    unit: 'times the time with 100 cached tokens',
    source: 'What lies in more memory is in the caches of the processor less often. 30 % is room for that.',
  },
  'cached-token': {
    bound: 'at most',
    limit: BYTES_A_TOKEN,
    unit: 'bytes of the heap',
    source: 'The text of a token of 0.7 KiB, its claims as objects, and its place in two tables.',
  },
  'heap-after-stream': {
    bound: 'at most',
    limit: (CACHED_BY_DEFAULT * BYTES_A_TOKEN) / 2 ** 20,
    unit: 'MiB',
    source: 'A full cache of the default size. Whatever else came by must leave nothing behind.',
  },
  'process-memory': {
    bound: 'at most',
    limit: 200,
    unit: 'MB of the process',
    source: 'A server with more active tokens than its cache has room for took 138 MB without a cache.',
  },
  import: {
    bound: 'at most',
    limit: 5,
    unit: "ms above `import 'jose'`",
    source: 'jose is the least that has to be loaded. A server that starts for a request pays for the rest each time.',
  },
  'first-requests': {
    bound: 'at most',
    limit: 1,
    unit: 'times the processor time of the best peer',
    source: 'A server that starts for a few requests never gets warm. Nobody is to give up checks for its sake.',
  },
  'installed-size': {
    bound: 'at most',
    limit: 1,
    unit: 'times express-oauth2-jwt-bearer with its dependencies',
    source: 'The peer that does the same job.',
  },
  'event-loop': {
    bound: 'at most',
    limit: 5,
    unit: 'ms, p99',
    source: 'All other requests of the process wait as long. 5 ms is little beside the way over a network.',
  },
} as const satisfies Readonly<Record<string, Target>>;

export type TargetName = keyof typeof TARGETS;

/** How far one measurement is from its target. */
export interface TargetResult {
  readonly target: TargetName;
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly isMet: boolean;
}

/** Compares a value with a target. `limit` is given where the target is relative to something that was measured. */
export function checkTarget(
  target: TargetName,
  what: string,
  value: number,
  limit: number = TARGETS[target].limit,
): TargetResult {
  const isMet = TARGETS[target].bound === 'at most' ? value <= limit : value >= limit;
  return { target, what, value: round(value), limit: round(limit), isMet };
}

/** Three digits that matter; whole numbers from 100 on. */
export function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
