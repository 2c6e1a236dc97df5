import { parseArgs } from 'node:util';

/** The variables of a shell. */
export type ShellVariables = Map<string, string>;

const OPTIONS = {
  include: { type: 'boolean', short: 'i' },
  silent: { type: 'boolean', short: 's' },
  request: { type: 'string', short: 'X' },
  header: { type: 'string', short: 'H', multiple: true },
  user: { type: 'string', short: 'u' },
  data: { type: 'string', short: 'd', multiple: true },
} as const;

/** Sends with fetch what a curl line says, for machines without curl. Throws for any option that it does not know. */
export function fetchCurlLine(line: string, variables: ShellVariables): Promise<Response> {
  const [command, ...args] = splitWords(line, variables);
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [url] = positionals;
  if (command !== 'curl' || url === undefined || positionals.length > 1) throw new Error(`not understood: ${line}`);
  const { request, header = [], user, data = [] } = values;
  const headers = new Headers(header.map((text) => [text.slice(0, text.indexOf(':')), text.replace(/^[^:]*: */, '')]));
  if (user !== undefined) headers.set('Authorization', `Basic ${Buffer.from(user).toString('base64')}`);
  const body = data.length === 0 ? null : new URLSearchParams(data.join('&'));
  return fetch(url, { method: request ?? (body === null ? 'GET' : 'POST'), headers, body });
}

/** Splits at spaces outside of double quotes, and puts values in place of variables. */
function splitWords(line: string, variables: ShellVariables): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare = '']) =>
    (quoted ?? bare).replace(/\$(\w+)/g, (_, name: string) => {
      const value = variables.get(name);
      if (value === undefined) throw new Error(`$${name} is not set: ${line}`);
      return value;
    }),
  );
}
