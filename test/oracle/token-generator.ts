import { signBytes, signRawToken, toSegment } from '../support/raw-token.js';
import { DAMAGE_NAMES, damage, respell, SPELLING_NAMES } from './encoding.js';
import { type Member, pickClaim, pickHeaderParameter } from './hostile-values.js';
import { JSON_MUTATIONS, mutateJson, writeObject } from './json-mutations.js';
import { Random } from './random.js';
import { SIGNATURE_MUTATIONS, signAs, signWithoutLeadingZero, signWrongly } from './signing.js';
import { type OracleProfile, type SigningKey, type SigningWorld, TOLERANCE_SECONDS, type World } from './world.js';

/** A token, when it is looked at, and by which rules. */
export interface Sample {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly profile: OracleProfile;
  readonly world: World;
  /** What was done to a good token, in order; nothing for a good one. */
  readonly steps: readonly string[];
}

/** A token that was found before, to go on from. */
export type Seedling = Pick<Sample, 'token' | 'at' | 'profile' | 'world'>;

export const NOW_SECONDS = 1_800_000_000;

const UNFIT_KEY = 'a key of the issuer that is not for this';
const FOREIGN_KEY = 'a key of somebody else';

/** Every step that a sample may name. */
export const STEPS: readonly string[] = [
  'the time',
  UNFIT_KEY,
  FOREIGN_KEY,
  'claim set',
  'claim left out',
  'parameter set',
  'parameter left out',
  ...['header', 'payload'].flatMap((part) => [
    ...JSON_MUTATIONS.map((name) => `${part}: ${name}`),
    ...SPELLING_NAMES.map((name) => `${part}: ${name}`),
  ]),
  ...SIGNATURE_MUTATIONS.map((name) => `signed: ${name}`),
  ...DAMAGE_NAMES.map((name) => `damaged: ${name}`),
  'a zero left out in front of a PSS signature',
  'a token of the corpus',
];

const POOL_SIZE = 64;

/**
 * Makes tokens that are good, or are not by a mutation or some. A seed and an index say which mutations, so that
 * they can be repeated; keys and the salts of signatures are new in every process.
 */
export class TokenGenerator {
  readonly #world: SigningWorld;
  readonly #seed: number;
  readonly #corpus: readonly Seedling[];
  /** Good tokens, signed once: most damage needs no new signature. */
  readonly #pool: readonly string[];
  /** A PS256 token whose signature begins with a zero, without it. Made when it is needed: it takes many tries. */
  #shortened: string | undefined;

