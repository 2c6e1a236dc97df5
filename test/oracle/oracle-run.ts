import { type CorpusEntry, toBreachEntry, toCorpusEntry } from './corpus.js';
import { BreachError, createJudges, type Judges, judgeAll, type Scrutiny, type Verdicts } from './judges.js';
import { findSplit } from './splits.js';
import { type Sample, type Seedling, TokenGenerator } from './token-generator.js';
import { createWorld, type OracleProfile, type SigningWorld, type World } from './world.js';

export interface OracleRunOptions extends Scrutiny {
  readonly seed: number;
  /** How many tokens, which is the first, and the distance to the next: several processes share the indices. */
  readonly count: number;
  readonly first?: number;
  readonly stride?: number;
  readonly corpus: readonly Seedling[];
  /** @defaultValue one with new keys */
  readonly world?: SigningWorld;
  /** Keep the shortest token of every listed split. */
  readonly collects?: boolean;
  readonly onProgress?: (done: number) => void;
}

export interface OracleReport {
  /** Tokens by what the judges said of them. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Tokens by the listed split that they are one of. */
  readonly splits: Readonly<Record<string, number>>;
  readonly steps: readonly string[];
  /** Splits that nobody listed, and promises of ours that were broken: a few of each kind. */
  readonly findings: readonly CorpusEntry[];
  /** All of them. */
  readonly findingCount: number;
  readonly collected: readonly CorpusEntry[];
}

// More keep the thread pool no busier.
const IN_FLIGHT = 32;
const FINDINGS_OF_A_KIND = 3;

/** Generates tokens and lets every judge look at each. */
export async function runOracle(options: OracleRunOptions): Promise<OracleReport> {
  const { seed, count, first = 0, stride = 1, corpus, world = createWorld(), collects = false, onProgress } = options;
  const generator = new TokenGenerator(world, seed, corpus);
  const judgesOf = createCourt(options);
  const notes = new Notes(collects);
  let next = 0;

  async function work(): Promise<void> {
    while (next < count) {
      const sample = generator.sample(first + stride * next);
      next += 1;
      await judge(sample);
      if (next % 1000 === 0) onProgress?.(next);
    }
  }

  async function judge(sample: Sample): Promise<void> {
    try {
      const verdicts = await judgeAll(judgesOf(sample), sample.token, sample.at);
      await notes.note(sample, verdicts);
    } catch (error) {
      if (!(error instanceof BreachError)) throw error;
      notes.noteBreach(sample, `${error.message}${error.cause === undefined ? '' : `: ${error.cause}`}`);
    }
  }

  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return notes.report();
}

/** Makes the judges of a world when they are first needed. */
function createCourt(scrutiny: Scrutiny): (sample: Seedling) => Judges {
  const courts = new WeakMap<World, Map<OracleProfile, Judges>>();
  return ({ world, profile }) => {
    const court = courts.get(world) ?? new Map<OracleProfile, Judges>();
    courts.set(world, court);
    const judges = court.get(profile) ?? createJudges(world, profile, scrutiny);
    court.set(profile, judges);
    return judges;
  };
}

interface Find {
  readonly sample: Sample;
  readonly verdicts: Verdicts;
}

class Notes {
  readonly #outcomes = new Map<string, number>();
  readonly #splits = new Map<string, number>();
  readonly #steps = new Set<string>();
  readonly #kinds = new Map<string, number>();
  readonly #findings: CorpusEntry[] = [];
  readonly #shortest = new Map<string, Find>();
  readonly #collects: boolean;

  constructor(collects: boolean) {
    this.#collects = collects;
  }

  async note(sample: Sample, verdicts: Verdicts): Promise<void> {
    for (const step of sample.steps) this.#steps.add(step);
    const said = Object.entries(verdicts).map(([name, { accepted }]) => `${name} ${accepted ? 'accepts' : 'refuses'}`);
    increment(this.#outcomes, said.join(', '));
    const split = findSplit(sample, verdicts);
    if (split === undefined) return;
    for (const id of split.listed) {
      increment(this.#splits, id);
      if (split.listed.length === 1) this.#keepShortest(id, { sample, verdicts });
    }
    if (split.listed.length > 0) return;
    const kind = Object.values(verdicts).map(({ reason, detail }) => `${reason} ${detail.slice(0, 12)}`);
    if (this.#isNews(kind.join())) this.#findings.push(await toCorpusEntry(sample, verdicts));
  }

  noteBreach(sample: Sample, breach: string): void {
    increment(this.#outcomes, 'breach');
    if (this.#isNews(breach)) this.#findings.push(toBreachEntry(sample, breach));
  }

  async report(): Promise<OracleReport> {
    const collected = [...this.#shortest].map(([id, { sample, verdicts }]) => toCorpusEntry(sample, verdicts, id));
    return {
      outcomes: Object.fromEntries(this.#outcomes),
      splits: Object.fromEntries(this.#splits),
      steps: [...this.#steps],
      findings: this.#findings,
      findingCount: [...this.#kinds.values()].reduce((sum, count) => sum + count, 0),
      collected: await Promise.all(collected),
    };
  }

  #keepShortest(id: string, find: Find): void {
    if (!this.#collects || weigh(find) >= weigh(this.#shortest.get(id))) return;
    this.#shortest.set(id, find);
  }

  #isNews(kind: string): boolean {
    increment(this.#kinds, kind);
    return (this.#kinds.get(kind) ?? 0) <= FINDINGS_OF_A_KIND;
  }
}

/** One step explains itself better than two, and a token that one judge alone takes otherwise better than others. */
function weigh(find: Find | undefined): number {
  if (find === undefined) return Number.POSITIVE_INFINITY;
  const { sample, verdicts } = find;
  const { scopegate, ...peers } = verdicts;
  const agreeing = Object.values(peers).filter(({ accepted }) => accepted === scopegate.accepted).length;
  const isOfCorpus = sample.steps.includes('a token of the corpus');
  const oddities = sample.steps.length + agreeing + (sample.profile === 'jwt' ? 1 : 0) + (isOfCorpus ? 10 : 0);
  return 100_000 * oddities + sample.token.length;
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
