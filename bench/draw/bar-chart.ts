import { formatCell } from '../lib/report.js';

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Beside the value: the ratio to what the chart compares with. */
  readonly note: string;
  readonly isOurs: boolean;
}

export interface BarChart {
  readonly title: string;
  /** What is measured, its unit, and whether more is better. */
  readonly subtitle: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 760;
// Of one character, the widest of system fonts in bold. Labels are right-aligned: what is wider is cut off at the left.
const CHARACTER_WIDTH = 8.5;
const LABEL_GAP = 10;
const NUMBER_WIDTH = 150;
const BAR_HEIGHT = 18;
const ROW_HEIGHT = 28;
const TOP = 64;
const BOTTOM = 12;

// Colours that keep their contrast on white and on GitHub's dark background.
const STYLE = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .subtitle, .note { fill: #59636e; }
  .bar { fill: #8c959f; }
  .ours { fill: #0969da; }
  text.ours { font-weight: 600; fill: #1f2328; }
  @media (prefers-color-scheme: dark) {
    text, text.ours { fill: #f0f6fc; }
    .subtitle, .note { fill: #9198a1; }
    .bar { fill: #656c76; }
    .ours { fill: #4493f8; }
  }`;

/** Draws horizontal bars, each with its label, its value, and a note. */
export function drawBarChart({ title, subtitle, bars }: BarChart): string {
  const height = TOP + bars.length * ROW_HEIGHT + BOTTOM;
  const most = Math.max(...bars.map(({ value }) => value));
  const labelWidth = LABEL_GAP + CHARACTER_WIDTH * Math.max(...bars.map(({ label }) => label.length));
  const scale = (WIDTH - labelWidth - NUMBER_WIDTH) / most;
  const described = bars.map(({ label, value, note }) => `${label}: ${formatCell(value)} ${note}`.trimEnd()).join('; ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">
  <title id="title">${escapeXml(title)}</title>
  <desc id="description">${escapeXml(`${subtitle}. ${described}`)}</desc>
  <style>${STYLE}
  </style>
  <text x="0" y="20" class="title">${escapeXml(title)}</text>
  <text x="0" y="42" class="subtitle">${escapeXml(subtitle)}</text>
${bars.map((bar, i) => drawBar(bar, TOP + i * ROW_HEIGHT, { labelWidth, scale })).join('\n')}
</svg>
`;
}

interface Layout {
  readonly labelWidth: number;
  /** Pixels of one unit. */
  readonly scale: number;
}

function drawBar({ label, value, note, isOurs }: Bar, y: number, { labelWidth, scale }: Layout): string {
  const width = Math.max(1, value * scale).toFixed(1);
  const baseline = y + BAR_HEIGHT - 4;
  const end = (labelWidth + Number(width) + 8).toFixed(1);
  const own = isOurs ? ' class="ours"' : '';
  return `  <text x="${labelWidth - LABEL_GAP}" y="${baseline}" text-anchor="end"${own}>${escapeXml(label)}</text>
  <rect x="${labelWidth}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="2" class="bar${isOurs ? ' ours' : ''}"/>
  <text x="${end}" y="${baseline}"${own}>${escapeXml(formatCell(value))} <tspan class="note">${escapeXml(note)}</tspan></text>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
