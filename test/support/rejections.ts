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
