import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { LRUCache } from 'lru-cache';
import { type ReadersOf, readOptions } from '../../options/option-reader.js';
import { number } from '../../options/readers.js';
import type { DiagnosticsMessages } from '../../platform/diagnostics.js';

/** The options of `createScopeRecorder`. */
export interface ScopeRecorderOptions {
  /** How many clients are remembered; beyond it, those that came last. @defaultValue 1000 */
  readonly maxClients?: number;
}

/** What one client of an issuer was granted, and what of it its requests needed. */
export interface ScopeUse {
  readonly issuer: string;
  readonly clientId: string | undefined;
  /** Requests that were let through. */
  readonly requests: number;
  /** Scopes that were granted and that a request needed. */
  readonly used: readonly string[];
  /** Scopes that were granted and that no request needed: candidates for a smaller grant. */
  readonly unused: readonly string[];
}

/** Records which granted scopes clients need, in this process, over all verifiers. */
export interface ScopeRecorder {
  /** Since when: milliseconds since the epoch. */
  readonly since: number;
  /** Gives what was recorded, clients with the most unused scopes first. */
  report(): readonly ScopeUse[];
  /** Gives the report as a table in Markdown. */
  toMarkdown(): string;
  /** Ends the recording. What was recorded stays. */
  close(): void;
}

interface Recorded {
  readonly issuer: string;
  readonly clientId: string | undefined;
  requests: number;
  readonly granted: Set<string>;
  readonly needed: Set<string>;
}

type Decision = DiagnosticsMessages['scopegate:decision'];

const CHANNEL = 'scopegate:decision';
// A client whose tokens bring ever new scopes must not fill the memory.
const MAX_SCOPES_PER_CLIENT = 256;

const READERS = {
  maxClients: number({ min: 1, max: 1_000_000, unit: 'clients', integer: true, fallback: 1000 }),
} satisfies ReadersOf<ScopeRecorderOptions>;

/**
 * Starts to record which of the scopes that clients were granted their requests need, so that grants can be cut.
 * Listens on the channel `scopegate:decision`; without a recorder nothing is computed.
 *
 * @example
 * ```ts
 * const recorder = createScopeRecorder();
 *
 * app.get('/scope-use', guard('staff:read'), (_req, res) => {
 *   res.type('text/markdown').send(recorder.toMarkdown());
 * });
 * ```
 *
 * @throws {ConfigurationError}
 */
export function createScopeRecorder(options: ScopeRecorderOptions = {}): ScopeRecorder {
  const { maxClients: max } = readOptions(options, '', 'Give an object such as { maxClients: 1000 }.', READERS);
  const records = new LRUCache<string, Recorded>({ max });
  const listen = (message: unknown) => note(records, message as Decision);
  subscribe(CHANNEL, listen);
  const report = () => [...records.values()].map(describe).sort((a, b) => b.unused.length - a.unused.length);
  return Object.freeze({
    since: Date.now(),
    report,
    toMarkdown: () => toMarkdown(report()),
    close: () => void unsubscribe(CHANNEL, listen),
  });
}

function note(records: LRUCache<string, Recorded>, { issuer, clientId, granted, needed }: Decision): void {
  if (issuer === undefined) return;
  const name = JSON.stringify([issuer, clientId]);
  const record = records.get(name) ?? { issuer, clientId, requests: 0, granted: new Set(), needed: new Set() };
  records.set(name, record);
  record.requests += 1;
  addAll(record.granted, granted);
  addAll(record.needed, needed);
}

function addAll(to: Set<string>, scopes: readonly string[]): void {
  for (const scope of scopes) if (to.size < MAX_SCOPES_PER_CLIENT) to.add(scope);
}

function describe({ issuer, clientId, requests, granted, needed }: Recorded): ScopeUse {
  const scopes = [...granted].sort();
  return {
    issuer,
    clientId,
    requests,
    used: scopes.filter((scope) => needed.has(scope)),
    unused: scopes.filter((scope) => !needed.has(scope)),
  };
}

function toMarkdown(report: readonly ScopeUse[]): string {
  const rows = report.map(({ issuer, clientId = '', requests, used, unused }) => {
    return [issuer, clientId, String(requests), used.join(' '), unused.join(' ')];
  });
  const heads = ['issuer', 'client', 'requests', 'scopes used', 'scopes never needed'];
  const lines = [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

/** Clients are named by strangers, at issuers where anybody may register one. */
function escapeCell(text: string): string {
  return text.replace(/[\\|`*_<>[\]]/g, '\\$&').replace(/\s+/g, ' ');
}
