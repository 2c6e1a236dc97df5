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
