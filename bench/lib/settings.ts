import { parseArgs } from 'node:util';

/** The parts, in the order in which they run. */
export const PARTS = [
  'http',
  'known',
  'in-process',
  'growth',
  'memory',
  'crowd',
  'start',
  'first',
  'event-loop',
  'micro',
  'flood',
] as const;
export type PartName = (typeof PARTS)[number];

export interface Settings {
  /** Short rounds, to see that everything works. Numbers of such a run prove nothing. */
  readonly isQuick: boolean;
  readonly parts: readonly PartName[];
  /** The Node.js that everything that is measured runs on. */
  readonly node: string;
  /** Whether dist is built from src before. */
  readonly isBuilt: boolean;
  /** Rounds of the HTTP part. */
  readonly rounds: number;
  /** How long one measurement of the HTTP part takes. */
  readonly seconds: number;
  /** Only these systems of the HTTP part. */
  readonly systems: readonly string[] | undefined;
}

export const USAGE = `npm run bench -- [options]
  --quick            short rounds: shows within two minutes that everything works
  --only PARTS       of ${PARTS.join(', ')}
  --node PATH        measure on this Node.js
  --no-build         measure dist as it is
  --rounds NUMBER    rounds of the HTTP parts (8)
  --seconds NUMBER   seconds a measurement of the HTTP part (2)
  --systems NAMES    only these systems of the HTTP parts, separated by semicolons`;

/** @throws {Error} an option is not understood */
export function parseSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      node: { type: 'string', default: process.execPath },
      'no-build': { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      systems: { type: 'string' },
    },
  });
  const isQuick = values.quick;
  return {
    isQuick,
    parts: parseParts(values.only),
    node: values.node,
    isBuilt: !values['no-build'],
    // Many short rounds: how fast a shared machine is changes from one to the next.
    rounds: parseNumber('rounds', values.rounds) ?? (isQuick ? 1 : 8),
    seconds: parseNumber('seconds', values.seconds) ?? (isQuick ? 1 : 2),
    systems: values.systems?.split(';'),
  };
}

function parseParts(given: string | undefined): readonly PartName[] {
  if (given === undefined) return PARTS;
  return given.split(',').map((name) => {
    const part = PARTS.find((known) => known === name);
    if (part === undefined) throw new Error(`--only ${name}: there is no such part`);
    return part;
  });
}

function parseNumber(name: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (!(Number(given) > 0)) throw new Error(`--${name} ${given}: not a number above 0`);
  return Number(given);
}
