import { beforeEach, TestRunner } from 'vitest';
import type { RowId } from '../security-matrix/catalogue.js';

declare module 'vitest' {
  interface TaskMeta {
    /** Ids of the rows of docs/security-matrix.md that the test proves. */
    covers?: string[];
  }
}

/**
 * Says which rows of the security matrix a test proves. In a test it speaks for that test, in a `describe` for every
 * test of it.
 */
export function covers(...ids: readonly RowId[]): void {
  const test = TestRunner.getCurrentTest();
  if (test === undefined) beforeEach(({ task }) => addIds(task.meta, ids));
  else addIds(test.meta, ids);
}

function addIds(meta: { covers?: string[] }, ids: readonly string[]): void {
  meta.covers = [...new Set([...(meta.covers ?? []), ...ids])];
}
