import type { Wrong } from './oracle.js';
import type { Outcome } from './world.js';

/** Figures to hold. Times are milliseconds. */
export const LIMITS = {
  /** Of known tokens: how often as long as in the quiet run, or as the open route of the same run, their p99 may be. */
  p99Times: 2,
  /** What a busy machine adds to a p99 of one run and not of the other. */
  p99FloorMs: 15,
  blockMs: 100,
  /** For which part of the time a machine may be late before it is not to be relied upon. */
  lateShare: 0.1,
  /** The same for times, which a machine that is late now and then changes much. */
  lateShareForTimes: 0.02,
  /** MiB of both servers together, in a scenario. What is compiled and cached in its first seconds is less. */
  heapGrowth: 16,
  /** MiB of both servers together, from the first third of a long run to the last. */
  heapDrift: 4,
} as const;

const SHOWN = 5;

/** What is not as it should be about a scenario, in words. */
export function findProblems(outcome: Outcome, quiet: Outcome | undefined): readonly string[] {
  const { knownP99, openP99, blockMs, lateShare } = outcome;
  const wrong = countedWrong(outcome);
  const problems: string[] = [];
  if (wrong.length > 0) problems.push(`${wrong.length} wrong answers`);
  const beside = Math.max(quiet?.knownP99 ?? 0, openP99);
  const mostMs = LIMITS.p99Times * beside + LIMITS.p99FloorMs;
  if (lateShare <= LIMITS.lateShareForTimes) {
    if (knownP99 > mostMs) problems.push(`p99 of known tokens is ${round(knownP99)} ms, above ${round(mostMs)} ms`);
    if (blockMs > LIMITS.blockMs) problems.push(`the event loop stood for ${round(blockMs)} ms`);
  }

  const growth = findGrowth(outcome.heap);
  if (growth !== undefined) problems.push(growth);
  return problems;
}

/**
 * The wrong answers that count: all of them, unless the machine was late for much of the time. Then 503 and late answers may be
 * its doing, but never that something is let in, or that a good token is called bad.
 */
export function countedWrong({ wrong, lateShare }: Outcome): readonly Wrong[] {
  if (lateShare <= LIMITS.lateShare) return wrong;
  return wrong.filter(({ asked, permitted }) => asked.answer !== 'unavailable' && !permitted.has(asked.answer));
}

function findGrowth(heap: readonly number[]): string | undefined {
  const third = Math.floor(heap.length / 3);
  if (third < 2) {
    const grown = (heap.at(-1) ?? 0) - (heap[0] ?? 0);
    return grown > LIMITS.heapGrowth ? `the heap grew by ${round(grown)} MiB` : undefined;
  }
  const drift = least(heap.slice(-third)) - least(heap.slice(0, third));
  return drift > LIMITS.heapDrift ? `the heap drifted by ${round(drift)} MiB` : undefined;
}

const least = (values: readonly number[]) => Math.min(...values);

export const HEADER = [
  '| scenario | requests | wrong answers | known p50 ms | known p99 ms | open p99 ms | event loop max ms | heap MiB | machine late % |',
  '|---|---|---|---|---|---|---|---|---|',
].join('\n');

export function formatRow(outcome: Outcome): string {
  const { name, requests, knownP50, knownP99, openP99, blockMs, heap, lateShare } = outcome;
  const wrong = countedWrong(outcome);
  const heaps = `${round(heap[0] ?? 0)} to ${round(heap.at(-1) ?? 0)}`;
  const cells = [
    name,
    requests,
    wrong.length,
    round(knownP50),
    round(knownP99),
    round(openP99),
    round(blockMs),
    heaps,
    Math.round(100 * lateShare),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The first wrong answers, each with all that is needed to look for its cause. */
export function formatWrong(wrong: readonly Wrong[], startedAt: number): string {
  return wrong
    .slice(0, SHOWN)
    .map(({ asked, permitted, why }) => {
      const at = ((asked.sentAt - startedAt) / 1000).toFixed(2);
      return `    ${at} s, server ${asked.server}, ${asked.source}, ${asked.class} ${asked.kid ?? ''}: ${why}; permitted: ${[...permitted].join(', ')}`;
    })
    .join('\n');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
