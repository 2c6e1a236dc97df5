import { useCallback } from 'preact/hooks';
import type { Report } from './answers.js';
import { useDesk } from './desk.js';
import { Empty, LoadedPart, Page } from './page.js';
import { useLoad } from './use-load.js';

/** Takes a scope, which the app can be given, and a role, which the person has or has not. */
export function ReportPage() {
  const { orders } = useDesk();
  const load = useCallback((signal: AbortSignal) => orders.get<Report>('/report', signal), [orders]);
  return (
    <Page title="Report" intro="All orders of your company, for its administrators.">
      <LoadedPart loaded={useLoad(load)}>
        {({ report }) =>
          report.length === 0 ? (
            <Empty title="Nothing to report">There are no orders yet.</Empty>
          ) : (
            <Rows report={report} />
          )
        }
      </LoadedPart>
    </Page>
  );
}

function Rows({ report }: Report) {
  return (
    <table class="card">
      <caption class="visually-hidden">Orders by status</caption>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Orders</th>
          <th scope="col">Pieces</th>
        </tr>
      </thead>
      <tbody>
        {report.map(({ status, orders, items }) => (
          <tr key={status}>
            <th scope="row">
              <span class={`badge badge-${status}`}>{status}</span>
            </th>
            <td>{orders}</td>
            <td>{items}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
