import { describe, expect, it } from 'vitest';
import { HEAD, NOT_YET, SECTIONS } from './catalogue.js';
import { buildMatrix, findIds, findProblems, formatMatrix, type TestOutcome, type TestReport } from './matrix.js';
import { section } from './rows.js';

const ROOT = '/project';
const SECTION = section(
  'Rows',
  `
  A1 | RFC 1 | The first row holds.
  A10 | RFC 10 | The tenth row holds.
  6750-1 | RFC 6750 §2.1 | A token is read.
  `,
);

function outcome(title: string, status = 'passed', ...ancestorTitles: string[]): TestOutcome {
  return { title, status, ancestorTitles };
}

function reportOf(files: { readonly [path: string]: readonly TestOutcome[] }): TestReport {
  return {
    testResults: Object.entries(files).map(([path, assertionResults]) => ({
      name: `${ROOT}/${path}`,
      status:
        assertionResults.length > 0 && assertionResults.every(({ status }) => status !== 'failed')
          ? 'passed'
          : 'failed',
      assertionResults,
    })),
  };
}

function build(...reports: readonly Parameters<typeof reportOf>[0][]) {
  return buildMatrix([SECTION], reports.map(reportOf), ROOT);
}

function rowOf(id: string, ...reports: readonly Parameters<typeof reportOf>[0][]) {
  const row = build(...reports).sections[0]?.rows.find((candidate) => candidate.id === id);
  return { result: row?.result, files: row?.files };
}

describe('the ids in a title', () => {
  const KNOWN = new Set(['A1', 'A10', 'B2', 'B3', 'B5', 'C1', 'H12', 'H12b', '6750-1', '6750-12', '6-22817', 'bis-1']);
  const idsOf = (title: string, ...ancestorTitles: string[]) => findIds({ title, ancestorTitles }, KNOWN);

  it.each([
    ['A1 (CVE-2015-9235): alg none is refused', ['A1']],
    ['A10: names that objects inherit', ['A10']],
    ['A1, A10, bis-1: both', ['A1', 'A10', 'bis-1']],
    ['case B2: of an attack', ['B2']],
    ['cases B2, C1: of two', ['B2', 'C1']],
    ['RFC 6750 §2.1 (6750-1): the header', ['6750-1']],
    ['RFC 6750 §2.1 (6750-12, A1): the grammar', ['6750-12', 'A1']],
    ['fails closed (case B2): without a hitch', ['B2']],
    ['accepts what is good (case B2)', ['B2']],
    ['H12b: not the one without a letter', ['H12b']],
    ['A1, A1 (A1): once', ['A1']],
  ])('of "%s" are %j', (title, ids) => {
    expect(idsOf(title)).toEqual(ids);
  });

  it.each([
    ['are no part of a longer number', 'A100, XA1, A1b, 16750-1, 6750-1-1: nothing'],
    ['are no part of a CVE number', 'CVE-2026-22817, 2026-22817 (CVE-2026-22817): nothing'],
    ['are not those that are not known', 'Z9, A2 (7515-1): nothing'],
    ['are not taken from the prose', 'RFC 9: refuses the C1 control and the kid A1'],
    ['are not taken from a title without a colon', 'refuses the C1 control'],
    ['are not the ends of a range', 'B2 to B5: nothing (B2 to B5)'],
  ])('%s', (_, title) => {
    expect(idsOf(title)).toEqual([]);
  });

  it('are those of the groups around it as well', () => {
    expect(idsOf('is refused', 'RFC 6750 on Express 5', 'whatever fails is refused (6750-1)', 'B2 to B5: all')).toEqual(
      ['6750-1'],
    );
  });
});

describe('a row', () => {
  it('passes when a test of it passed', () => {
    const files = { 'test/a.test.ts': [outcome('A1: yes')] };
    expect(rowOf('A1', files)).toEqual({ result: 'passes', files: ['test/a.test.ts'] });
    expect(rowOf('A10', files)).toEqual({ result: 'no test', files: [] });
  });

  it('fails when one of its tests failed, in any report', () => {
    const good = { 'test/a.test.ts': [outcome('A1: yes'), outcome('A1: and again')] };
    const bad = { 'test/a.test.ts': [outcome('A1: yes'), outcome('A1: and again', 'failed')] };
    expect(rowOf('A1', good, bad).result).toBe('fails');
    expect(rowOf('A1', bad, good).result).toBe('fails');
    expect(rowOf('A10', good, bad).result).toBe('no test');
  });

  it.each(['skipped', 'pending', 'todo'])('is skipped when all of its tests are %s, and no test ran', (status) => {
    const skipped = { 'test/a.test.ts': [outcome('A1: no', status)] };
    expect(rowOf('A1', skipped)).toEqual({ result: 'skipped', files: ['test/a.test.ts'] });
    const run = { 'test/b.test.ts': [outcome('A1: yes')] };
    expect(rowOf('A1', skipped, run)).toEqual({ result: 'passes', files: ['test/a.test.ts', 'test/b.test.ts'] });
  });

  it.each([
    ['vectors that are not at hand everywhere', 'test/wycheproof/a.test.ts'],
    ['the tests of the matrix', 'test/security-matrix/a.test.ts'],
  ])('does not rest on %s', (_, file) => {
    const tests = { [file]: [outcome('A1: yes'), outcome('A10: no', 'failed')] };
    expect(rowOf('A1', tests)).toEqual({ result: 'no test', files: [] });
    expect(rowOf('A10', tests)).toEqual({ result: 'no test', files: [] });
  });

  it('is not proven by the report of another project', () => {
    const report = reportOf({ '../elsewhere/test/a.test.ts': [outcome('A1: yes')] });
    expect(() => buildMatrix([SECTION], [report], ROOT)).toThrow('of another project');
  });
});

