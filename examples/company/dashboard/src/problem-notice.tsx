import { useDesk } from './desk.js';
import { explain, type Problem } from './problem.js';
import { useDeed } from './use-load.js';

interface ProblemNoticeProps {
  readonly problem: Problem;
  /** What to do once more, where that can help. */
  readonly onRetry?: () => void;
}

/** Says what went wrong, and offers what helps: more scope, another sign-in, another try. */
export function ProblemNotice({ problem, onRetry }: ProblemNoticeProps) {
  const desk = useDesk();
  const retry = () => {
    onRetry?.();
    // The notice goes when it helps, and its button with it.
    document.querySelector('h1')?.focus();
  };
  const asking = useDeed();
  const [title, advice] = explain(problem, desk.wishOf);
  const ask = (label: string) => (
    <button
      type="button"
      aria-disabled={asking.isBusy}
      onClick={() => asking.run(() => desk.askFor(problem.details.scope))}
    >
      {label}
    </button>
  );
  return (
    <>
      <section class={`notice notice-${toneOf(problem)}`} role="alert">
        <h2>{title}</h2>
        <p>{advice}</p>
        {problem.kind === 'scope-missing' && ask('Allow it on the next page')}
        {problem.kind === 'signed-out' && ask('Sign in again')}
        {onRetry && ['later', 'unreachable', 'failed'].includes(problem.kind) && (
          <button type="button" class="second" onClick={retry}>
            Try again
          </button>
        )}
      </section>
      {asking.problem && <PlainNotice problem={asking.problem} />}
    </>
  );
}

/** Says what went wrong where nobody is signed in. */
export function PlainNotice({ problem }: { readonly problem: Problem }) {
  const [title, advice] = explain(problem, (scope) => scope);
  return (
    <section class={`notice notice-${toneOf(problem)}`} role="alert">
      <h2>{title}</h2>
      <p>{advice}</p>
    </section>
  );
}

function toneOf({ kind }: Problem): string {
  if (kind === 'scope-missing' || kind === 'not-allowed') return 'question';
  return kind === 'later' || kind === 'signed-out' ? 'pause' : 'trouble';
}
