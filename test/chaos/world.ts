import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from './client.js';
import { DURATIONS, SCALE } from './durations.js';
import { type Asked, DOCUMENTS, type History, type Trouble, type Window } from './history.js';
import { ChaosIssuer } from './issuer.js';
import { LATE_MS, Load } from './load.js';
import { Oracle, type Wrong } from './oracle.js';
import type { Scenario } from './scenarios.js';
import type { ServerFigures, ServerSettings } from './server.js';

const SERVERS = ['a', 'b'];
const PER_SECOND = 120;
const SAMPLE_SECONDS = 20;
const SETTLE_MS = 300;
// What a machine is late by when nothing else runs on it.
const LEAST_SLACK_MS = 300;
// A third of the deadline: a fetch is two requests, or three.
const TOO_SLOW_MS = (DURATIONS.timeout * 1000) / 3;
// As plain Node runs it. tsx reads source maps when something throws, which takes time and memory.
const LOADER = new URL('../../bench/load-typescript.mjs', import.meta.url).href;
const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url));

/** What is measured of one scenario. Times are milliseconds. */
export interface Outcome {
  readonly name: string;
  readonly requests: number;
  readonly wrong: readonly Wrong[];
  /** Of tokens that the servers know, and that they verify with keys. */
  readonly knownP50: number;
  readonly knownP99: number;
  /** Of a route without a guard. */
  readonly openP99: number;
  readonly blockMs: number;
  /** For which part of the time the machine was late with what no guard and no issuer delays. */
  readonly lateShare: number;
  /** The heap of the servers together, MiB: after the start, in between, and at the end. */
  readonly heap: readonly number[];
}

/** An issuer, two servers and their clients. */
export class World {
  readonly issuer: ChaosIssuer;
  readonly load: Load;
  readonly #programs: readonly ChildProcess[];
  readonly #clients: ReadonlyMap<string, Client>;
  readonly #heap: number[] = [];
  #blockMs = 0;

