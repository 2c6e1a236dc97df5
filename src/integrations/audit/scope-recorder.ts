import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { LRUCache } from 'lru-cache';
import { type ReadersOf, readOptions } from '../../options/option-reader.js';
import { number } from '../../options/readers.js';
import type { DiagnosticsMessages } from '../../platform/diagnostics.js';

/** The options of `createScopeRecorder`. */
export interface ScopeRecorderOptions {
  /** How many clients are recorded. Beyond it, the ones seen last. @defaultValue 1000 */
  readonly maxClients?: number;
}

/** The scopes that a client of an issuer was granted, and those that its requests needed. */
export interface ScopeUse {
  readonly issuer: string;
  readonly clientId: string | undefined;
  /** Accepted requests. */
  readonly requests: number;
  /** Granted scopes that a request needed. */
  readonly used: readonly string[];
  /** Granted scopes that no request needed: candidates for a smaller grant. */
  readonly unused: readonly string[];
}

/** Records which granted scopes clients need, for all verifiers of this process. */
export interface ScopeRecorder {
  /** When the recording started, in milliseconds since the epoch. */
  readonly since: number;
  /** Returns the records, clients with the most unused scopes first. */
  report(): readonly ScopeUse[];
  /** Formats the report as a table in Markdown. */
  toMarkdown(): string;
  /** Ends the recording. The records stay. */
  close(): void;
}

interface ClientRecord {
  readonly issuer: string;
  readonly clientId: string | undefined;
  requests: number;
  readonly granted: Set<string>;
  readonly needed: Set<string>;
}

type Decision = DiagnosticsMessages['scopegate:decision'];

const CHANNEL = 'scopegate:decision';
// Bounds the memory that a client with ever new scopes takes.
const MAX_SCOPES_PER_CLIENT = 256;

const READERS = {
  maxClients: number({ min: 1, max: 1_000_000, unit: 'clients', integer: true, fallback: 1000 }),
} satisfies ReadersOf<ScopeRecorderOptions>;

/**
 * Starts to record which granted scopes clients need, so that grants can be reduced. Subscribes to the channel
 * `scopegate:decision`; without a recorder nothing is computed.
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
  const records = new LRUCache<string, ClientRecord>({ max });
  const onDecision = (message: unknown) => record(records, message as Decision);
  subscribe(CHANNEL, onDecision);
  const report = () => [...records.values()].map(describe).sort((a, b) => b.unused.length - a.unused.length);
  return Object.freeze({
    since: Date.now(),
    report,
    toMarkdown: () => toMarkdown(report()),
    close: () => void unsubscribe(CHANNEL, onDecision),
  });
}

function record(records: LRUCache<string, ClientRecord>, { issuer, clientId, granted, needed }: Decision): void {
  if (issuer === undefined) return;
  const key = JSON.stringify([issuer, clientId]);
  const client = records.get(key) ?? { issuer, clientId, requests: 0, granted: new Set(), needed: new Set() };
  records.set(key, client);
  client.requests += 1;
  addAll(client.granted, granted);
  addAll(client.needed, needed);
}

function addAll(target: Set<string>, scopes: readonly string[]): void {
  for (const scope of scopes) if (target.size < MAX_SCOPES_PER_CLIENT) target.add(scope);
}

function describe({ issuer, clientId, requests, granted, needed }: ClientRecord): ScopeUse {
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

/** Escapes Markdown: some issuers let anybody register a client, with any name. */
function escapeCell(text: string): string {
  return text.replace(/[\\|`*_<>[\]]/g, '\\$&').replace(/\s+/g, ' ');
}
