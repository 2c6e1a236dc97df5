import type { AccessReport } from '../../access-shapes.js';

const HEIGHT = 72;
const STEP = 10;
const BAR = 7;

/** Requests over the last minutes: those that were let in below, those that were refused on top. */
export function AccessChart({
  name,
  report: { spans, spanSeconds },
}: {
  readonly name: string;
  readonly report: AccessReport;
}) {
  const most = Math.max(1, ...spans.map(({ accepted, refused }) => accepted + refused));
  const heightOf = (count: number) => (count / most) * HEIGHT;
  const sum = (kind: 'accepted' | 'refused') => spans.reduce((total, span) => total + span[kind], 0);
  const minutes = Math.round((spans.length * spanSeconds) / 60);
  const label = `${name}, last ${minutes} minutes: ${sum('accepted')} requests let in, ${sum('refused')} refused`;
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${spans.length * STEP} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {spans.map(({ accepted, refused }, index) => {
          const x = index * STEP;
          const low = heightOf(accepted);
          const high = heightOf(refused);
          return (
            <g key={index}>
              <rect class="bar-accepted" x={x} y={HEIGHT - low} width={BAR} height={low} />
              <rect class="bar-refused" x={x} y={HEIGHT - low - high} width={BAR} height={high} />
            </g>
          );
        })}
      </svg>
      <figcaption>
        <span class="key key-accepted" /> let in <span class="key key-refused" /> refused
        <span class="meta">
          last {minutes} minutes, at most {most} in {spanSeconds} s
        </span>
      </figcaption>
    </figure>
  );
}
