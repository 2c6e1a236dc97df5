// `npm run chaos`: two servers, an issuer that fails in every way, and an oracle. README.md of this folder says more.
import { parseArgs } from 'node:util';
import { Random } from '../oracle/random.js';
import { SCALE } from './durations.js';
import { countedWrong, findProblems, formatRow, formatWrong, HEADER, LIMITS } from './report.js';
import { createSoak, findScenario, QUIET, SCENARIOS, type Scenario } from './scenarios.js';
import { SERVER_FAULTS } from './server-faults.js';
import { type Outcome, World } from './world.js';

const START_SECONDS = 2;
const SOAK_SECONDS = 600;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    scenario: { type: 'string', multiple: true },
    fault: { type: 'string', multiple: true },
    seed: { type: 'string' },
    soak: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

/** A scenario, with servers as they should be or with a fault that the oracle has to see. */
interface Trial {
  readonly scenario: Scenario;
  readonly fault?: string;
}

const seed = Number(values.seed ?? Math.floor(Math.random() * 0x1_0000_0000));
let failures = 0;
let quiet: Outcome | undefined;

if (values.list) {
  for (const { name } of SCENARIOS) console.log(`--scenario '${name}'`);
  for (const { name } of SERVER_FAULTS) console.log(`--fault '${name}'`);
} else {
  console.log(`seed ${seed}, Node ${process.version}\n\n${HEADER}`);
  for (const trial of chooseTrials()) await run(trial);
  console.log(
    failures === 0 ? '\nall as it should be' : `\n${failures} failed; again: npm run chaos -- --seed ${seed}`,
  );
  process.exitCode = failures === 0 ? 0 : 1;
}

function chooseTrials(): readonly Trial[] {
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (values.soak) return [{ scenario: createSoak(seconds ?? SOAK_SECONDS) }];
  const faults = SERVER_FAULTS.map(({ name, scenario }): Trial => ({ scenario: findScenario(scenario), fault: name }));
  if (values.scenario !== undefined || values.fault !== undefined) {
    const named = (values.scenario ?? []).map((name): Trial => ({ scenario: findScenario(name) }));
    return [...named, ...faults.filter(({ fault = '' }) => values.fault?.includes(fault))];
  }
  const all = [...SCENARIOS.map((scenario): Trial => ({ scenario })), ...faults];
  return seconds === undefined ? all : fitInto(seconds, all.slice(1));
}

/** The quiet run, and what is drawn of the rest. Over several runs everything has its turn. */
function fitInto(seconds: number, all: readonly Trial[]): readonly Trial[] {
  const random = new Random(seed, 0);
  const left = [...all];
  const chosen: Trial[] = [{ scenario: QUIET }];
  let used = QUIET.seconds * SCALE + START_SECONDS;
  while (left.length > 0) {
    const [next] = left.splice(random.below(left.length), 1) as [Trial];
    const needed = next.scenario.seconds * SCALE + START_SECONDS;
    if (used + needed > seconds) continue;
    used += needed;
    chosen.push(next);
  }
  return chosen;
}

async function run({ scenario, fault }: Trial, attempt = 0): Promise<void> {
  const startedAt = Date.now();
  const outcome = await World.play(scenario, seed + attempt, fault);
  if (scenario === QUIET && fault === undefined) quiet = outcome;
  const problems = findProblems(outcome, quiet);
  if (fault === undefined) {
    console.log(formatRow(outcome));
    if (problems.length === 0) return;
    failures += 1;
    console.log(`  FAILED: ${problems.join('; ')}\n${formatWrong(countedWrong(outcome), startedAt)}`);
    return;
  }

  const isSeen = sees(fault, outcome, problems);
  // On a machine that is late, much is permitted.
  if (!isSeen && attempt < 2) return run({ scenario, fault }, attempt + 1);
  if (!isSeen && outcome.lateShare > LIMITS.lateShareForTimes) {
    const late = `${Math.round(100 * outcome.lateShare)} % of the time`;
    return console.log(`not judged: a server that ${fault} (${scenario.name}): the machine was late for ${late}`);
  }
  if (!isSeen) failures += 1;
  console.log(`${isSeen ? 'seen' : 'NOT SEEN'}: a server that ${fault} (${scenario.name}): ${problems.join('; ')}`);
  if (!isSeen) console.log(formatWrong(outcome.wrong, startedAt));
}

/** A fault of the answers must show as wrong answers, and one of the figures in its figure. */
function sees(fault: string, outcome: Outcome, problems: readonly string[]): boolean {
  const shows = SERVER_FAULTS.find(({ name }) => name === fault)?.shows;
  if (shows === undefined) return countedWrong(outcome).length > 0;
  const word = { block: 'event loop', memory: 'heap', p99: 'p99' }[shows];
  return problems.some((problem) => problem.includes(word));
}
