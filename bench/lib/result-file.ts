import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Environment } from './environment.js';
import { BENCH } from './programs.js';
import type { PartResult, Table } from './report.js';

/** One part of a run: what it found, when, where and by which command. */
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

const FOLDER = `${BENCH}results/`;
// Enough that a table, which shows three or whole numbers, never rounds a rounded number another way.
const DIGITS = 10;

export function resultFile(major: number, isQuick: boolean): string {
  return `${FOLDER}${major}${isQuick ? '.quick' : ''}.json`;
}

/** Reads the parts that were measured before: one part can be measured anew, and the others stay. */
export function readParts(file: string): Readonly<Record<string, PartOfRun>> {
  if (!existsSync(file)) return {};
  return (JSON.parse(readFileSync(file, 'utf8')) as Pick<Results, 'parts'>).parts;
}

/** Reads results/*.json; those of quick runs alone when they are asked for, and then nothing else. */
export function readResults(isQuick: boolean): readonly Results[] {
  if (!existsSync(FOLDER)) return [];
  const pattern = isQuick ? /^(\d+)\.quick\.json$/ : /^(\d+)\.json$/;
  return readdirSync(FOLDER)
    .flatMap((file) => {
      const major = pattern.exec(file)?.[1];
      return major === undefined ? [] : [{ major: Number(major), parts: readParts(`${FOLDER}${file}`) }];
    })
    .sort((a, b) => a.major - b.major);
}

export function tablesOf({ parts }: Results): readonly Table[] {
  return Object.values(parts).flatMap(({ tables }) => tables);
}

/** Writes the parts of a run, and of each part what PartOfRun names: samples have no place in the file. */
export function writeResults(file: string, parts: Readonly<Record<string, PartOfRun>>): void {
  const kept = Object.entries(parts).map(([name, part]) => [name, keepPart(part)] as const);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, `${formatJson({ parts: Object.fromEntries(kept) })}\n`);
}

function keepPart({ date, seconds, command, environment, tables, targets, spreads }: PartOfRun): PartOfRun {
  return { date, seconds, command, environment, tables, targets, spreads };
}

/** Formats JSON with one line for each row, so that a difference of two runs can be read. */
function formatJson(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(shorten(value));
  const isList = Array.isArray(value);
  const [open, close] = isList ? '[]' : '{}';
  const isFlat = Object.values(value).every((member) => typeof member !== 'object');

  const members = Object.entries(value).map(([name, member]) => {
    const text = formatJson(member, `${indent} `);
    return isList ? text : `${JSON.stringify(name)}: ${text}`;
  });

  if (isFlat) return `${open}${members.join(', ')}${close}`;
  return `${open}\n${members.map((member) => `${indent} ${member}`).join(',\n')}\n${indent}${close}`;
}

function shorten(value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value;
}
