import type { ListedRoute } from '../adapters/express/listed-route.js';

export const FORMATS = ['text', 'markdown', 'json'] as const;
export type Format = (typeof FORMATS)[number];

const HEADS = ['method', 'path', 'access', 'policy', 'audience'];

/** Formats routes as a table for a terminal, a table in Markdown, or JSON. Ends with a line break. */
export function formatRoutes(routes: readonly ListedRoute[], format: Format): string {
  if (format === 'json') return `${JSON.stringify(routes, undefined, 2)}\n`;
  const rows = routes.map((route) => {
    const { method, path, access, policy } = route;
    const shown = access === 'unguarded' || access === 'unclear' ? access.toUpperCase() : access;
    return [method, path, shown, policy, describeAudience(route)];
  });
  return format === 'markdown' ? toMarkdown(rows) : `${toText(rows)}${summarize(routes)}`;
}

function describeAudience({ audience = [], issuersWithoutAudience: issuers = [] }: ListedRoute): string {
  const names = audience.join(' or ');
  if (issuers === 'unknown') return `${names} (unless an issuer that is found by the function asks for none)`;
  return issuers.length === 0 ? names : `${names} (none for tokens of ${issuers.join(' and ')})`;
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
  const countOf = (value: ListedRoute['access']) => routes.filter(({ access }) => access === value).length;
  const unguarded = countOf('unguarded');
  const unclear = countOf('unclear');
  const count = `${routes.length} ${routes.length === 1 ? 'route' : 'routes'}`;
  if (unguarded + unclear === 0) return `\n${count}: each has a guard or is declared public.\n`;

  const problems = [
    ...(unguarded > 0 ? [`${unguarded} without a guard`] : []),
    ...(unclear > 0 ? [`${unclear} where something may run before the guard, or go on after it refused`] : []),
  ];
  const advice = [
    ...(unguarded > 0 ? ['Give them one, or declare them public by guard.public().'] : []),
    ...(unclear > 0 ? ['Put the guard first, by app.use() or as the first handler of the route.'] : []),
  ];
  return `\n${count}, ${problems.join(', ')}. ${advice.join(' ')}\n`;
}
