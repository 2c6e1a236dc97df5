import { rotate, Samples } from './statistics.js';

/** Something to time: `prepare` makes what a run needs, and is not timed; `run` walks through all of it. */
export interface Candidate<Batch = unknown> {
  readonly name: string;
  /** Gives a batch, and how many operations it is. */
  prepare(size: number): Batch | Promise<Batch>;
  run(batch: Batch): void | Promise<void>;
}

export interface Plan {
  readonly rounds: number;
  /** Rounds before the first that counts. */
  readonly warmUpRounds: number;
  /** Operations in a round. */
  readonly size: number;
}

/** Runs the candidates in turn, round after round. Gives microseconds an operation, by name. */
export async function timeInterleaved(candidates: readonly Candidate[], plan: Plan): Promise<Samples> {
  const samples = new Samples();
  for (let round = -plan.warmUpRounds; round < plan.rounds; round += 1) {
    for (const candidate of rotate(candidates, Math.abs(round))) {
      const micros = await timeOne(candidate, plan.size);
      if (round >= 0) samples.add(candidate.name, micros);
    }
  }
  return samples;
}

async function timeOne(candidate: Candidate, size: number): Promise<number> {
  const batch = await candidate.prepare(size);
  globalThis.gc?.({ type: 'minor' } as never);
  const start = process.hrtime.bigint();
  const running = candidate.run(batch);
  if (running instanceof Promise) await running;
  return Number(process.hrtime.bigint() - start) / 1000 / size;
}

/** Walks through a list, one call after the other; a promise is awaited where there is one. */
export async function oneAtATime<T>(items: readonly T[], act: (item: T) => unknown): Promise<void> {
  for (const item of items) {
    const result = act(item);
    if (result instanceof Promise) await result;
  }
}

/**
 * Uses up a list with so many calls under way at any time. `act` calls back when it is done. Nothing is kept of
 * what is done, as a server keeps no request that it answered: the collector would copy it around.
 */
export function inFlight<T>(items: T[], width: number, act: (item: T, done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const size = items.length;
    let finished = 0;
    const start = () => {
      const item = items.pop();
      if (item !== undefined) act(item, done);
    };
    const done = () => {
      finished += 1;
      if (finished === size) resolve();
      else start();
    };
    for (let i = 0; i < width; i += 1) start();
  });
}