  private constructor(issuer: ChaosIssuer, programs: ReadonlyMap<ChildProcess, number>, seed: number) {
    this.issuer = issuer;
    this.#programs = [...programs.keys()];
    this.#clients = new Map([...programs.values()].map((port, index) => [SERVERS[index] as string, new Client(port)]));
    this.load = new Load({ seed, issuer, clients: this.#clients, perSecond: PER_SECOND });
  }

  /** Plays a scenario, and judges all of it when it is over. */
  static async play(scenario: Scenario, seed: number, fault?: string): Promise<Outcome> {
    const issuer = await ChaosIssuer.open();
    const clockAheadMs = (scenario.clockAhead ?? 0) * 1000;
    const programs = SERVERS.map((name) => startServer({ name, base: issuer.base, clockAheadMs, fault }));
    try {
      const ports = await Promise.all(programs.map((program) => nextMessage<{ port: number }>(program)));
      const running = new Map(programs.map((program, index) => [program, ports[index]?.port ?? 0]));
      const world = new World(issuer, running, seed);
      await world.#play(scenario);
      return world.#judge(scenario.name, clockAheadMs);
    } finally {
      await Promise.all(programs.map(endProgram));
      await issuer.close();
    }
  }

  async #play({ seconds, steps, startsWith, withoutMadeUp = false }: Scenario): Promise<void> {
    this.load.isWithoutMadeUp = withoutMadeUp;
    if (startsWith !== undefined) await this.issuer.fail(startsWith);
    await this.load.greet();
    this.load.start();
    const startedAt = performance.now();
    const samples = Array.from({ length: Math.ceil(seconds / SAMPLE_SECONDS) }, (_, i) => i * SAMPLE_SECONDS + 0.5);
    const sampling = samples.filter((at) => at < seconds).map((at) => ({ at, do: () => this.#measure() }));

    for (const step of [...steps, ...sampling].sort((a, b) => a.at - b.at)) {
      await sleep(Math.max(0, startedAt + step.at * 1000 * SCALE - performance.now()));
      await step.do(this);
    }
    await sleep(Math.max(0, startedAt + seconds * 1000 * SCALE - performance.now()));
    await this.load.stop();
    await this.#measure();
    for (const client of this.#clients.values()) client.close();
  }

  async #measure(): Promise<void> {
    const first = await Promise.all(this.#programs.map((program) => ask<ServerFigures>(program)));
    // What was given up a moment ago is let go of by then.
    await sleep(SETTLE_MS);
    const second = await Promise.all(this.#programs.map((program) => ask<ServerFigures>(program)));
    const heap = (figures: readonly ServerFigures[]) => figures.reduce((sum, { heapMiB }) => sum + heapMiB, 0);
    this.#heap.push(Math.min(heap(first), heap(second)));
    // What a server compiles for its first requests is not counted.
    if (this.#heap.length > 1) this.#blockMs = Math.max(this.#blockMs, ...first.map(({ blockMs }) => blockMs));
  }

  #judge(name: string, clockAheadMs: number): Outcome {
    const { asked } = this.load;
    const times = (of: readonly Asked[]) => of.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
    const open = times(asked.filter((one) => one.class === 'open'));
    const { served, keys, moves, revocations } = this.issuer;
    const lateTimes = findLateTimes(this.load);
    // The issuer may have been too slow as well.
    const slow = lateTimes.filter(({ from, to }) => to - from > TOO_SLOW_MS);
    const asTroubles = slow.map((time): Trouble => ({ ...time, documents: DOCUMENTS, mayHaveMoved: false }));
    const troubles = [...this.issuer.troubles, ...asTroubles].sort((a, b) => a.from - b.from);
    const slackMs = LEAST_SLACK_MS;
    const history: History = { served, troubles, keys, moves, revocations, clockAheadMs, slackMs, lateTimes };
    const oracle = new Oracle(history);
    const wrong = asked.map((one) => oracle.check(one)).filter((found) => found !== undefined);
    const known = times(asked.filter((one) => one.class === 'known' && one.source !== 'opaque' && one.answer === 'ok'));
    const [knownP50, knownP99, openP99] = [quantile(known, 0.5), quantile(known, 0.99), quantile(open, 0.99)];
    return {
      name,
      requests: asked.length,
      wrong,
      knownP50,
      knownP99,
      openP99,
      blockMs: this.#blockMs,
      heap: this.#heap,
      lateShare: shareOf(lateTimes, asked),
    };
  }
}

/** When the machine was late with what no guard and no issuer delays. */
function findLateTimes({ asked, lateTimes }: Load): readonly Window[] {
  const open = asked.filter((one) => one.class === 'open');
  const late = open.filter(({ sentAt, answeredAt }) => answeredAt - sentAt > LATE_MS);
  return [...lateTimes, ...late.map(({ sentAt, answeredAt }) => ({ from: sentAt, to: answeredAt }))];
}

/** Late times may overlap. */
function shareOf(lateTimes: readonly Window[], asked: readonly Asked[]): number {
  const from = Math.min(...asked.map(({ sentAt }) => sentAt));
  const to = Math.max(...asked.map(({ answeredAt }) => answeredAt));
  let lateMs = 0;
  let until = from;
  for (const time of lateTimes.toSorted((a, b) => a.from - b.from)) {
    lateMs += Math.max(0, time.to - Math.max(until, time.from));
    until = Math.max(until, time.to);
  }
  return lateMs / (to - from);
}

function startServer(settings: ServerSettings): ChildProcess {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return fork(SERVER, [JSON.stringify(settings)], {
    execArgv: ['--import', LOADER, '--expose-gc'],
    env: { ...env, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' },
    // It warns while its issuer is down.
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
}

async function nextMessage<T>(program: ChildProcess): Promise<T> {
  const gone = new AbortController();
  const ended = once(program, 'exit', { signal: gone.signal }).then(([code]) => {
    throw new Error(`a server ended with ${code}: ${program.stderr?.read()}`);
  });
  try {
    const [message] = await Promise.race([once(program, 'message', { signal: gone.signal }), ended]);
    return message as T;
  } finally {
    gone.abort();
    ended.catch(() => {});
  }
}

function ask<T>(program: ChildProcess): Promise<T> {
  const answer = nextMessage<T>(program);
  program.send('figures');
  return answer;
}

async function endProgram(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const ended = once(program, 'exit');
  program.kill('SIGKILL');
  await ended;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
