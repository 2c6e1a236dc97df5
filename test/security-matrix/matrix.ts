import { relative, sep } from 'node:path';

/** A requirement or an attack, and what scopegate does about it. */
export interface CatalogueRow {
  /** Where it comes from: a section of a specification, advisories. */
  readonly source: string;
  readonly sentence: string;
}

export interface CatalogueSection {
  readonly title: string;
  /** By id, in the order of the document. */
  readonly rows: { readonly [id: string]: CatalogueRow };
}

/** Rows of the source lists that nothing here claims, and why. */
export interface Omission {
  readonly subject: string;
  /** Single ids, and ranges such as `J1 to J5`. */
  readonly ids: readonly string[];
  /** May name rows that are claimed instead. */
  readonly reason: string;
}

/** What is read of a report of `vitest run --reporter=json`. */
export interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly TestOutcome[];
  }[];
}

export interface TestOutcome {
  readonly status: string;
  /** What `covers` of test/support/covers.ts left there. */
  readonly meta: { readonly covers?: readonly string[] };
}

export type Result = 'passes' | 'fails' | 'skipped' | 'no test';

export interface MatrixRow extends CatalogueRow {
  readonly id: string;
  /** Paths of test files from the root of the project, in the order of the alphabet. */
  readonly files: readonly string[];
  readonly result: Result;
}

export interface MatrixSection {
  readonly title: string;
  readonly rows: readonly MatrixRow[];
}

export interface Matrix {
  readonly sections: readonly MatrixSection[];
  /** Test files in which anything failed. A test that fails before it says what it covers is found by this alone. */
  readonly failedFiles: readonly string[];
  /** What tests say that they cover and no section has, with the file. */
  readonly unknownIds: readonly string[];
}

// The vectors of Wycheproof do not come with the project, so their tests are not the same everywhere. The tests of the
// matrix name ids that they do not prove.
const NO_PROOF = ['test/wycheproof/', 'test/security-matrix/'];

/** Finds the tests of every row. */
export function buildMatrix(
  sections: readonly CatalogueSection[],
  reports: readonly TestReport[],
  root: string,
): Matrix {
  const ids = sections.flatMap(({ rows }) => Object.keys(rows));
  const found = new Map(ids.map((id) => [id, { files: new Set<string>(), statuses: new Set<string>() }]));
  const failedFiles = new Set<string>();
  const unknownIds = new Set<string>();

  for (const { name, status, assertionResults } of reports.flatMap(({ testResults }) => testResults)) {
    const file = toProjectPath(name, root);
    if (status === 'failed') failedFiles.add(file);

    for (const { id, status: outcome } of assertionResults.flatMap(toProofs)) {
      const proof = found.get(id);
      if (proof === undefined) unknownIds.add(`${id} in ${file}`);
      else if (!NO_PROOF.some((folder) => file.startsWith(folder))) {
        proof.files.add(file);
        proof.statuses.add(outcome);
      }
    }
  }

  const toRow = ([id, row]: readonly [string, CatalogueRow]): MatrixRow => {
    const { files = new Set<string>(), statuses = new Set<string>() } = found.get(id) ?? {};
    return { id, ...row, files: [...files].sort(), result: sumUp(statuses) };
  };
  return {
    sections: sections.map(({ title, rows }) => ({ title, rows: Object.entries(rows).map(toRow) })),
    failedFiles: [...failedFiles].sort(),
    unknownIds: [...unknownIds].sort(),
  };
}

/** Names everything that keeps the matrix from saying that all is well. */
export function findProblems({ sections, failedFiles, unknownIds }: Matrix): string[] {
  const rows = sections.flatMap((section) => section.rows);
  const failing = rows.filter(({ result }) => result !== 'passes');
  return [
    ...failedFiles.map((file) => `${file} failed`),
    ...unknownIds.map((place) => `no row has the id ${place}`),
    ...failing.map(({ id, result, files }) => [`${id}: ${result}`, ...files].join(' ')),
  ];
}

/** Writes the document, whose folder is beside that of the tests. */
export function formatMatrix({ sections }: Matrix, head: string, omissions: readonly Omission[]): string {
  const tables = sections.map(({ title, rows }) => {
    const lines = rows.map(({ id, source, sentence, files, result }) =>
      formatLine([id, source, sentence, files.map(formatLink).join('<br>'), result]),
    );
    return `## ${title}\n\n| id | source | what holds | tests | result |\n|---|---|---|---|---|\n${lines.join('\n')}\n`;
  });
  const missing = omissions.map(({ subject, ids, reason }) => formatLine([subject, ids.join(', '), reason]));
  const notYet = `## Not yet\n\n| what | ids | why |\n|---|---|---|\n${missing.join('\n')}\n`;
  return [head, ...tables, notYet].join('\n');
}

/** Gives every id of an omission, those within ranges as well. */
export function listIds({ ids }: Pick<Omission, 'ids'>): string[] {
  return ids.flatMap((text) => {
    const [, prefix = '', first, last] = /^(.*?)(\d+) to \1(\d+)$/.exec(text) ?? [];
    if (first === undefined) return [text];
    const count = Number(last) - Number(first) + 1;
    return Array.from({ length: count }, (_, index) => `${prefix}${Number(first) + index}`);
  });
}

function toProofs({ status, meta }: TestOutcome) {
  return (meta.covers ?? []).map((id) => ({ id, status }));
}

function sumUp(statuses: ReadonlySet<string>): Result {
  if (statuses.size === 0) return 'no test';
  if (statuses.has('failed')) return 'fails';
  return statuses.has('passed') ? 'passes' : 'skipped';
}

function toProjectPath(file: string, root: string): string {
  const path = relative(root, file).replaceAll(sep, '/');
  if (path.startsWith('..')) throw new Error(`The report is of another project: ${file} is not in ${root}.`);
  return path;
}

function formatLink(file: string): string {
  return `[${file.replace(/^test\//, '').replace(/\.test\.ts$/, '')}](../${file})`;
}

function formatLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
