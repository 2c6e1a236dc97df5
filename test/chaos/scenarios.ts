import { DURATIONS } from './durations.js';
import { findIssuerFault, ISSUER_FAULTS, type IssuerFault } from './issuer-faults.js';
import type { World } from './world.js';

/** What happens at a second of a scenario. */
export interface Step {
  readonly at: number;
  readonly do: (world: World) => void | Promise<void>;
}

export interface Scenario {
  readonly name: string;
  readonly seconds: number;
  readonly steps: readonly Step[];
  /** How the issuer fails before the servers start. */
  readonly startsWith?: IssuerFault;
  /** No token names a key that is made up and may be new: no fetch has another cause than age. */
  readonly withoutMadeUp?: boolean;
  /** What the clocks of the servers are ahead of the issuer's, in seconds. */
  readonly clockAhead?: number;
}

const MANY_KEYS = 1000;
const FLOOD_PER_SECOND = 60;
/** Longer than the last good keys are used. */
const LONG_OUTAGE = DURATIONS.maxAge + DURATIONS.staleIfError + 1;

/** An outage between two seconds. */
function outage(fault: IssuerFault, from: number, to: number): readonly Step[] {
  return [
    { at: from, do: ({ issuer }) => issuer.fail(fault) },
    { at: to, do: ({ issuer }) => issuer.recover() },
  ];
}

const [REFUSE, HANG, ERROR, RESET] = ['refuse', 'hang before the answer', '500', 'reset'].map(findIssuerFault) as [
  IssuerFault,
  IssuerFault,
  IssuerFault,
  IssuerFault,
];

const flicker = Array.from({ length: 4 }, (_, i) => outage(RESET, 1 + i * 0.8, 1.4 + i * 0.8)).flat();

export const QUIET: Scenario = { name: 'quiet', seconds: 6, steps: [] };

export const SCENARIOS: readonly Scenario[] = [
  QUIET,
  ...ISSUER_FAULTS.map((fault): Scenario => ({ name: fault.name, seconds: 7, steps: outage(fault, 1, 3.5) })),
  { name: 'a long outage', seconds: 24, steps: outage(REFUSE, 1, 1 + LONG_OUTAGE) },
  { name: 'a short outage, often', seconds: 13, steps: flicker },
  { name: 'start while the issuer is down', seconds: 9, startsWith: REFUSE, steps: outage(REFUSE, 0, 1.5) },
  { name: 'start while the issuer hangs', seconds: 9, startsWith: HANG, steps: outage(HANG, 0, 1.5) },
  {
    name: 'rotation with overlap',
    seconds: 8,
    steps: [
      { at: 1, do: ({ issuer }) => issuer.publish() },
      { at: 4, do: ({ issuer }) => issuer.withdraw() },
    ],
  },
  {
    name: 'rotation without overlap',
    seconds: 8,
    steps: [1.5, 4].map((at) => ({ at, do: ({ issuer }) => issuer.replaceKeys() })),
  },
  {
    name: 'withdrawal',
    seconds: 8,
    steps: [
      { at: 0.5, do: ({ issuer }) => issuer.publish() },
      { at: 2, do: ({ issuer }) => issuer.withdraw() },
    ],
  },
  {
    name: 'withdrawal, and no unknown keys',
    seconds: 9,
    withoutMadeUp: true,
    steps: [
      { at: 0.2, do: ({ issuer }) => issuer.publish() },
      { at: 2, do: ({ issuer }) => issuer.withdraw() },
    ],
  },
  {
    name: 'rotation in an outage',
    seconds: 11,
    steps: [...outage(ERROR, 1, 3), { at: 2, do: ({ issuer }) => issuer.replaceKeys() }],
  },
  { name: 'jwks_uri moves', seconds: 8, steps: [{ at: 1.5, do: ({ issuer }) => issuer.move(false) }] },
  {
    name: 'jwks_uri moves, and the old place stays',
    seconds: 9,
    steps: [{ at: 1.5, do: ({ issuer }) => issuer.move(true) }],
  },
  {
    name: 'revocation',
    seconds: 8,
    steps: [1, 2, 3].map((at) => ({ at, do: ({ load }) => load.revoke() })),
  },
  {
    name: 'a huge key set',
    seconds: 8,
    steps: [
      { at: 1, do: ({ issuer }) => issuer.publishMany(MANY_KEYS) },
      { at: 4, do: ({ issuer }) => issuer.replaceKeys() },
    ],
  },
  {
    name: 'a flood of made-up keys',
    seconds: 8,
    steps: [
      {
        at: 1,
        do: ({ load }) => {
          load.floodPerSecond = FLOOD_PER_SECOND;
        },
      },
      { at: 3, do: ({ issuer }) => issuer.publish() },
    ],
  },
  { name: 'the issuer is 30 s ahead', seconds: 5, clockAhead: -30, steps: [] },
  { name: 'the issuer is 30 s behind', seconds: 5, clockAhead: 30, steps: [] },
];

/** Ten minutes of everything, again and again. */
export function createSoak(seconds: number): Scenario {
  const every = 30;
  const round = (at: number, index: number): readonly Step[] => [
    ...outage(ISSUER_FAULTS[index % ISSUER_FAULTS.length] as IssuerFault, at + 2, at + 4),
    { at: at + 12, do: ({ issuer }) => issuer.publish() },
    { at: at + 16, do: ({ issuer }) => issuer.withdraw() },
    { at: at + 18, do: ({ load }) => load.revoke() },
  ];
  const rounds = Array.from({ length: Math.floor(seconds / every) }, (_, index) => round(index * every, index));
  return { name: 'soak', seconds, steps: rounds.flat() };
}

export function findScenario(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`there is no scenario ${name}`);
  return found;
}
