import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Problem } from './problem.js';
import { ProblemNotice } from './problem-notice.js';
import type { Loaded } from './use-load.js';

interface PageProps {
  readonly title: string;
  readonly intro?: string;
  /** What stands beside the title. */
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** One page: its title is the title of the window, and where a screen reader goes on reading. */
export function Page({ title, intro, action, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Company dashboard`;
    heading.current?.focus();
  }, [title]);
  return (
    <main id="main">
      <header class="page-header">
        <div>
          <h1 tabIndex={-1} ref={heading}>
            {title}
          </h1>
          {intro && <p class="intro">{intro}</p>}
        </div>
        {action}
      </header>
      {children}
    </main>
  );
}

interface LoadedPartProps<Answer> {
  readonly loaded: Loaded<Answer>;
  readonly children: (answer: Answer) => ComponentChildren;
}

/** What is loaded, or what is known instead: that it is on its way, or why it does not come. */
export function LoadedPart<Answer>({
  loaded: { answer, problem, isLoading, reload },
  children,
}: LoadedPartProps<Answer>) {
  return (
    <div class="part" aria-busy={isLoading}>
      {problem && <ProblemNotice problem={problem} onRetry={reload} />}
      {answer !== undefined && !hides(problem) && children(answer)}
      {answer === undefined && isLoading && !problem && <Skeleton />}
    </div>
  );
}

/** What may not be seen any more is not left standing. */
function hides(problem: Problem | undefined): boolean {
  return problem !== undefined && ['signed-out', 'scope-missing', 'role-missing'].includes(problem.kind);
}

function Skeleton() {
  return (
    <div class="skeleton">
      <p class="visually-hidden" role="status">
        Loading
      </p>
      <div />
      <div />
      <div />
    </div>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="empty">
      <h2>{title}</h2>
      <p>{children}</p>
    </section>
  );
}

/** Marks what this app may not do yet. */
export function Lock() {
  return (
    <>
      <svg class="lock" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M5 7V5a3 3 0 0 1 6 0v2M3.5 7h9v6.5h-9z" />
      </svg>
      <span class="visually-hidden"> (asks for your permission)</span>
    </>
  );
}
