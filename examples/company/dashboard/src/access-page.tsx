import { useCallback, useEffect } from 'preact/hooks';
import type { AccessReport, IssuerStatus } from '../../access-shapes.js';
import { AccessChart } from './access-chart.js';
import type { Api } from './api.js';
import { useDesk } from './desk.js';
import { LoadedPart, Page } from './page.js';
import { useLoad } from './use-load.js';

const POLL_MILLISECONDS = 2000;

/** How the servers check access, as it happens. */
export function AccessPage() {
  const { orders, manager } = useDesk();
  return (
    <Page
      title="Access"
      intro="What the servers let in and refused, and the keys that they trust. Looks every two seconds."
    >
      <ServerAccess name="Orders API" api={orders} />
      <ServerAccess name="Manager server" api={manager} />
    </Page>
  );
}

function ServerAccess({ name, api }: { readonly name: string; readonly api: Api }) {
  const load = useCallback((signal: AbortSignal) => api.get<AccessReport>('/access', signal), [api]);
  const loaded = useLoad(load);
  const { reload, problem, isLoading } = loaded;
  const isLive = problem === undefined || problem.kind === 'unreachable' || problem.kind === 'later';
  useEffect(() => {
    // An answer that takes longer is waited for.
    if (!isLive || isLoading) return;
    const timer = setInterval(() => {
      if (!document.hidden) reload();
    }, POLL_MILLISECONDS);
    return () => clearInterval(timer);
  }, [isLive, isLoading, reload]);
  return (
    <section class="server">
      <h2>{name}</h2>
      <LoadedPart loaded={loaded}>{(report) => <Report name={name} report={report} />}</LoadedPart>
    </section>
  );
}

function Report({ name, report }: { readonly name: string; readonly report: AccessReport }) {
  const { accepted, refused, status } = report;
  const reasons = Object.entries(refused).sort(([, a], [, b]) => b - a);
  const { hits = 0, misses = 0, size = 0, max = 0 } = status.tokenCache ?? {};
  const asked = hits + misses;
  return (
    <div class="card">
      <dl class="figures">
        <Figure name="Let in" value={String(accepted)} note={`since ${new Date(report.since).toLocaleTimeString()}`} />
        <Figure
          name="Refused"
          value={String(reasons.reduce((sum, [, count]) => sum + count, 0))}
          note="for any reason"
        />
        <Figure
          name="Cache hits"
          value={asked === 0 ? '–' : `${Math.round((100 * hits) / asked)} %`}
          note={`${size} of ${max} tokens`}
        />
      </dl>
      <AccessChart name={name} report={report} />
      {reasons.length > 0 && <Reasons reasons={reasons} />}
      {status.issuers.map((issuer) => (
        <Issuer key={issuer.issuer} status={issuer} />
      ))}
    </div>
  );
}

function Figure({ name, value, note }: { readonly name: string; readonly value: string; readonly note: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <strong>{value}</strong>
        <span class="meta">{note}</span>
      </dd>
    </div>
  );
}

function Reasons({ reasons }: { readonly reasons: readonly [string, number][] }) {
  return (
    <table>
      <caption>Refused, by reason</caption>
      <tbody>
        {reasons.map(([reason, count]) => (
          <tr key={reason}>
            <th scope="row">
              <code>{reason}</code>
            </th>
            <td>{count}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Issuer({ status: { issuer, state, ageSeconds, keys, lastError } }: { readonly status: IssuerStatus }) {
  return (
    <table>
      <caption>
        Keys of {issuer} <span class={`badge badge-${state}`}>{state}</span>
        {ageSeconds !== undefined && <span class="meta"> fetched {formatAge(ageSeconds)} ago</span>}
        {lastError !== undefined && <span class="issue">{lastError}</span>}
      </caption>
      <tbody>
        {keys.map(({ kid = 'without a name', algorithms, ageSeconds: age }) => (
          <tr key={kid}>
            <th scope="row">
              <code>{kid}</code>
            </th>
            <td>{algorithms.join(', ')}</td>
            <td>known for {formatAge(age)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function formatAge(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
