import { useCallback } from 'preact/hooks';
import type { CalledApi } from '../settings.js';
import { useDesk } from './desk.js';
import { LoadedPart, Page } from './page.js';
import { ProblemNotice } from './problem-notice.js';
import { useDeed, useLoad } from './use-load.js';

/** What this app may do for the person who is signed in: the scopes of its tokens. */
export function PermissionsPage() {
  const { session, settings } = useDesk();
  const load = useCallback(async () => {
    await session.tokenFor(settings.orders);
    await session.tokenFor(settings.manager);
    return session.scopes;
  }, [session, settings]);
  const loaded = useLoad(load);
  return (
    <Page
      title="Permissions"
      intro="What you have allowed this dashboard to do for you. It asks for more when you need more."
    >
      <LoadedPart loaded={loaded}>
        {(granted) => (
          <>
            <Scopes title="Orders" api={settings.orders} granted={granted} />
            <Scopes title="Company" api={settings.manager} granted={granted} />
          </>
        )}
      </LoadedPart>
    </Page>
  );
}

interface ScopesProps {
  readonly title: string;
  readonly api: CalledApi;
  readonly granted: readonly string[];
}

function Scopes({ title, api, granted }: ScopesProps) {
  const desk = useDesk();
  const asking = useDeed();
  return (
    <section>
      <h2>{title}</h2>
      {asking.problem && <ProblemNotice problem={asking.problem} />}
      <ul class="cards">
        {Object.entries(api.scopes).map(([scope, wish]) => (
          <li class="card person" key={scope}>
            <div>
              <h3>{wish}</h3>
              <p class="meta">
                <code>{scope}</code>
              </p>
            </div>
            {granted.includes(scope) ? (
              <p class="badge badge-open">allowed</p>
            ) : (
              <button
                type="button"
                class="second"
                aria-disabled={asking.isBusy}
                aria-label={`Allow: ${wish}`}
                onClick={() => asking.run(() => desk.askFor(scope))}
              >
                Allow
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
