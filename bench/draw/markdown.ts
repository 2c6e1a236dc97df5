import { formatCell, type Table } from '../lib/report.js';
import { type Results, tablesOf } from '../lib/result-file.js';
import { TARGETS } from '../targets.js';

const BLOCK = /(<!-- bench:(\S+) -->\n)[\s\S]*?(<!-- \/bench -->)/g;

/**
 * Fills what stands between `<!-- bench:NAME -->` and `<!-- /bench -->`. Names that have no numbers are given
 * back, and their blocks stay as they are.
 */
export function fillBlocks(text: string, blocks: ReadonlyMap<string, string>): { text: string; unknown: string[] } {
  const unknown: string[] = [];
  const filled = text.replaceAll(BLOCK, (all, start: string, name: string, end: string) => {
    const block = blocks.get(name);
    if (block === undefined) unknown.push(name);
    return block === undefined ? all : `${start}\n${block}\n\n${end}`;
  });
  return { text: filled, unknown };
}

/** Gives every block by its name: tables and targets of each version of Node.js, and HTTP beside each other. */
export function createBlocks(all: readonly Results[]): ReadonlyMap<string, string> {
  const blocks = new Map<string, string>();
  for (const results of all) {
    for (const table of tablesOf(results)) blocks.set(`${table.name}-${results.major}`, toMarkdown(table));
    blocks.set(`targets-${results.major}`, toMarkdown(targetTable(results)));
    blocks.set(`environment-${results.major}`, toMarkdown(environmentTable(results)));
  }
  blocks.set('http', toMarkdown(httpTable(all)));
  return blocks;
}

function toMarkdown({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = columns.map((_, i) => (i === 0 ? '---' : '---:'));
  return [line(columns), line(rule), ...rows.map((row) => line(row.map(formatCell)))].join('\n');
}

function targetTable({ parts }: Results): Table {
  const targets = Object.values(parts).flatMap((part) => part.targets);
  const order = Object.keys(TARGETS);
  const sorted = targets.toSorted((a, b) => order.indexOf(a.target) - order.indexOf(b.target));
  return {
    name: 'targets',
    title: 'Targets',
    columns: ['what', 'measured', 'limit', 'met'],
    rows: sorted.map(({ what, value, limit, isMet }) => [what, value, limit, isMet ? 'yes' : 'no']),
  };
}

function environmentTable({ parts }: Results): Table {
  const [first] = Object.values(parts);
  const environment = first?.environment;
  const versions = Object.entries(environment?.versions ?? {}).map(([name, version]) => `${name} ${version}`);
  const rows = [
    ['processor', `${environment?.cpu}, ${environment?.cores} cores, ${environment?.memoryGiB} GiB`],
    ['platform', environment?.platform ?? ''],
    ['Node.js', `${environment?.node}, V8 ${environment?.v8}, OpenSSL ${environment?.openssl}`],
    ['load', environment?.loadGenerator ?? ''],
    ['versions', versions.join(', ')],
    ['date', first?.date.slice(0, 10) ?? ''],
    ['command', `\`${first?.command}\``],
  ];
  return { name: 'environment', title: 'Environment', columns: ['', 'of this run'], rows };
}

/** Requests a second, processor time and rank of each system, on each Node.js, with tokens known and new. */
function httpTable(all: readonly Results[]): Table {
  const loads = ['http-known', 'http-new'] as const;
  const found = all.flatMap((results) =>
    loads.flatMap((load) => {
      const table = tablesOf(results).find(({ name }) => name === load);
      return table === undefined ? [] : [{ heading: `Node ${results.major}: ${load.slice(5)}`, table }];
    }),
  );
  const systems = [...new Set(found.flatMap(({ table }) => table.rows.map(([system]) => String(system))))];
  const rows = systems.map((system) => [system, ...found.map(({ table }) => summarize(table, system))]);
  return { name: 'http', title: 'Over HTTP', columns: ['system', ...found.map(({ heading }) => heading)], rows };
}

function summarize({ columns, rows }: Table, system: string): string {
  const row = rows.find(([name]) => name === system);
  if (row === undefined) return '';
  const cell = (column: string) => row[columns.indexOf(column)] ?? '';
  const cpu = cell('least CPU us a request');
  return cpu === '' ? formatCell(cell('requests/s')) : `${formatCell(cell('requests/s'))}; ${formatCell(cpu)} us`;
}
