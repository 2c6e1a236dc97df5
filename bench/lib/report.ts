/** A table as it is printed, written to JSON, and put into documents. */
export interface Table {
  /** The name between markers of a document: `<!-- bench:NAME-NODE -->`. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** One of the targets that were set, and how far it is. */
export interface Target {
  readonly number: number;
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly isMet: boolean;
}

/** What one part of the benchmark found. */
export interface PartResult {
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
  /** Every measurement, before medians were taken. */
  readonly samples: unknown;
}

export function atMost(number: number, what: string, value: number, limit: number): Target {
  return { number, what, value: round(value), limit: round(limit), isMet: value <= limit };
}

export function atLeast(number: number, what: string, value: number, limit: number): Target {
  return { number, what, value: round(value), limit: round(limit), isMet: value >= limit };
}

/** Three digits that matter; whole numbers from 100 on. */
export function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
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

export function printTargets(targets: readonly Target[]): void {
  if (targets.length === 0) return;
  console.log('\nTargets');
  for (const { number, what, value, limit, isMet } of targets) {
    console.log(`  ${isMet ? 'met   ' : 'MISSED'}  ${number}. ${what}: ${value} (limit ${limit})`);
  }
}

export function formatCell(cell: string | number): string {
  return typeof cell === 'number' ? round(cell).toLocaleString('en-US', { maximumFractionDigits: 3 }) : cell;
}
