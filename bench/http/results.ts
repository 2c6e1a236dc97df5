import { type PartResult, ratio, type Table } from '../lib/report.js';
import { median, type Spread, spreadOf } from '../lib/statistics.js';
import { checkTarget, type TargetName, type TargetResult } from '../targets.js';

export interface Measurement {
  readonly system: string;
  /** Whether the server has seen its tokens before. */
  readonly load: 'known' | 'new';
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server for a request, all threads. */
  readonly cpuMicros: number;
  readonly requests: number;
}

type Medians = Pick<Measurement, 'system' | 'load' | 'perSecond' | 'p99Ms' | 'cpuMicros'> & {
  /** The least of the rounds. Other work on the machine only adds to processor time, so this is what a request needs. */
  readonly leastCpuMicros: number;
};

export const OPEN = 'open route';
const BARE = 'bare crypto.verify callback';
export const OURS = 'scopegate';
const CACHING_PEER = 'fast-jwt, cache';
/** Systems that check less than the others. */
export const NOT_RANKED = [OPEN, BARE];

/** Takes medians over the rounds, ratios of these, and compares them with the targets. */
export function evaluate(measurements: readonly Measurement[], nodeMajor: number): PartResult {
  const known = takeMedians(measurements, 'known');
  const unseen = takeMedians(measurements, 'new');
  const tables = [
    tableOf('http-known', 'Over HTTP: tokens seen before', known),
    tableOf('http-new', 'Over HTTP: every token new', unseen),
  ];
  return { tables, targets: checkTargets(known, unseen, nodeMajor), spreads: spreadsOf(measurements) };
}

function takeMedians(all: readonly Measurement[], load: Measurement['load']): readonly Medians[] {
  const ofLoad = all.filter((measurement) => measurement.load === load);
  // In the order of the list of systems, whichever came first in a round.
  const systems = [...new Set(ofLoad.map(({ system }) => system))];
  return systems.map((system) => {
    const own = ofLoad.filter((measurement) => measurement.system === system);
    return {
      system,
      load,
      perSecond: median(own.map(({ perSecond }) => perSecond)),
      p99Ms: median(own.map(({ p99Ms }) => p99Ms)),
      cpuMicros: median(own.map(({ cpuMicros }) => cpuMicros)),
      leastCpuMicros: Math.min(...own.map(({ cpuMicros }) => cpuMicros)),
    };
  });
}

function spreadsOf(all: readonly Measurement[]): readonly Spread[] {
  const subjects = [...new Set(all.map(subjectOf))];
  return subjects.flatMap((subject) => {
    const own = all.filter((measurement) => subjectOf(measurement) === subject);
    const spread = (unit: string, pick: (measurement: Measurement) => number) => spreadOf(subject, unit, own.map(pick));
    return [
      spread('requests/s', ({ perSecond }) => perSecond),
      spread('CPU us a request', ({ cpuMicros }) => cpuMicros),
      spread('p99 ms', ({ p99Ms }) => p99Ms),
    ];
  });
}

function subjectOf({ system, load }: Measurement): string {
  return `${load} tokens: ${system}`;
}

function tableOf(name: string, title: string, medians: readonly Medians[]): Table {
  const open = medians.find(({ system }) => system === OPEN);
  const bare = medians.find(({ system }) => system === BARE);
  const columns = [
    'system',
    'requests/s',
    'of the open route',
    'of the bare callback',
    'CPU us a request',
    'least CPU us a request',
    'least above the open route',
    'p99 ms',
    'rank',
  ];
  const rows = medians.map(({ system, perSecond, cpuMicros, leastCpuMicros, p99Ms }) => [
    system,
    perSecond,
    open === undefined ? '' : ratio(perSecond, open.perSecond),
    bare === undefined ? '' : ratio(perSecond, bare.perSecond),
    // Above the open route: what the check itself costs.
    open === undefined || system === OPEN ? '' : Number((cpuMicros - open.cpuMicros).toFixed(1)),
    Number(leastCpuMicros.toFixed(1)),
    open === undefined || system === OPEN ? '' : Number((leastCpuMicros - open.leastCpuMicros).toFixed(1)),
    Number(p99Ms.toFixed(2)),
    rankOf(system, medians),
  ]);
  return { name, title, columns, rows };
}

function rankOf(system: string, medians: readonly Medians[]): string | number {
  if (NOT_RANKED.includes(system)) return '';
  const ranked = medians.filter((other) => !NOT_RANKED.includes(other.system));
  const own = ranked.find((other) => other.system === system)?.perSecond ?? 0;
  return ranked.filter(({ perSecond }) => perSecond > own).length + 1;
}

function checkTargets(
  known: readonly Medians[],
  unseen: readonly Medians[],
  nodeMajor: number,
): readonly TargetResult[] {
  const rateOf = (medians: readonly Medians[], name: string) =>
    medians.find(({ system }) => system === name)?.perSecond;
  const targets: TargetResult[] = [];
  for (const [what, medians] of [
    ['known tokens', known],
    ['new tokens', unseen],
  ] as const) {
    const ours = rateOf(medians, OURS);
    if (ours === undefined) continue;
    const peers = medians.filter(({ system }) => !NOT_RANKED.includes(system) && !system.startsWith(OURS));
    const ahead = peers.filter(({ perSecond }) => perSecond > ours).length;
    targets.push(checkTarget('faster-peers', `over HTTP, ${what}: peers that are faster`, ahead));
  }
  const [ours, bare] = [rateOf(unseen, OURS), rateOf(unseen, BARE)];
  if (ours !== undefined && bare !== undefined) {
    targets.push(checkTarget('new-over-http', 'over HTTP, new tokens: rate of the bare callback', ours / bare));
  }
  const [oursKnown, open] = [rateOf(known, OURS), rateOf(known, OPEN)];
  if (nodeMajor >= 24 && oursKnown !== undefined && open !== undefined) {
    targets.push(checkTarget('known-over-http', 'over HTTP, known tokens: rate of the open route', oursKnown / open));
  }
  return [...targets, ...checkProcessorTime(known, unseen)];
}

/** Compares what a guard takes of the processor beside the open route, by the least of the rounds. */
function checkProcessorTime(known: readonly Medians[], unseen: readonly Medians[]): readonly TargetResult[] {
  const targets: TargetResult[] = [];
  const add = (target: TargetName, what: string, medians: readonly Medians[], others: readonly string[]) => {
    const ours = aboveOpen(medians, OURS);
    const best = Math.min(...others.map((name) => aboveOpen(medians, name)));
    // Of systems that were left out there is no figure.
    if (Number.isFinite(ours / best)) targets.push(checkTarget(target, `over HTTP, ${what}`, ours / best));
  };
  const peers = unseen
    .map(({ system }) => system)
    .filter((name) => !NOT_RANKED.includes(name) && !name.startsWith(OURS));
  add('known-cpu', 'known tokens: processor time above the open route, of fast-jwt with its cache', known, [
    CACHING_PEER,
  ]);
  add('new-cpu', 'new tokens: processor time above the open route, of the best peer', unseen, peers);
  add('new-cpu-beside-bare', 'new tokens: processor time above the open route, of the bare callback', unseen, [BARE]);
  return targets;
}

function aboveOpen(medians: readonly Medians[], name: string): number {
  const leastOf = (system: string) => medians.find((other) => other.system === system)?.leastCpuMicros ?? Number.NaN;
  return leastOf(name) - leastOf(OPEN);
}
