import { thorough } from '../support/thorough.js';

/** How many inputs a property over HTTP is tried with; `PROPERTY_RUNS=100000` for a long search. */
export const RUNS = Number(process.env['PROPERTY_RUNS'] ?? thorough(200, 30));
