import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type AppRoutes, findRoutes } from '../adapters/express/list-guards.js';
import { FORMATS, type Format, formatRoutes } from './format-routes.js';
import { loadModule } from './load-module.js';

const USAGE = `npx scopegate routes MODULE [--format text|markdown|json] [--export NAME]

Lists the routes of the Express app that MODULE exports (default, or app), and what their guards demand.
Ends with 1 when a route has neither a guard nor guard.public(), or when it is unclear whether its guard always runs
first; with 2 when the routes cannot be listed, or there are none.
`;

/** The output of a command, and its exit code. */
export interface Outcome {
  readonly text: string;
  readonly exitCode: 0 | 1 | 2;
}

/** Runs the command line. Never throws. */
export async function run(args: readonly string[], directory: string): Promise<Outcome> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        format: { type: 'string', default: 'text' },
        export: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });

    if (values.help) return { text: USAGE, exitCode: 0 };
    const [command, module, ...more] = positionals;
    if (command !== 'routes' || module === undefined || more.length > 0) return fail(USAGE);
    if (!isFormat(values.format)) return fail(`There is no format ${JSON.stringify(values.format)}.\n\n${USAGE}`);
    return reportRoutes(findRoutes(await loadApp(resolve(directory, module), values.export)), values.format);
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function reportRoutes({ routes, middlewares }: AppRoutes, format: Format): Outcome {
  if (routes.length === 0) return fail(describeNothing(middlewares));
  const isOpen = routes.some(({ access }) => access === 'unguarded' || access === 'unclear');
  return { text: formatRoutes(routes, format), exitCode: isOpen ? 1 : 0 };
}

/** Lists what could not be read: the routes may be there. */
function describeNothing(middlewares: AppRoutes['middlewares']): string {
  const lines = middlewares.map(({ path, name }) => `  ${path}  ${name}`);
  if (lines.length === 0) return 'The app has no routes. Does the module export it before they are declared?\n';
  return `No routes were found. These could not be looked into:\n${lines.join('\n')}\n`;
}

function fail(text: string): Outcome {
  return { text, exitCode: 2 };
}

function isFormat(name: string): name is Format {
  return (FORMATS as readonly string[]).includes(name);
}

async function loadApp(file: string, name: string | undefined): Promise<unknown> {
  const loaded = await loadModule(pathToFileURL(file).href);
  // A CommonJS module is its own default export.
  const candidates = name === undefined ? ['default', 'app'] : [name];
  const inner = typeof loaded['default'] === 'object' ? (loaded['default'] as Record<string, unknown> | null) : null;
  for (const candidate of candidates) {
    const app = loaded[candidate] ?? inner?.[candidate];
    if (typeof app === 'function') return app;
  }
  throw new Error(`${file} exports no app: looked for ${candidates.join(' and ')}. Name it by --export.`);
}
