import { readFileSync } from 'node:fs';
import { maxHeaderSize } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE } from '../support/built-package.js';

const read = (path: string) => readFileSync(join(PACKAGE, path), 'utf8');

const toNumber = (text: string) => Number(text.replaceAll(/[_,]/g, ''));

/** A number as the code has it. */
function numberIn(path: string, pattern: RegExp): number {
  const found = pattern.exec(read(path))?.[1];
  if (found === undefined) throw new Error(`${path} has nothing like ${pattern}`);
  return toNumber(found);
}

const constant = (path: string, name: string) =>
  numberIn(path, new RegExp(`^(?:export )?const ${name} = ([\\d_]+)n?;`, 'm'));
const optionOf = (path: string, name: string, word: 'fallback' | 'max') =>
  numberIn(path, new RegExp(`^ {2}${name}: number\\(\\{.*\\b${word}: ([\\d_]+)`, 'm'));
const option = (name: string) => optionOf('src/verifier/options.ts', name, 'fallback');
const maxOfOption = (name: string) => optionOf('src/verifier/options.ts', name, 'max');
const introspection = (name: string) => optionOf('src/issuer/introspection-options.ts', name, 'fallback');
const backOff = (name: string, limits = 'DEFAULT_LIMITS') =>
  numberIn('src/resilience/back-off.ts', new RegExp(`${limits}.*\\b${name}: ([\\d.]+)`));

function waits(limits?: string): readonly number[] {
  const first = backOff('firstSeconds', limits);
  return [first * (1 - backOff('jitter', limits)), first, backOff('maxSeconds', limits)];
}

const ABSENT = 'src/keys/absent-keys.ts';
const INTROSPECTOR = 'src/introspection/introspector.ts';
const USER_INFO = 'src/introspection/user-info-cache.ts';
const RESOLVED = 'src/issuer/resolved-issuers.ts';
const RSA = 'src/jws/verification-key.ts';
const KIB = 1024;
const secrets = () => /HMAC_ALGORITHMS = \{(.*)\}/.exec(read('src/jws/algorithm.ts'))?.[1] ?? '';

