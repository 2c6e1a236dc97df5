import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Environment } from '../lib/environment.js';
import { BENCH } from '../lib/programs.js';
import type { PartResult, Table } from '../lib/report.js';

/** One part of a run, as main.ts wrote it. */
export interface PartOfRun extends PartResult {
  readonly date: string;
  readonly seconds: number;
  readonly command: string;
  readonly environment: Environment;
}

/** The results on one major version of Node.js. */
export interface Results {
  readonly major: number;
  readonly parts: Readonly<Record<string, PartOfRun>>;
}

/** Reads results/*.json; those of quick runs alone when they are asked for, and then nothing else. */
export function readResults(isQuick: boolean): readonly Results[] {
  if (!existsSync(`${BENCH}results`)) return [];
  const pattern = isQuick ? /^(\d+)\.quick\.json$/ : /^(\d+)\.json$/;
  return readdirSync(`${BENCH}results`)
    .flatMap((file) => {
      const major = pattern.exec(file)?.[1];
      if (major === undefined) return [];
      const { parts } = JSON.parse(readFileSync(`${BENCH}results/${file}`, 'utf8')) as Pick<Results, 'parts'>;
      return [{ major: Number(major), parts }];
    })
    .sort((a, b) => a.major - b.major);
}

export function tablesOf({ parts }: Results): readonly Table[] {
  return Object.values(parts).flatMap(({ tables }) => tables);
}
