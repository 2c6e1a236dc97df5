import { onTestFinished, TestRunner } from 'vitest';

/** Closes what a test has opened when it ends, the last first. What a `beforeAll` opens is closed by its `afterAll`. */
export function closeAfterTest(close: () => Promise<void> | void): void {
  if (TestRunner.getCurrentTest() !== undefined) onTestFinished(async () => close());
}
