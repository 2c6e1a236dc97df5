import { hasSubscribers } from 'node:diagnostics_channel';
import { vi } from 'vitest';
import type { DiagnosticsChannel } from '../../src/platform/diagnostics.js';

/** A part of what all files of tests share in one process, by its name. */
export type ProcessState = ReadonlyMap<string, unknown>;

/** What is there as long as vitest itself is, and comes and goes: the way to its main process, files that are read. */
const RESOURCES_OF_VITEST = /^(?:MessagePort|PipeWrap|TTYWrap|FSReq\w+|FSEvent\w+|Immediate|CloseReq|Worker)$/;

/** Variables of vitest name the file that runs. */
const VARIABLES_OF_VITEST = /^VITEST_/;

const CHANNELS: Record<DiagnosticsChannel, true> = {
  'scopegate:fetch': true,
  'scopegate:refresh': true,
  'scopegate:rotation': true,
  'scopegate:skipped-key': true,
  'scopegate:stale-use': true,
  'scopegate:back-off': true,
  'scopegate:decision': true,
  'scopegate:introspection': true,
  'scopegate:unknown-kid': true,
};

/** Reads what a file of tests could leave behind for the next one, but for open resources. */
export function readProcessState(): ProcessState {
  return new Map<string, unknown>([
    ...readProperties('globalThis', globalThis),
    ...readGlobals(),
    ...readListeners(),
    ...Object.entries(process.env)
      .filter(([name]) => !VARIABLES_OF_VITEST.test(name))
      .map(([name, value]) => [`process.env.${name}`, value] as const),
    ...Object.keys(CHANNELS).map((name) => [`a subscriber of ${name}`, hasSubscribers(name)] as const),
    ['fake timers', vi.isFakeTimers()],
    ['a hook that watches promises', arePromisesWatched()],
    ['the working directory', process.cwd()],
    ['process.exitCode', process.exitCode],
  ]);
}

/** Names what differs between two states. */
export function compareStates(before: ProcessState, after: ProcessState): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => !Object.is(before.get(name), after.get(name)));
}

/** Counts the servers, sockets, timers and child processes that keep the process alive, by their kind. */
export function countOpenResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!RESOURCES_OF_VITEST.test(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Names the kinds of which more are open than before. */
export function findLeftOpen(before: ReadonlyMap<string, number>): readonly string[] {
  return [...countOpenResources()].filter(([kind, count]) => count > (before.get(kind) ?? 0)).map(([kind]) => kind);
}

/** The properties of what JavaScript and Node.js define, and of their prototypes: `Date.now`, `Array.prototype.at`. */
function readGlobals(): readonly (readonly [string, unknown])[] {
  const names = Object.getOwnPropertyNames(globalThis).filter((name) => /^[A-Z]|^(?:console|process)$/.test(name));
  return names.flatMap((name) => {
    const value: unknown = Reflect.get(globalThis, name);
    if (!isObject(value)) return [];
    const { prototype } = value as { prototype?: unknown };
    const own = readProperties(name, value);
    return isObject(prototype) ? [...own, ...readProperties(`${name}.prototype`, prototype)] : own;
  });
}

function readProperties(name: string, object: object): readonly (readonly [string, unknown])[] {
  return Reflect.ownKeys(object)
    .filter((key) => !(object === process && OF_PROCESS.has(key)) && !OF_LIBRARIES.test(String(key)))
    .map((key) => {
      // Node.js defines many globals by a getter that gives way to the value as soon as it is read.
      if (object === globalThis && typeof key === 'string') Reflect.get(object, key);
      const { value, get } = Object.getOwnPropertyDescriptor(object, key) as PropertyDescriptor;
      return [`${name}.${String(key)}`, get ?? value] as const;
    });
}

/**
 * What libraries keep on `globalThis` and `Reflect` for as long as they are loaded: the agent of `fetch`, the registry of
 * zod, the helpers of tslib and the metadata of Nest.
 */
const OF_LIBRARIES =
  /^(?:Symbol\(undici\.\w+\.\d+\)|__(?:zod_)?[a-zA-Z]+|(?:define|delete|has|hasOwn|get|getOwn)Metadata(?:Keys)?|metadata|decorate|Symbol\(@reflect-metadata:registry\))$/;

/** What is compared by its content. */
const OF_PROCESS: ReadonlySet<PropertyKey> = new Set(['env', '_events', '_eventsCount']);

function readListeners(): readonly (readonly [string, unknown])[] {
  return process.eventNames().flatMap((event) => {
    return process.listeners(event as 'exit').map((listener, i) => [`process.on('${String(event)}') ${i}`, listener]);
  }) as (readonly [string, unknown])[];
}

/** Whether `async_hooks` or an `AsyncLocalStorage` is in use, which makes each promise dear. Then it is numbered. */
function arePromisesWatched(): boolean {
  return Object.getOwnPropertySymbols(Promise.resolve()).length > 0;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
