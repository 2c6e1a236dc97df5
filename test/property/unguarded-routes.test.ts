import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVerifier, denyUnguarded, type ListedRoute, listGuards } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { type BuiltApp, buildApp, dispatch, planOf, type Run, requests, stackOf } from '../support/random-app.js';
import { thorough } from '../support/thorough.js';

const APPS = Number(process.env['PROPERTY_RUNS'] ?? (process.env['CI'] === undefined ? thorough(300, 100) : 3000));
// As many apps take longer than other tests on a machine that does other things, too.
const TIMEOUT_MS = 180_000;
const SEED = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);
const VERSIONS = EXPRESS_VERSIONS.map(([name, express], index) => [name, express, index === 0 ? 4 : 5] as const);

const verifier = createVerifier({ issuer: 'https://login.example.com', audience: 'https://orders.example.com' });

/**
 * Gives the rows that say something about a handler: those of its route, and those of the apps that it is in, where they
 * are mounted. One list for each app that has any.
 */
function rowsOf({ route, apps }: Run, { routers, mounts }: BuiltApp): readonly (readonly ListedRoute[])[] {
  const stacks = [...new Set(routers.map(stackOf))];
  const whole = stacks.map(({ stack }) => stack);
  for (const router of stacks) {
    // What other routes are there says nothing about this one.
    router.stack = router.stack.filter((layer) => {
      const inner = mounts.get(layer);
      return inner === undefined ? (layer.route ?? route) === route : apps.includes(inner);
    });
  }
  try {
    return apps.map(listGuards).filter((rows) => rows.length > 0);
  } finally {
    for (const [index, router] of stacks.entries()) router.stack = whole[index] as (typeof router)['stack'];
  }
}

function rowsForMethod(rows: readonly ListedRoute[], method: string): readonly ListedRoute[] {
  const names = method === 'HEAD' ? ['HEAD', 'GET', 'ALL'] : [method, 'ALL'];
  const name = names.find((candidate) => rows.some((row) => row.method === candidate));
  return rows.filter((row) => row.method === name);
}

describe.each(VERSIONS)('random apps, requests without a token, on %s', (_, express, version) => {
  const settings = { numRuns: APPS, seed: SEED };

  it(
    `no handler runs whose every row says guarded; ${APPS} apps, seed ${SEED}`,
    async () => {
      covers('E14');
      const seen = { runs: 0, guarded: 0 };
      const check = fc.asyncProperty(planOf(version), requests, async (plan, sent) => {
        const built = buildApp(express, plan, verifier, () => {});
        seen.guarded += listGuards(built.app).filter(({ access }) => access === 'guarded').length;
        for (const [method, url] of sent) {
          built.runs.length = 0;
          await dispatch(built.app, method, url);
          seen.runs += built.runs.length;
          for (const run of built.runs) {
            for (const rows of rowsOf(run, built)) {
              const told = rowsForMethod(rows, method);
              expect(told.filter(({ access }) => access !== 'guarded')).not.toEqual([]);
            }
          }
        }
      });
      await fc.assert(check, settings);
      expect(seen.runs).toBeGreaterThan(APPS / 4);
      expect(seen.guarded).toBeGreaterThan(APPS / 20);
    },
    TIMEOUT_MS,
  );

  it(
    `with denyUnguarded, no handler of a route runs unguarded; ${APPS} apps, seed ${SEED}`,
    async () => {
      covers('E15');
      const seen = { passed: 0, refused: 0 };
      const check = fc.asyncProperty(planOf(version), requests, fc.boolean(), async (plan, sent, isNext) => {
        const built = buildApp(express, plan, verifier, (app) => denyUnguarded(app, isNext ? { errors: 'next' } : {}));
        for (const [method, url] of sent) {
          const { statusCode } = await dispatch(built.app, method, url);
          if (statusCode === 500) seen.refused += 1;
        }
        seen.passed += built.runs.length;
        expect(built.runs.filter(({ hasPassed }) => !hasPassed)).toEqual([]);
      });
      await fc.assert(check, settings);
      expect(seen.passed).toBeGreaterThan(APPS / 20);
      expect(seen.refused).toBeGreaterThan(APPS / 20);
    },
    TIMEOUT_MS,
  );
});
