import { describe } from 'vitest';
import { describeAdapterContract, type StartAdapter, type WithoutAdditions } from './contract.js';

/*
 * The frameworks of test/adapters/package.json are no development dependencies, so that `npm install` stays small:
 * `npm ci --prefix test/adapters` installs them. CI requires them; elsewhere their tests are skipped.
 */

// biome-ignore lint/suspicious/noExplicitAny: their types are there only where they are installed
type Framework = any;

/** Loads a framework; undefined where it is not installed. @throws it is not installed, in CI */
export async function loadFramework(name: string): Promise<Framework> {
  try {
    return await import(name);
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error;
    return undefined;
  }
}

/** Describes the contract of an adapter if its framework is installed. */
export function describeFrameworkContract(
  name: string,
  framework: Framework,
  start: StartAdapter,
  withoutAdditions?: WithoutAdditions,
): void {
  if (framework !== undefined) return describeAdapterContract(name, start, withoutAdditions);
  describe.skip(`the HTTP contract on ${name}: needs npm ci --prefix test/adapters`, () => {});
}
