import { afterAll, beforeAll } from 'vitest';

/** Gives every rejection that nobody handled while something was going on. */
export async function rejectionsDuring(go: () => Promise<void>): Promise<readonly unknown[]> {
  const rejections: unknown[] = [];
  const note = (reason: unknown) => rejections.push(reason);
  process.on('unhandledRejection', note);
  try {
    await go();
    // Node tells of them after the microtasks of a turn.
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  } finally {
    process.off('unhandledRejection', note);
  }
  return rejections;
}

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

/** Rejections that nobody handled. Node ends a process over one, so a request must never cause any. */
export interface UnhandledRejections {
  readonly reasons: readonly unknown[];
  /** Settles with the first one. */
  readonly first: Promise<unknown>;
  restore(): void;
}

/** Takes the place of the process' other listeners, until it is told to restore them. */
export function watchUnhandledRejections(): UnhandledRejections {
  const listeners = process.listeners('unhandledRejection');
  const reasons: unknown[] = [];
  let onFirst: (reason: unknown) => void = () => {};
  const first = new Promise((resolve) => {
    onFirst = resolve;
  });
  const note = (reason: unknown) => {
    reasons.push(reason);
    onFirst(reason);
  };
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', note);
  return {
    reasons,
    first,
    restore() {
      process.off('unhandledRejection', note);
      for (const listener of listeners) process.on('unhandledRejection', listener);
    },
  };
}
