import type { ListedRoute } from '../adapters/express/list-guards.js';

export const FORMATS = ['text', 'markdown', 'json'] as const;
export type Format = (typeof FORMATS)[number];

const HEADS = ['method', 'path', 'access', 'policy', 'audience'];

/** Writes routes as a table for a terminal, as one in Markdown, or as JSON. Ends with a line break. */
export function formatRoutes(routes: readonly ListedRoute[], format: Format): string {
  if (format === 'json') return `${JSON.stringify(routes, undefined, 2)}\n`;
  const rows = routes.map(({ method, path, access, policy, audience = [] }) => {
    return [method, path, access === 'unguarded' ? 'UNGUARDED' : access, policy, audience.join(' or ')];
  });
  return format === 'markdown' ? toMarkdown(rows) : `${toText(rows)}${summarize(routes)}`;
}

function toText(rows: readonly (readonly string[])[]): string {
  const widths = HEADS.map((_, column) =>
    Math.max(...[HEADS, ...rows].map((cells) => (cells[column] as string).length)),
  );
  const lines = [HEADS, ...rows].map((cells) =>
    cells.map((cell, column) => cell.padEnd(widths[column] as number)).join('  '),
  );
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function toMarkdown(rows: readonly (readonly string[])[]): string {
  const lines = [HEADS, HEADS.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function escapeCell(text: string): string {
  return text.replace(/[\\|*_<>[\]]/g, '\\$&');
}

function summarize(routes: readonly ListedRoute[]): string {
  const forgotten = routes.filter(({ access }) => access === 'unguarded').length;
  const count = `${routes.length} ${routes.length === 1 ? 'route' : 'routes'}`;
  if (forgotten === 0) return `\n${count}: each has a guard or is declared public.\n`;
  return `\n${count}, ${forgotten} without a guard. Give them one, or declare them public by guard.public().\n`;
}