/** The numbers of each row, in their order, from the code. */
const ROWS: Readonly<Record<string, () => readonly number[]>> = {
  'length of a token': () => [option('maxTokenBytes'), maxOfOption('maxTokenBytes') / KIB / KIB, maxHeaderSize / KIB],
  'depth of JSON in a token': () => [constant('src/jws/scan-json.ts', 'MAX_DEPTH')],
  'dates in a token': () => {
    return [0, new Date(constant('src/token/claim-rules.ts', 'MAX_DATE_SECONDS') * 1000).getUTCFullYear()];
  },
  'clock tolerance': () => [
    option('clockToleranceSeconds'),
    maxOfOption('clockToleranceSeconds'),
    constant('src/token/claim-rules.ts', 'MAX_IAT_AHEAD_SECONDS'),
  ],
  'lifetime of a token': () => [],
  'signatures checked for a token': () => {
    return [constant('src/keys/key-set.ts', 'MAX_CANDIDATES'), constant('src/issuer/public-key-option.ts', 'MAX_KEYS')];
  },
  'cached tokens': () => [constant('src/verifier/options.ts', 'DEFAULT_TOKEN_CACHE_MAX')],
  'one fetch of metadata or keys': () => [option('fetchTimeoutSeconds'), option('maxResponseBytes') / KIB],
  'age of keys': () => [option('maxAgeSeconds'), option('staleIfErrorSeconds')],
  'import of a large key set': () => [constant('src/platform/time-slices.ts', 'MAX_SLICE_MS')],
  'fetches because of unknown `kid`s': () => {
    return [option('refetchBurst'), 1, option('refetchEverySeconds'), constant(ABSENT, 'PUBLISHED_WITHIN_SECONDS')];
  },
  'what one request waits for': () => [option('fetchTimeoutSeconds')],
  'waiting after a fetch that failed': () => {
    return [...waits(), constant('src/resilience/back-off.ts', 'MAX_WAIT_WITHOUT_VALUE_SECONDS')];
  },
  'waiting after introspections without an answer': () => {
    const [least, first] = waits();
    const longest = constant('src/resilience/back-off.ts', 'MAX_WAIT_WITHOUT_VALUE_SECONDS');
    return [least, first, longest, constant('src/resilience/circuit-breaker.ts', 'SOURCES_OF_AN_OUTAGE')] as number[];
  },
  'cached unknown keys': () => [constant(ABSENT, 'MAX_ABSENT_KEYS'), constant(ABSENT, 'MAX_KID_LENGTH')],
  'one introspection': () => {
    return [introspection('timeoutSeconds'), option('maxResponseBytes') / KIB, introspection('maxInFlight')];
  },
  'cached introspection responses': () => {
    const active = [introspection('cacheMax'), introspection('cacheSeconds')];
    return [...active, constant(INTROSPECTOR, 'MAX_INACTIVE'), constant(INTROSPECTOR, 'INACTIVE_SECONDS')];
  },
  'shared secrets from a function': () => [option('maxAgeSeconds'), option('staleIfErrorSeconds')],
  'one UserInfo request': () => {
    const inFlight = constant('src/introspection/user-info-endpoint.ts', 'MAX_IN_FLIGHT');
    return [option('fetchTimeoutSeconds'), option('maxResponseBytes') / KIB, inFlight];
  },
  'cached UserInfo': () => {
    const answers = [constant(USER_INFO, 'MAX_ANSWERS'), constant(USER_INFO, 'MAX_AGE_SECONDS')];
    return [...answers, constant(USER_INFO, 'MAX_REFUSED'), constant(USER_INFO, 'REFUSED_SECONDS')];
  },
  'signatures checked on the main thread': () => [1, constant('src/jws/signature.ts', 'MAX_QUICK_RSA_OCTETS') * 8],
  'RSA keys': () => {
    const exponent = /MAX_RSA_EXPONENT = (0x[f_]+)n;/.exec(read(RSA))?.[1]?.replaceAll('_', '') ?? '0x0';
    const sizes = [constant('src/jws/algorithm.ts', 'MIN_RSA_BITS'), constant(RSA, 'MAX_RSA_BITS')];
    return [...sizes, constant(RSA, 'MIN_RSA_EXPONENT'), Number(exponent).toString(2).length];
  },
  'shared secrets': () => [...secrets().matchAll(/: (\d+)/g)].map(([, bytes]) => Number(bytes)),
  'issuers that a function finds': () => {
    const names = ['MAX_ISSUERS', 'MAX_REFUSED', 'REFUSED_FOR_SECONDS', 'MAX_PENDING', 'MAX_ISSUER_LENGTH'];
    return names.map((name) => constant(RESOLVED, name));
  },
  'text of a token in a log line': () => [constant('src/protocol/refusal.ts', 'MAX_QUOTE_LENGTH')],
  'text of an option in an error': () => [constant('src/options/describe-value.ts', 'MAX_CHARACTERS_SHOWN')],
};

function parseTable(): ReadonlyMap<string, string> {
  const section = read('SECURITY.md').split('\n## Bounds\n')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| (.+?) \| (.+) \|$/gm)].map(
    ([, what = '', bound = '']) => [what, bound] as const,
  );
  return new Map(rows.filter(([what]) => what !== 'what'));
}

/** Numbers by themselves: not those in the names of options, algorithms and RFCs, and no HTTP status. */
function numbersIn(bound: string): readonly number[] {
  const plain = bound.replaceAll(/RFC \d+ §[\d.]+|then 503/g, '');
  return [...plain.matchAll(/(?<![\w.-])\d[\d,]*(?:\.\d+)?(?![\w])/g)].map(([text]) =>
    toNumber(text.replace(/,$/, '')),
  );
}

describe('the bounds in SECURITY.md', () => {
  it('CWE-770: are all known to this test', () => {
    expect([...parseTable().keys()].sort()).toEqual(Object.keys(ROWS).sort());
  });

  it.each(Object.keys(ROWS))('CWE-770: %s: every number is that of the code', (what) => {
    expect(numbersIn(parseTable().get(what) ?? '')).toEqual(ROWS[what]?.());
  });
});