  constructor(world: SigningWorld, seed: number, corpus: readonly Seedling[]) {
    this.#world = world;
    this.#seed = seed;
    this.#corpus = corpus;
    const random = new Random(seed, -1);
    this.#pool = Array.from({ length: POOL_SIZE }, (_, index) => {
      const key = world.keys[index % world.keys.length] as SigningKey;
      const payload = [...goodClaims(world), ['note', `"${index}"`] as const];
      const extra = random.chance(0.5) ? ([['scp', '["read"]']] as const) : [];
      return sign(key, writeObject(goodHeader(key)), writeObject([...payload, ...extra]));
    });
  }

  /** The sample of an index. */
  sample(index: number): Sample {
    const random = new Random(this.#seed, index);
    const profile = random.chance(0.7) ? 'rfc9068' : 'jwt';
    const at = NOW_SECONDS * 1000 + random.pick([0, 0, 250, 500, 999]);
    const base = { world: this.#world, profile, at } as const;
    return random.weighted<() => Sample>([
      [60, () => ({ ...base, ...this.#forge(random, at) })],
      [24, () => ({ ...base, ...this.#damaged(random) })],
      [8, () => ({ ...base, ...this.#atAnotherTime(random) })],
      [this.#corpus.length === 0 ? 0 : 6, () => this.#fromCorpus(random)],
      [1, () => ({ ...base, ...this.#shorten() })],
      [1, () => ({ ...base, token: random.pick(this.#pool), steps: [] })],
    ])();
  }

  /** Changes a token before it is signed, or signs it wrongly. */
  #forge(random: Random, at: number): Pick<Sample, 'token' | 'steps'> {
    const steps: string[] = [];
    const key = this.#pickKey(random, steps);
    const wrong = random.chance(0.12) ? random.pick(SIGNATURE_MUTATIONS) : undefined;
    let header = goodHeader(this.#world.forgeable[wrong ?? ''] ?? key);
    let payload = goodClaims(this.#world);
    if (random.chance(0.3)) header = this.#changeHeader(header, random, steps);
    const changes = random.weighted([
      [45, 0],
      [45, 1],
      [10, 2],
    ]);
    for (let i = 0; i < changes; i += 1) payload = changeClaims(payload, random, at / 1000, steps);
    if (random.chance(0.2)) payload = [...payload].sort(() => random.below(3) - 1);

    const segments = [
      toSignedSegment('header', writeObject(header), random, steps),
      toSignedSegment('payload', writeObject(payload), random, steps),
    ];
    const input = Buffer.from(segments.join('.'));
    if (wrong !== undefined) steps.push(`signed: ${wrong}`);
    const context = { input, key, world: this.#world, random };
    const signature = wrong === undefined ? signAs(key, input) : signWrongly(wrong, context);
    return { token: `${input}.${toSegment(signature)}`, steps };
  }

  #pickKey(random: Random, steps: string[]): SigningKey {
    const { keys, unfitKeys, foreignKeys } = this.#world;
    if (random.chance(0.94)) return random.weighted(keys.map((key) => [weightOf(key), key] as const));
    const isUnfit = random.chance(0.5);
    steps.push(isUnfit ? UNFIT_KEY : FOREIGN_KEY);
    return random.pick(isUnfit ? unfitKeys : foreignKeys);
  }

  #changeHeader(header: readonly Member[], random: Random, steps: string[]): readonly Member[] {
    if (random.chance(0.3)) {
      const [name] = random.pick(header);
      steps.push('parameter left out');
      return header.filter(([other]) => other !== name);
    }
    const [name, value] = pickHeaderParameter(random);
    steps.push('parameter set');
    return [...header.filter(([other]) => other !== name), [name, value]];
  }

  #damaged(random: Random): Pick<Sample, 'token' | 'steps'> {
    const { token, name } = damage(random.pick(this.#pool), random.pick(this.#pool), random);
    return { token, steps: [`damaged: ${name}`] };
  }

  #atAnotherTime(random: Random): Pick<Sample, 'token' | 'steps' | 'at'> {
    const edge = random.pick([0, 3600]) + random.pick([-1, 0, 1]) * TOLERANCE_SECONDS;
    const shift = edge * 1000 + random.pick([-1000, -500, -1, 0, 1, 500, 999, 1000]);
    return { token: random.pick(this.#pool), at: NOW_SECONDS * 1000 + shift, steps: ['the time'] };
  }

  #shorten(): Pick<Sample, 'token' | 'steps'> {
    this.#shortened ??= shorten(this.#world);
    return { token: this.#shortened, steps: ['a zero left out in front of a PSS signature'] };
  }

  #fromCorpus(random: Random): Sample {
    const { token, at, profile, world } = random.pick(this.#corpus);
    const { token: other } = random.pick(this.#corpus);
    const steps = ['a token of the corpus'];
    if (random.chance(0.2)) return { token, at: at + random.pick([-3_600_000, -1000, 1000]), profile, world, steps };
    const damaged = damage(token, other, random);
    return { token: damaged.token, at, profile, world, steps: [...steps, `damaged: ${damaged.name}`] };
  }
}

/** RSA signs twenty times slower than the others, and keys that share a kid are not what every token is about. */
function weightOf({ kid, algorithm }: SigningKey): number {
  if (kid === 'ec' || kid === 'ed') return 16;
  return algorithm === 'ES256' ? 2 : 1;
}

function goodHeader({ algorithm, kid }: Pick<SigningKey, 'algorithm' | 'kid'>): readonly Member[] {
  const named: readonly Member[] = kid === undefined ? [] : [['kid', JSON.stringify(kid)]];
  return [['alg', JSON.stringify(algorithm)], ['typ', '"at+jwt"'], ...named];
}

/** The claims of RFC 9068 §2.2, issued now, good for an hour. */
function goodClaims({ issuer, audience }: World): readonly Member[] {
  return [
    ['iss', JSON.stringify(issuer)],
    ['sub', '"test-user"'],
    ['aud', JSON.stringify(audience)],
    ['client_id', '"test-client"'],
    ['iat', String(NOW_SECONDS)],
    ['exp', String(NOW_SECONDS + 3600)],
    ['jti', '"token-1"'],
    ['scope', '"read"'],
  ];
}

function changeClaims(claims: readonly Member[], random: Random, now: number, steps: string[]): readonly Member[] {
  if (random.chance(0.15)) {
    const [name] = random.pick(claims);
    steps.push('claim left out');
    return claims.filter(([other]) => other !== name);
  }
  const [name, value] = pickClaim(random, Math.floor(now));
  steps.push('claim set');
  return [...claims.filter(([other]) => other !== name), [name, value]];
}

function toSignedSegment(part: 'header' | 'payload', text: string, random: Random, steps: string[]): string {
  let bytes: Buffer | string = text;
  if (random.chance(0.15)) {
    const mutated = mutateJson(text, random);
    steps.push(`${part}: ${mutated.name}`);
    bytes = mutated.bytes;
  }
  if (!random.chance(0.06)) return toSegment(bytes);
  const { segment, name } = respell(toSegment(bytes), random);
  steps.push(`${part}: ${name}`);
  return segment;
}

function sign(key: SigningKey, header: string, payload: string): string {
  return signRawToken({ header, payload, key: key.privateKey, algorithm: key.algorithm });
}

function shorten(world: SigningWorld): string {
  const key = world.keys.find(({ kid }) => kid === 'pss');
  if (key === undefined) throw new Error('there is no key for PS256');
  const input = `${toSegment(writeObject(goodHeader(key)))}.${toSegment(writeObject(goodClaims(world)))}`;
  const signature = signWithoutLeadingZero(() => signBytes('PS256', key.privateKey, Buffer.from(input)));
  return `${input}.${toSegment(signature)}`;
}
