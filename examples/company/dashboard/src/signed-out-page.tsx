import type { DashboardSettings } from '../settings.js';
import { wishOf } from './desk.js';
import type { Problem } from './problem.js';
import { PlainNotice } from './problem-notice.js';
import { beginSignIn } from './sign-in.js';
import { useDeed } from './use-load.js';

interface SignedOutPageProps {
  readonly settings: DashboardSettings;
  readonly problem: Problem | undefined;
}

export function SignedOutPage({ settings, problem }: SignedOutPageProps) {
  const leaving = useDeed();
  const signIn = () =>
    leaving.run(() => beginSignIn(settings, { scope: settings.firstScope, page: location.pathname }));
  const shown = leaving.problem ?? problem;
  return (
    <main id="main" class="welcome">
      <h1>Company dashboard</h1>
      <p class="intro">Orders and staff of your company.</p>
      {shown && <PlainNotice problem={shown} />}
      <button type="button" aria-disabled={leaving.isBusy} onClick={signIn}>
        Sign in
      </button>
      <p class="meta">
        It asks for one thing first: {wishOf(settings, settings.firstScope).toLowerCase()}. More, when you want to do
        more.
      </p>
    </main>
  );
}
