import { formatCell, type Table } from '../lib/report.js';
import { type Results, tablesOf } from '../lib/result-file.js';
import type { BarChart } from './bar-chart.js';

/** What to draw of a table: which column is the length of a bar, and which one its note. */
interface ChartPlan {
  readonly table: string;
  /** Of the file; the table's where it is missing. */
  readonly name?: string;
  readonly title: string;
  readonly subtitle: string;
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly noteSuffix: string;
}

const PLANS: readonly ChartPlan[] = [
  {
    table: 'http-known',
    title: 'Tokens seen before: requests a second',
    subtitle: 'One Express 5 app, medians; more is better. In brackets: of a route without a guard',
    label: 'system',
    value: 'requests/s',
    note: 'of the open route',
    noteSuffix: '',
  },
  {
    table: 'http-new',
    title: 'Every token new: requests a second',
    subtitle: 'One Express 5 app, medians, RS256; more is better. In brackets: of a bare crypto.verify',
    label: 'system',
    value: 'requests/s',
    note: 'of the bare callback',
    noteSuffix: '',
  },
  {
    table: 'http-known',
    name: 'http-known-cpu',
    title: 'Tokens seen before: processor time a request',
    subtitle: 'Microseconds, least of all rounds; less is better. In brackets: above the open route',
    label: 'system',
    value: 'least CPU us a request',
    note: 'least above the open route',
    noteSuffix: '',
  },
  {
    table: 'http-new',
    name: 'http-new-cpu',
    title: 'Every token new: processor time a request',
    subtitle: 'Microseconds, least of all rounds; less is better. In brackets: above the open route',
    label: 'system',
    value: 'least CPU us a request',
    note: 'least above the open route',
    noteSuffix: '',
  },
  {
    table: 'first-requests',
    title: 'The first 5,000 requests of a fresh server: processor time',
    subtitle: 'Milliseconds, least of all rounds; less is better. In brackets: of the best peer',
    label: 'system',
    value: 'CPU ms, least',
    note: 'of the best peer',
    noteSuffix: '',
  },
  {
    table: 'in-process-seen',
    title: 'Tokens seen before: microseconds a call',
    subtitle: 'In process, least of all rounds; less is better. In brackets: times the SHA-256 of the token',
    label: 'system',
    value: 'least us',
    note: 'least, of the SHA-256',
    noteSuffix: ' x',
  },
];

/** Gives the charts of one run, by file name. */
export function createCharts(results: Results): ReadonlyMap<string, BarChart> {
  const charts = new Map<string, BarChart>();
  for (const plan of PLANS) {
    const table = tablesOf(results).find(({ name }) => name === plan.table);
    // Results of an earlier run may lack a column.
    if (table === undefined || !table.columns.includes(plan.value)) continue;
    charts.set(`performance-${plan.name ?? plan.table}-${results.major}.svg`, createChart(plan, table, results));
  }
  return charts;
}

function formatNote(cell: string | number | undefined, suffix: string): string {
  return cell === '' || cell === undefined ? '' : `(${formatCell(cell)}${suffix})`;
}

function createChart(plan: ChartPlan, { columns, rows }: Table, { major, parts }: Results): BarChart {
  const at = (column: string) => columns.indexOf(column);
  const [label, value, note] = [at(plan.label), at(plan.value), at(plan.note)];
  const environment = Object.values(parts)[0]?.environment;
  return {
    title: plan.title,
    subtitle: `${plan.subtitle}. Node ${environment?.node ?? major}, ${environment?.cores ?? '?'} cores`,
    bars: rows.map((row) => ({
      label: String(row[label]),
      value: Number(row[value]),
      note: formatNote(row[note], plan.noteSuffix),
      isOurs: String(row[label]).startsWith('scopegate'),
    })),
  };
}
