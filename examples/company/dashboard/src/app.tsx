import type { FunctionComponent } from 'preact';
import { useMemo } from 'preact/hooks';
import type { DashboardSettings } from '../settings.js';
import { AccessPage } from './access-page.js';
import { Desk, DeskContext, useDesk } from './desk.js';
import { OrdersPage } from './orders-page.js';
import { Page } from './page.js';
import { PermissionsPage } from './permissions-page.js';
import type { Problem } from './problem.js';
import { PlainNotice } from './problem-notice.js';
import { ReportPage } from './report-page.js';
import type { Session } from './session.js';
import { signOut } from './sign-in.js';
import { SignedOutPage } from './signed-out-page.js';
import { StaffPage } from './staff-page.js';
import type { Start } from './start.js';
import { useDeed } from './use-load.js';
import { Link, usePath } from './use-path.js';

const PAGES: Readonly<Record<string, readonly [name: string, page: FunctionComponent]>> = {
  '/': ['Orders', OrdersPage],
  '/staff': ['Staff', StaffPage],
  '/report': ['Report', ReportPage],
  '/access': ['Access', AccessPage],
  '/permissions': ['Permissions', PermissionsPage],
};

export function App({ settings, session, problem }: Start) {
  if (session === undefined) return <SignedOutPage settings={settings} problem={problem} />;
  return <SignedIn settings={settings} session={session} problem={problem} />;
}

interface SignedInProps {
  readonly settings: DashboardSettings;
  readonly session: Session;
  readonly problem: Problem | undefined;
}

function SignedIn({ settings, session, problem }: SignedInProps) {
  const desk = useMemo(() => new Desk(settings, session), [settings, session]);
  const path = usePath();
  const [, ShownPage = NoPage] = PAGES[path] ?? [];
  return (
    <DeskContext.Provider value={desk}>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <TopBar path={path} />
      {problem && <PlainNotice problem={problem} />}
      <ShownPage key={path} />
    </DeskContext.Provider>
  );
}

function TopBar({ path }: { readonly path: string }) {
  const { settings, session } = useDesk();
  const leaving = useDeed();
  return (
    <header class="top">
      <p class="brand">Company</p>
      <nav aria-label="Pages">
        {Object.entries(PAGES).map(([to, [name]]) => (
          <Link key={to} to={to} isCurrent={to === path}>
            {name}
          </Link>
        ))}
      </nav>
      <p class="person-name">
        <span class="visually-hidden">Signed in as </span>
        {session.person}
      </p>
      <button
        type="button"
        class="second small"
        aria-disabled={leaving.isBusy}
        onClick={() => leaving.run(() => signOut(settings, session))}
      >
        Sign out
      </button>
    </header>
  );
}

function NoPage() {
  return (
    <Page title="There is no such page" intro="The pages that there are stand above.">
      {null}
    </Page>
  );
}
