import { relative, sep } from 'node:path';

/** A requirement or an attack, and what scopegate does about it. */
export interface CatalogueRow {
  readonly id: string;
  /** Where it comes from: a section of a specification, advisories. */
  readonly source: string;
  readonly sentence: string;
}

export interface CatalogueSection {
  readonly title: string;
  readonly rows: readonly CatalogueRow[];
}

/** Rows of the source lists that nothing here claims, and why. */
export interface Omission {
  readonly what: string;
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
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
}

export type Result = 'passes' | 'fails' | 'skipped' | 'no test';

export interface MatrixRow extends CatalogueRow {
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
  /** Test files that ended before their tests ran. */
  readonly brokenFiles: readonly string[];
}

// The vectors of Wycheproof do not come with the project, so that their tests are not the same everywhere. The tests
// of the matrix have ids in their titles that they do not prove.
const NO_PROOF = ['test/wycheproof/', 'test/security-matrix/'];

/**
 * Finds the tests of every row. A test is one of a row when its title, or that of a `describe` around it, has
 * the id of the row in its label.
 */
export function buildMatrix(
  sections: readonly CatalogueSection[],
  reports: readonly TestReport[],
  root: string,
): Matrix {
  const ids = new Set(sections.flatMap(({ rows }) => rows.map(({ id }) => id)));
  const found = new Map([...ids].map((id) => [id, { files: new Set<string>(), statuses: new Set<string>() }]));
  const brokenFiles = new Set<string>();
  for (const { name, status, assertionResults } of reports.flatMap(({ testResults }) => testResults)) {
    const file = toProjectPath(name, root);
    if (status === 'failed' && assertionResults.length === 0) brokenFiles.add(file);
    if (NO_PROOF.some((folder) => file.startsWith(folder))) continue;
    for (const test of assertionResults) {
      for (const id of findIds(test, ids)) {
        found.get(id)?.files.add(file);
        found.get(id)?.statuses.add(test.status);
      }
    }
  }
  const toRow = (row: CatalogueRow): MatrixRow => {
    const { files = new Set<string>(), statuses = new Set<string>() } = found.get(row.id) ?? {};
    return { ...row, files: [...files].sort(), result: judge(statuses) };
  };
  return {
    sections: sections.map(({ title, rows }) => ({ title, rows: rows.map(toRow) })),
    brokenFiles: [...brokenFiles].sort(),
  };
}

/**
 * Gives the ids in the label of a test: all before the first colon of a title, and what stands in parentheses.
 * A range such as "B2 to B5" names no row, and a CVE number is one word.
 */
export function findIds(test: Pick<TestOutcome, 'ancestorTitles' | 'title'>, known: ReadonlySet<string>): string[] {
  const words = [...test.ancestorTitles, test.title].flatMap((title) => {
    const label = title.includes(': ') ? title.slice(0, title.indexOf(': ')) : '';
    const texts = [label, ...Array.from(title.matchAll(/\(([^()]*)\)/g), ([, inner = '']) => inner)];
    return texts.flatMap((text) => text.replaceAll(/[\w-]+ to [\w-]+/g, '').match(/[\w-]+/g) ?? []);
  });
  return [...new Set(words)].filter((word) => known.has(word));
}

/** Names everything that keeps the matrix from saying that all is well. */
export function findProblems({ sections, brokenFiles }: Matrix): string[] {
  const rows = sections.flatMap((section) => section.rows);
  const failing = rows.filter(({ result }) => result !== 'passes');
  return [
    ...brokenFiles.map((file) => `${file} could not be run`),
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
  const missing = omissions.map(({ what, reason }) => formatLine([what, reason]));
  const notYet = `## Not yet\n\n| what | why |\n|---|---|\n${missing.join('\n')}\n`;
  return [head, ...tables, notYet].join('\n');
}

function judge(statuses: ReadonlySet<string>): Result {
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
