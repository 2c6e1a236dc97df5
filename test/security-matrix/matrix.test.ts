import { describe, expect, it, TestRunner } from 'vitest';
import { covers } from '../support/covers.js';
import { HEAD, NOT_YET, SECTIONS } from './catalogue.js';
import {
  buildMatrix,
  type CatalogueRow,
  findProblems,
  formatMatrix,
  listIds,
  type TestOutcome,
  type TestReport,
} from './matrix.js';

const ROOT = '/project';
const SECTION = {
  title: 'Rows',
  rows: {
    A1: { source: 'RFC 1', sentence: 'The first row holds.' },
    A10: { source: 'RFC 10', sentence: 'The tenth row holds.' },
    '6750-1': { source: 'RFC 6750 §2.1', sentence: 'A token is read.' },
  },
};

/** A test that covers the given ids. */
function outcome(ids: readonly string[], status = 'passed'): TestOutcome {
  return { status, meta: ids.length > 0 ? { covers: ids } : {} };
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

describe('a row', () => {
  it('passes when a test of it passed', () => {
    const files = { 'test/a.test.ts': [outcome(['A1'])] };
    expect(rowOf('A1', files)).toEqual({ result: 'passes', files: ['test/a.test.ts'] });
    expect(rowOf('A10', files)).toEqual({ result: 'no test', files: [] });
  });

  it('fails when one of its tests failed, in any report', () => {
    const good = { 'test/a.test.ts': [outcome(['A1']), outcome(['A1'])] };
    const bad = { 'test/a.test.ts': [outcome(['A1']), outcome(['A1'], 'failed')] };
    expect(rowOf('A1', good, bad).result).toBe('fails');
    expect(rowOf('A1', bad, good).result).toBe('fails');
    expect(rowOf('A10', good, bad).result).toBe('no test');
  });

  it.each(['skipped', 'pending', 'todo'])('is skipped when all of its tests are %s, and no test ran', (status) => {
    const skipped = { 'test/a.test.ts': [outcome(['A1'], status)] };
    expect(rowOf('A1', skipped)).toEqual({ result: 'skipped', files: ['test/a.test.ts'] });
    const run = { 'test/b.test.ts': [outcome(['A1'])] };
    expect(rowOf('A1', skipped, run)).toEqual({ result: 'passes', files: ['test/a.test.ts', 'test/b.test.ts'] });
  });

  it.each([
    ['vectors that are not at hand everywhere', 'test/wycheproof/a.test.ts'],
    ['the tests of the matrix', 'test/security-matrix/a.test.ts'],
  ])('does not rest on %s', (_, file) => {
    const tests = { [file]: [outcome(['A1']), outcome(['A10'], 'failed')] };
    expect(rowOf('A1', tests)).toEqual({ result: 'no test', files: [] });
    expect(rowOf('A10', tests)).toEqual({ result: 'no test', files: [] });
  });

  it('is not proven by the report of another project', () => {
    const report = reportOf({ '../elsewhere/test/a.test.ts': [outcome(['A1'])] });
    expect(() => buildMatrix([SECTION], [report], ROOT)).toThrow('of another project');
  });
});

describe('the problems', () => {
  it('are none when every row passes', () => {
    const tests = [outcome(['A1', 'A10']), outcome(['6750-1']), outcome([])];
    expect(findProblems(build({ 'test/a.test.ts': tests }))).toEqual([]);
  });

  it('name every row that fails, is skipped or has no test, with its files', () => {
    const tests = [outcome(['A1'], 'failed'), outcome(['A10'], 'skipped')];
    expect(findProblems(build({ 'test/a.test.ts': tests }))).toEqual([
      'test/a.test.ts failed',
      'A1: fails test/a.test.ts',
      'A10: skipped test/a.test.ts',
      '6750-1: no test',
    ]);
  });

  it('name test files that could not be run, or in which a test failed that covers nothing', () => {
    expect(findProblems(build({ 'test/b.test.ts': [] }))).toContain('test/b.test.ts failed');
    const tests = [outcome(['A1', 'A10', '6750-1']), outcome([], 'failed')];
    expect(findProblems(build({ 'test/b.test.ts': tests }))).toEqual(['test/b.test.ts failed']);
  });

  it('name every id that no row has, with its file', () => {
    const tests = [outcome(['A1', 'A10', '6750-1'])];
    const unknown = { 'test/a.test.ts': tests, 'test/b.test.ts': [outcome(['H22', 'A1'])] };
    expect(findProblems(build(unknown))).toEqual(['no row has the id H22 in test/b.test.ts']);
    const vectors = { 'test/a.test.ts': tests, 'test/wycheproof/b.test.ts': [outcome(['a1'])] };
    expect(findProblems(build(vectors))).toEqual(['no row has the id a1 in test/wycheproof/b.test.ts']);
  });
});

describe('the document', () => {
  const passing = { 'test/x/b.test.ts': [outcome(['A1'])], 'test/a.test.ts': [outcome(['A1', 'A10'])] };
  const write = (...reports: readonly Parameters<typeof reportOf>[0][]) =>
    formatMatrix(build(...reports), '# Head\n', [
      { subject: 'The last', ids: ['Z1', 'Z3 to Z5'], reason: 'There is no Z|z.' },
    ]);

  it('has a row a line, with links to its tests, and what is missing at its end', () => {
    expect(write(passing)).toBe(`# Head

## Rows

| id | source | what holds | tests | result |
|---|---|---|---|---|
| A1 | RFC 1 | The first row holds. | [a](../test/a.test.ts)<br>[x/b](../test/x/b.test.ts) | passes |
| A10 | RFC 10 | The tenth row holds. | [a](../test/a.test.ts) | passes |
| 6750-1 | RFC 6750 §2.1 | A token is read. |  | no test |

## Not yet

| what | ids | why |
|---|---|---|
| The last | Z1, Z3 to Z5 | There is no Z\\|z. |
`);
  });

  it('does not change with the order of reports, files and tests, with more tests, or with those that are skipped', () => {
    const reversed = Object.fromEntries(Object.entries(passing).reverse());
    const more = { 'test/a.test.ts': [outcome(['A10']), outcome(['A10'], 'skipped'), outcome(['A1'])] };
    expect(write(reversed)).toBe(write(passing));
    expect(write(passing, more)).toBe(write(passing));
    expect(write(more, passing)).toBe(write(passing));
  });
});

describe('the catalogue', () => {
  const rows = SECTIONS.flatMap((section) => Object.entries<CatalogueRow>(section.rows));
  const ids = rows.map(([id]) => id);
  const omitted = NOT_YET.flatMap(listIds);

  it('has every id once', () => {
    const all = [...ids, ...omitted];
    expect(all.filter((id, index) => all.indexOf(id) !== index)).toEqual([]);
    expect(ids.length).toBeGreaterThan(150);
  });

  it('says every row in one sentence', () => {
    for (const [id, { sentence }] of rows) expect([id, sentence]).toEqual([id, expect.stringMatching(/^\S.*\.$/)]);
  });

  it('tells how the page is written again', () => {
    expect(HEAD).toContain('npm run security-matrix');
  });

  it('claims nothing that it says is missing, one by one or in a range', () => {
    for (const id of ['9449-1', '9449-7', '8705-1', 'J1', 'J4', 'K12', 'H22', 'E12', 'E13', 'G5', 'FAPI-1', '9700-2']) {
      expect(omitted).toContain(id);
    }
    expect(ids.filter((id) => omitted.includes(id) || id.startsWith('I'))).toEqual([]);
  });

  it('names rows that there are, where it says what is claimed instead', () => {
    const named = NOT_YET.flatMap(({ reason }) => reason.match(/\b\d{4}-\d+\b/g) ?? []);
    expect(named).toContain('9449-11');
    expect(named.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('gives the ids of a range', () => {
    expect(listIds({ ids: ['A1', '9449-9 to 9449-11', 'class I'] })).toEqual([
      'A1',
      '9449-9',
      '9449-10',
      '9449-11',
      'class I',
    ]);
  });
});

describe('covers', () => {
  const ownIds = () => TestRunner.getCurrentTest()?.meta.covers;

  it('leaves the ids of all calls with the test, each once', () => {
    expect(ownIds()).toBeUndefined();
    covers('A1', 'B2');
    covers('B2', '6750-1');
    expect(ownIds()).toEqual(['A1', 'B2', '6750-1']);
  });

  describe('in a group', () => {
    covers('A1');

    it('speaks for every test of it', () => {
      covers('B2');
      expect(ownIds()).toEqual(['A1', 'B2']);
    });

    describe('within a group', () => {
      covers('C1');

      it.each([1, 2])('speaks for those of each group around it, test %i', () => {
        expect(ownIds()).toEqual(['A1', 'C1']);
      });
    });

    it('does not speak for tests beside it', () => {
      expect(ownIds()).toEqual(['A1']);
    });
  });

  it('takes no id that there is not', () => {
    // @ts-expect-error "H22" is not assignable: the catalogue says that it is not claimed.
    const call = () => covers('H22');
    expect(call).toBeTypeOf('function');
  });
});