describe('the problems', () => {
  it('are none when every row passes', () => {
    const titles = ['A1: yes', 'A10: yes', 'RFC 6750 §2.1 (6750-1): yes'];
    expect(findProblems(build({ 'test/a.test.ts': titles.map((title) => outcome(title)) }))).toEqual([]);
  });

  it('name every row that fails, is skipped or has no test, with its files', () => {
    const tests = [outcome('A1: no', 'failed'), outcome('A10: no', 'skipped')];
    expect(findProblems(build({ 'test/a.test.ts': tests }))).toEqual([
      'A1: fails test/a.test.ts',
      'A10: skipped test/a.test.ts',
      '6750-1: no test',
    ]);
  });

  it('name test files that could not be run', () => {
    expect(findProblems(build({ 'test/b.test.ts': [] }))).toContain('test/b.test.ts could not be run');
  });
});

describe('the document', () => {
  const passing = { 'test/x/b.test.ts': [outcome('A1: yes')], 'test/a.test.ts': [outcome('A1, A10: yes')] };
  const write = (...reports: readonly Parameters<typeof reportOf>[0][]) =>
    formatMatrix(build(...reports), '# Head\n', [{ what: 'Z1', reason: 'There is no Z|z.' }]);

  it('has a row a line, with links to its tests, and what is missing at its end', () => {
    expect(write(passing)).toBe(`# Head

## Rows

| id | source | what holds | tests | result |
|---|---|---|---|---|
| A1 | RFC 1 | The first row holds. | [a](../test/a.test.ts)<br>[x/b](../test/x/b.test.ts) | passes |
| A10 | RFC 10 | The tenth row holds. | [a](../test/a.test.ts) | passes |
| 6750-1 | RFC 6750 §2.1 | A token is read. |  | no test |

## Not yet

| what | why |
|---|---|
| Z1 | There is no Z\\|z. |
`);
  });

  it('does not change with the order of reports, files and tests, with more tests, or with those that are skipped', () => {
    const reversed = Object.fromEntries(Object.entries(passing).reverse());
    const more = { 'test/a.test.ts': [outcome('A10: too'), outcome('A10: no', 'skipped'), outcome('A1: and this')] };
    expect(write(reversed)).toBe(write(passing));
    expect(write(passing, more)).toBe(write(passing));
    expect(write(more, passing)).toBe(write(passing));
  });
});

describe('the catalogue', () => {
  const rows = SECTIONS.flatMap((one) => one.rows);

  it('has every id once', () => {
    const ids = rows.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(ids.length).toBeGreaterThan(150);
  });

  it('says every row in one sentence', () => {
    for (const { id, sentence } of rows) expect([id, sentence]).toEqual([id, expect.stringMatching(/^\S.*\.$/)]);
  });

  it('has ids that titles can carry', () => {
    const known = new Set(rows.map(({ id }) => id));
    for (const id of known) expect(findIds({ title: `${id}: x`, ancestorTitles: [] }, known)).toEqual([id]);
  });

  it('tells how the page is written again, and claims no row that it says is missing', () => {
    expect(HEAD).toContain('npm run security-matrix');
    const omitted = NOT_YET.map(({ what }) => what).join(' ');
    for (const id of ['9449-1', '8705-1', 'J1', 'K12', 'H22', 'E12', 'E13', 'G5', 'FAPI-1', '9700-2']) {
      expect(rows.map((row) => row.id)).not.toContain(id);
      expect(omitted).toContain(id);
    }
  });

  it.each(['A1 | RFC 1', 'A1 | RFC 1 | ', 'A1 | RFC 1 | One. | Two.'])('refuses the row "%s"', (line) => {
    expect(() => section('Rows', line)).toThrow('This is not a row');
  });
});
