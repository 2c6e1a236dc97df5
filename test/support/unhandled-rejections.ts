import { afterAll, beforeAll } from 'vitest';

/** Notes the promises that nobody handled while the tests of a `describe` run. Gives what they rejected with. */
export function noteUnhandledRejections(): () => readonly unknown[] {
  const rejections: unknown[] = [];
  const note = (reason: unknown) => rejections.push(reason);
  beforeAll(() => {
    process.on('unhandledRejection', note);
  });
  afterAll(() => {
    process.off('unhandledRejection', note);
  });
  return () => rejections;
}
