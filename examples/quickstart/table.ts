import { isDeepStrictEqual, styleText } from 'node:util';
import type { Call, Outcome } from './calls.js';

export interface Row {
  readonly call: Call;
  readonly outcome: Outcome;
}

const HEADINGS = ['call', 'token', 'status', 'reason in the log', 'WWW-Authenticate', 'as expected'];

export function isAsExpected({ call, outcome }: Row): boolean {
  return isDeepStrictEqual(outcome, call.expected);
}

/** Formats what each call got, in columns. */
export function formatTable(rows: readonly Row[], useColor: boolean): string {
  const cells = [HEADINGS, ...rows.map(formatRow)];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  if (!useColor) return lines.join('\n');
  return lines.map((line, index) => styleText(colorOf(rows[index - 1]), line)).join('\n');
}

function formatRow(row: Row): readonly string[] {
  const { status, reason = '-', challenge = '-' } = row.outcome;
  return [row.call.method, row.call.name, String(status), reason, challenge, isAsExpected(row) ? 'yes' : 'NO'];
}

function colorOf(row: Row | undefined): 'bold' | 'green' | 'yellow' | 'red' {
  if (row === undefined) return 'bold';
  if (!isAsExpected(row)) return 'red';
  return row.outcome.reason === undefined ? 'green' : 'yellow';
}
