// Shows that finding the issuer of a token and its key does not grow with the number of issuers.
// Prints medians of interleaved rounds and their ratios: `npm run bench`.
import { createIssuerRegistry } from '../../src/issuer/create-issuer-registry.js';
import type { Issuer } from '../../src/issuer/issuer.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { createVerifier, type Verifier } from '../../src/verifier/create-verifier.js';
import { parseVerifierOptions } from '../../src/verifier/options.js';

const COUNTS = [1, 100, 10_000];
const ROUNDS = 15;
const FINDS_PER_ROUND = 200_000;
const VERIFICATIONS_PER_ROUND = 20_000;

const source = await createTestIssuer({ issuer: 'https://tenant-0.test' });
const token = await source.token({ expiresInSeconds: 86_400 });

interface Candidate {
  readonly count: number;
  readonly find: () => unknown;
  readonly verifier: Verifier;
}

async function prepare(count: number): Promise<Candidate> {
  const issuer = Array.from({ length: count }, (_, i) => ({ issuer: `https://tenant-${i}.test`, jwks: source.jwks }));
  const { audience, clock } = source.verifierOptions;
  const config = parseVerifierOptions({ issuer, audience, clock });
  const registry = createIssuerRegistry(config.issuers, config);
  const kid = source.jwks.keys[0]?.kid;
  const query = { kid, algorithm: 'ES256' as const, isPlausible: () => true };
  await Promise.all(registry.all().map(({ keys }) => keys.ready()));
  const find = () => (registry.find(source.issuer) as Issuer).keys.find(query);
  const verifier = createVerifier({ issuer, audience, clock });
  await verifier.verify(token);
  return { count, find, verifier };
}

const candidates: Candidate[] = [];
for (const count of COUNTS) candidates.push(await prepare(count));

const finding = new Map<number, number[]>();
const verifying = new Map<number, number[]>();
for (let round = 0; round < ROUNDS; round += 1) {
  for (const { count, find, verifier } of candidates) {
    note(finding, count, await time(FINDS_PER_ROUND, find));
    note(verifying, count, await time(VERIFICATIONS_PER_ROUND, () => verifier.verify(token)));
  }
}
report('find the issuer and its key', finding);
report('verify a token seen before', verifying);

async function time(times: number, act: () => unknown): Promise<number> {
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i += 1) {
    const result = act();
    if (result instanceof Promise) await result;
  }
  return Number(process.hrtime.bigint() - start) / times;
}

function note(table: Map<number, number[]>, count: number, nanoseconds: number): void {
  table.set(count, [...(table.get(count) ?? []), nanoseconds]);
}

function report(title: string, table: ReadonlyMap<number, readonly number[]>): void {
  const medians = [...table].map(
    ([count, values]) => [count, values.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0] as const,
  );
  const smallest = medians[0]?.[1] ?? 1;
  console.log(`\n${title}, Node ${process.version}`);
  for (const [count, median] of medians) {
    console.log(
      `${String(count).padStart(8)} issuers  ${median.toFixed(0).padStart(6)} ns  ${(median / smallest).toFixed(2)} x`,
    );
  }
}
