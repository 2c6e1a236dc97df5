import { round, type TargetResult } from '../targets.js';
import type { Spread } from './statistics.js';

/** A table as it is printed, written to JSON, and put into documents. */
export interface Table {
  /** The name between markers of a document: `<!-- bench:NAME-NODE -->`. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What one part of the benchmark found. */
export interface PartResult {
  readonly tables: readonly Table[];
  readonly targets: readonly TargetResult[];
  /** What was measured over rounds, and how much it moved. */
  readonly spreads: readonly Spread[];
}

export function ratio(value: number, base: number): string {
  return (value / base).toFixed(2);
}

export function printTable({ title, columns, rows }: Table): void {
  const cells = [columns, ...rows].map((row) => row.map(formatCell));
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  console.log(`\n${title}`);
  for (const row of cells) {
    const line = row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)));
    console.log(`  ${line.join('  ').trimEnd()}`);
  }
}

export function printTargets(targets: readonly TargetResult[]): void {
  if (targets.length === 0) return;
  console.log('\nTargets');
  for (const { target, what, value, limit, isMet } of targets) {
    console.log(`  ${isMet ? 'met   ' : 'MISSED'}  ${target}: ${what}: ${value} (limit ${limit})`);
  }
}

export function formatCell(cell: string | number): string {
  return typeof cell === 'number' ? round(cell).toLocaleString('en-US', { maximumFractionDigits: 3 }) : cell;
}
