import { sendResult } from '../lib/programs.js';
import type { PartResult } from '../lib/report.js';
import type { Settings } from '../lib/settings.js';
import { measureRefusals } from './refusals.js';
import { measureUnseen } from './unseen.js';

/*
 * Without HTTP: the functions themselves, in one process.
 *
 * Nothing is subtracted. What a call needs (a request with its headers, tokens as strings made of bytes, so that
 * V8 has no hash of them and cannot fold calls into one) is made before the clock starts, for every system alike.
 */
const { isQuick } = JSON.parse(process.argv[2] ?? '{"isQuick":true}') as Settings;
const results: readonly PartResult[] = [await measureUnseen(isQuick), await measureRefusals(isQuick)];
sendResult({
  tables: results.flatMap(({ tables }) => tables),
  targets: results.flatMap(({ targets }) => targets),
  spreads: results.flatMap(({ spreads }) => spreads),
} satisfies PartResult);
