import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatAnswer, type HttpAnswer } from '../../src/protocol/http-answer.js';
import { REFUSALS, Refusal, type RefusalReason } from '../../src/protocol/refusal.js';

const REALM = 'the realm of this test';
const SCOPES = ['first:scope', 'second:scope'];
const RETRY_AFTER_SECONDS = 4711;

/** A row of the table in docs/http.md. */
interface Row {
  readonly status: string;
  readonly challenge: string;
  readonly body: string;
  readonly more: string;
  readonly reasons: readonly string[];
}

const text = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8');
const lines = text.split('\n');
const [head = [], ...rows] = lines.filter((line) => line.startsWith('| ')).map(readCells);
const table = rows.map(readRow);
const cases = table.flatMap((row) => row.reasons.map((reason) => [reason as RefusalReason, row] as const));

/** No cell has a pipe in it. */
function readCells(line: string): readonly string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function readRow([, status = '', challenge = '', body = '', more = '', reasons = '']: readonly string[]): Row {
  return {
    status,
    challenge: readCode(challenge),
    body: readCode(body),
    more: readCode(more),
    reasons: readLinks(reasons),
  };
}

function readCode(cell: string): string {
  return cell === 'none' ? '' : (/^`([^`]+)`$/.exec(cell)?.[1] ?? `not code: ${cell}`);
}

/** Each reason is a link to its own section. */
function readLinks(cell: string): readonly string[] {
  return cell.split(', ').map((link) => /^\[(\w+)\]\(refusals\.md#\1\)$/.exec(link)?.[1] ?? `no link: ${link}`);
}

/** Formats a real answer as the table writes it. */
function describeAnswer(reason: RefusalReason, { status, headers, body }: HttpAnswer): object {
  const withPlaceholders = (value: string) =>
    value
      .replaceAll(REALM, '<realm>')
      .replaceAll(REFUSALS[reason].description, '<text>')
      .replaceAll(SCOPES.join(' '), '<scopes>')
      .replaceAll(String(RETRY_AFTER_SECONDS), '<seconds>');
  const { 'WWW-Authenticate': challenge = '', ...others } = headers;
  const more = Object.entries(others).map(([name, value]) => `${name}: ${withPlaceholders(value)}`);
  return {
    status: String(status),
    challenge: withPlaceholders(challenge),
    body: withPlaceholders(body),
    headers: more.sort(),
  };
}

/** Refusals that tell the client which scopes to ask for. */
const NAME_SCOPES: readonly string[] = ['scope_insufficient', 'userinfo_refused'];

describe('docs/http.md', () => {
  const common = lines.flatMap((line) => /^- `([^`]+)`$/.exec(line)?.[1] ?? []);

  it('has a table of situations, statuses, headers, bodies and reasons', () => {
    const names = ['situation', 'status', '`WWW-Authenticate`', 'body', 'more headers', 'reasons'];
    expect(head).toEqual(names);
    expect(table.length).toBeGreaterThan(5);
  });

  it('has every reason of the code in exactly one row', () => {
    expect(cases.map(([reason]) => reason).sort()).toEqual(Object.keys(REFUSALS).sort());
  });

  it('names two headers that every answer has', () => {
    expect(common).toEqual(['Cache-Control: no-store', 'Content-Type: application/json']);
  });

  it.each(cases)('tells the answer to %s as the code gives it', (reason, row) => {
    const context = {
      ...(NAME_SCOPES.includes(reason) && { scopes: SCOPES }),
      ...(row.status === '503' && { retryAfterSeconds: RETRY_AFTER_SECONDS }),
    };
    const answer = formatAnswer(new Refusal(reason, 'a detail that no client may see', context), REALM);
    expect(describeAnswer(reason, answer)).toEqual({
      status: row.status,
      challenge: row.challenge,
      body: row.body,
      headers: [...common, ...(row.more === '' ? [] : [row.more])].sort(),
    });
  });
});
