import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from './problem.js';

/** What is known of something that is loaded. The last answer stays while the next one is on its way. */
export interface Loaded<Answer> {
  readonly answer: Answer | undefined;
  readonly problem: Problem | undefined;
  readonly isLoading: boolean;
  reload(): void;
}

/**
 * Loads something when a page opens, and when it is asked to.
 *
 * @param load - the same function for as long as the same is to be loaded
 */
export function useLoad<Answer>(load: (signal: AbortSignal) => Promise<Answer>): Loaded<Answer> {
  const [{ answer, problem, isLoading }, set] = useState<Omit<Loaded<Answer>, 'reload'>>(NOTHING_YET);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    set((before) => ({ ...before, isLoading: true }));
    load(leaving.signal).then(
      (loaded) => {
        if (!leaving.signal.aborted) set({ answer: loaded, problem: undefined, isLoading: false });
      },
      (error: unknown) => {
        if (leaving.signal.aborted) return;
        set((before) => ({ ...before, problem: toProblem(error), isLoading: false }));
      },
    );
    return () => leaving.abort();
  }, [load, attempt]);
  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  return { answer, problem, isLoading, reload };
}

const NOTHING_YET = { answer: undefined, problem: undefined, isLoading: true };

/** What somebody does: one thing at a time, and what came of it. */
export interface Deed {
  readonly problem: Problem | undefined;
  /** For `aria-disabled`: a button that is disabled in earnest loses the focus. */
  readonly isBusy: boolean;
  /** Does nothing while it is busy. */
  run(work: () => Promise<void>): Promise<void>;
}

export function useDeed(): Deed {
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const isRunning = useRef(false);
  const run = useCallback(async (work: () => Promise<void>) => {
    if (isRunning.current) return;
    isRunning.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(toProblem(error));
    } finally {
      isRunning.current = false;
      setBusy(false);
    }
  }, []);
  return { problem, isBusy, run };
}

function toProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem('failed', {}, { cause: error });
}
