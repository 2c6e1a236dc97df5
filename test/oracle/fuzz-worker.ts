// One of the processes of fuzz.ts. Its settings are its argument; it sends how far it got, then its report.
import { readCorpus, toSeedling } from './corpus.js';
import { type OracleReport, type OracleRunOptions, runOracle } from './oracle-run.js';

export type FuzzMessage = number | OracleReport;

// Stacks of errors that say no are most of the work otherwise.
Error.stackTraceLimit = 0;

const settings = JSON.parse(process.argv[2] ?? '{}') as Pick<OracleRunOptions, 'seed' | 'count'>;
const corpus = readCorpus().map(toSeedling);
const report = await runOracle({ ...settings, corpus, everyNthRefusal: 200, onProgress: send });
send(report);
process.disconnect();

function send(message: FuzzMessage): void {
  process.send?.(message);
}
