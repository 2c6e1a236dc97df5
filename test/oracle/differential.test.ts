import { beforeAll, describe, expect, it } from 'vitest';
import { signRawToken } from '../support/raw-token.js';
import { noteUnhandledRejections } from '../support/rejections.js';
import { thorough } from '../support/thorough.js';
import { type CorpusEntry, fileNameOf, formatEntry, readCorpus, toSeedling } from './corpus.js';
import { createJudges, judgeAll, type Verdicts } from './judges.js';
import { OURS_STRICTER, THEIRS_STRICTER } from './listed-splits.js';
import { type OracleReport, runOracle } from './oracle-run.js';
import { NOW_SECONDS, STEPS, TokenGenerator } from './token-generator.js';
import { createWorld, type OracleProfile, type SigningKey, TOLERANCE_SECONDS } from './world.js';

// `SEED=... npx vitest run test/oracle` repeats the mutations of a run; `npm run fuzz` is the long one.
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 0x1_0000_0000));
const COUNT = Number(process.env['ORACLE_RUNS'] ?? thorough(20_000, 3000));

const world = createWorld();

describe(`scopegate beside jose and oauth4webapi, SEED=${SEED}`, () => {
  const unhandled = noteUnhandledRejections();
  const corpus = readCorpus().map(toSeedling);
  let report: OracleReport;

  beforeAll(async () => {
    console.log(`oracle: SEED=${SEED}, ${COUNT} tokens`);
    report = await runOracle({ seed: SEED, count: COUNT, corpus, world, everyNthRefusal: 10 });
  }, 120_000);

  it('RFC 9068 §4: we accept nothing that they refuse, and refuse what they accept only for listed reasons', () => {
    expect(report.findings.map(describeFinding).join('\n')).toBe('');
    expect(report.findingCount).toBe(0);
    expect(unhandled()).toEqual([]);
  });

  it('the tokens are of every kind, and the judges are of different minds about many', () => {
    const ids = [...OURS_STRICTER, ...THEIRS_STRICTER].map(({ id }) => id);
    // Chance leaves out one or another of the rare ones.
    expect(STEPS.filter((step) => !report.steps.includes(step)).length).toBeLessThan(5);
    expect(ids.filter((id) => report.splits[id] === undefined).length).toBeLessThan(8);
    expect(Object.values(report.outcomes).reduce((sum, count) => sum + count, 0)).toBe(COUNT);
    const allAccept = 'scopegate accepts, jose accepts, oauth4webapi accepts';
    const allRefuse = 'scopegate refuses, jose refuses, oauth4webapi refuses';
    for (const outcome of [allAccept, allRefuse]) expect(report.outcomes[outcome]).toBeGreaterThan(COUNT / 20);
  });
});

describe('the judges', () => {
  function tokenOf({ algorithm, kid, privateKey: key }: SigningKey, jti = 'token-1'): string {
    const { issuer: iss, audience: aud } = world;
    const [iat, exp] = [NOW_SECONDS, NOW_SECONDS + 60];
    const claims = { iss, aud, sub: 'test-user', client_id: 'test-client', jti, iat, nbf: iat, exp };
    const header = JSON.stringify({ alg: algorithm, typ: 'at+jwt', kid });
    return signRawToken({ header, payload: JSON.stringify(claims), key, algorithm });
  }

  async function ask(profile: OracleProfile, token: string, seconds: number): Promise<readonly boolean[]> {
    const verdicts: Verdicts = await judgeAll(createJudges(world, profile), token, seconds * 1000);
    return Object.values(verdicts).map(({ accepted }) => accepted);
  }

  it.each(['ec', 'rsa', 'pss', 'ed', 'no-alg'])(
    'accept a good token of the key %s, and not with the claims of another',
    async (kid) => {
      const key = world.keys.find((one) => one.kid === kid) as SigningKey;
      const token = tokenOf(key);
      expect(await ask('rfc9068', token, NOW_SECONDS)).toEqual([true, true, true]);
      expect(await ask('jwt', token, NOW_SECONDS)).toEqual([true, true]);
      const [header, , signature] = token.split('.');
      const forged = [header, tokenOf(key, 'token-2').split('.')[1], signature].join('.');
      expect(await ask('rfc9068', forged, NOW_SECONDS)).toEqual([false, false, false]);
    },
  );

  it('RFC 7519 §4.1.4, §4.1.5: go by the time that they are told, to the second', async () => {
    const token = tokenOf(world.keys[0] as SigningKey);
    const [start, end] = [NOW_SECONDS - TOLERANCE_SECONDS, NOW_SECONDS + 60 + TOLERANCE_SECONDS];
    const times = [start - 1, start, end - 1, end];
    const verdicts = await Promise.all(times.map((seconds) => ask('rfc9068', token, seconds)));
    expect(verdicts).toEqual([false, true, true, false].map((accepted) => [accepted, accepted, accepted]));
  });
});

describe('the generator', () => {
  it('repeats its mutations for a seed, and makes others for another', () => {
    const stepsOf = (seed: number) => {
      const generator = new TokenGenerator(world, seed, []);
      return Array.from({ length: 200 }, (_, index) => generator.sample(index).steps);
    };
    expect(stepsOf(1)).toEqual(stepsOf(1));
    expect(stepsOf(1)).not.toEqual(stepsOf(2));
  });

  it('gives a token its index, so that several processes can share a run', () => {
    const generator = new TokenGenerator(world, SEED, []);
    const inOrder = [0, 1, 2, 3].map((index) => generator.sample(index).steps);
    const backwards = [3, 2, 1, 0].map((index) => generator.sample(index).steps);
    expect(backwards.toReversed()).toEqual(inOrder);
  });
});

/** Says all that it takes to keep a finding: write it to the file, and ask who is right. */
function describeFinding(entry: CorpusEntry): string {
  return `test/attack/corpus/${fileNameOf(entry)}\n${formatEntry(entry)}`;
}
