import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HEAD, NOT_YET, SECTIONS } from './catalogue.js';
import { buildMatrix, findProblems, formatMatrix, type TestReport } from './matrix.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCUMENT = 'docs/security-matrix.md';

const args = process.argv.slice(2);
const isCheck = args.includes('--check');
const paths = args.filter((arg) => arg !== '--check');
if (paths.length === 0) throw new Error('Name the JSON reports of vitest to read.');

const reports = paths.map((path) => JSON.parse(readFileSync(path, 'utf8')) as TestReport);
const matrix = buildMatrix(SECTIONS, reports, ROOT);
const text = formatMatrix(matrix, HEAD, NOT_YET);
const problems = findProblems(matrix);

if (!isCheck) writeFileSync(`${ROOT}/${DOCUMENT}`, text);
else if (readDocument() !== text) problems.push(`${DOCUMENT} is not what the tests say: npm run security-matrix`);

for (const problem of problems) console.error(problem);
const count = matrix.sections.reduce((sum, { rows }) => sum + rows.length, 0);
console.log(`${count} rows, ${problems.length} problems`);
if (problems.length > 0) process.exitCode = 1;

function readDocument(): string | undefined {
  try {
    return readFileSync(`${ROOT}/${DOCUMENT}`, 'utf8');
  } catch {
    return undefined;
  }
}
