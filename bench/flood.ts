import { createVerifier, type Verifier } from '../dist/index.js';
import { createTestIssuer } from '../dist/testing/index.js';
import { sendResult } from './lib/programs.js';
import { type PartResult, ratio } from './lib/report.js';
import type { Settings } from './lib/settings.js';
import { quantile, Samples } from './lib/statistics.js';
import { checkTarget } from './targets.js';

/*
 * Does a flood of made-up kids slow down requests whose keys are known?
 *
 * Quiet and flooded rounds take turns, so that whatever else the machine does falls on both; of each round the
 * p99 is taken, and of those the median. 10,000 made-up kids a minute are one in 6 ms; here one comes before
 * each request with a known key, at the pace of the machine, which is some thirty times as many.
 */
const REQUESTS = 1000;
const TOKENS = 200;
// The clock of a round moves by 6 s, so that no token expires while they run.
const YEAR_SECONDS = 365 * 24 * 3600;

const { isQuick } = JSON.parse(process.argv[2] ?? '{"isQuick":true}') as Settings;
const rounds = isQuick ? 3 : 21;
const issuer = await createTestIssuer();
const tokens = await Promise.all(
  Array.from({ length: TOKENS }, () => issuer.token({ expiresInSeconds: YEAR_SECONDS })),
);
let madeUp = 0;

/** The same token under a kid that nobody has, so that a key has to be looked for. */
function withMadeUpKid(token: string): string {
  const [header = '', ...rest] = token.split('.');
  const members = JSON.parse(Buffer.from(header, 'base64url').toString()) as object;
  madeUp += 1;
  const changed = JSON.stringify({ ...members, kid: `made-up-${madeUp}` });
  return [Buffer.from(changed).toString('base64url'), ...rest].join('.');
}

async function p99OfRound(verifier: Verifier, isFlooded: boolean): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < REQUESTS; i += 1) {
    const token = tokens[i % tokens.length] as string;
    if (isFlooded) verifier.verify(withMadeUpKid(token)).catch(() => {});
    issuer.advance(0.006);
    await new Promise(setImmediate);
    const start = process.hrtime.bigint();
    await verifier.verify(token);
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  return quantile(times, 0.99);
}

/** Adds the p99 of each round to `samples`, as `quiet, NAME` and `flooded, NAME`. */
async function measure(samples: Samples, name: string, tokenCache: false | { max: number }): Promise<void> {
  const verifier = createVerifier({ ...issuer.verifierOptions, tokenCache });
  await p99OfRound(verifier, false);
  await p99OfRound(verifier, true);
  for (let round = 0; round < rounds; round += 1) {
    samples.add(`quiet, ${name}`, await p99OfRound(verifier, false));
    samples.add(`flooded, ${name}`, await p99OfRound(verifier, true));
  }
}

const ANEW = 'tokens that are verified anew';
const BEFORE = 'tokens that were verified before';
const samples = new Samples();
await measure(samples, ANEW, false);
await measure(samples, BEFORE, { max: 1000 });

const medians = (name: string) => [samples.median(`quiet, ${name}`), samples.median(`flooded, ${name}`)] as const;
const anew = medians(ANEW);
const before = medians(BEFORE);
const flood = 'a flood of unknown kids';
sendResult({
  tables: [
    {
      name: 'flood',
      title: 'A flood of made-up kids',
      columns: ['requests', 'p99 quiet, ms', 'p99 flooded, ms', 'ratio'],
      rows: [
        [ANEW, ...anew, ratio(anew[1], anew[0])],
        [BEFORE, ...before, ratio(before[1], before[0])],
      ],
    },
  ],
  targets: [
    checkTarget('flood-new', `${flood}, ${ANEW}: p99 flooded, of quiet`, anew[1] / anew[0]),
    checkTarget('flood-known', `${flood}, ${BEFORE}: p99 flooded, above quiet, ms`, before[1] - before[0]),
  ],
  spreads: samples.spreads('p99 ms', 'flood: '),
} satisfies PartResult);
