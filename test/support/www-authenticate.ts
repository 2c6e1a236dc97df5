/** One challenge of a `WWW-Authenticate` value. */
export interface ParsedChallenge {
  readonly scheme: string;
  /** By lower-case name, unquoted. */
  readonly params: Readonly<Record<string, string>>;
}

// RFC 9110 §5.6.2, §5.6.4, §11.2
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const QUOTED_STRING = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"';
const NEXT_OR_END = '[ \\t]*(?:,[ \\t]*(?=[^, \\t])|$)';
const AUTH_SCHEME = new RegExp(`^(${TOKEN})(?: +(?=[^, ])|${NEXT_OR_END})`);
const AUTH_PARAM = new RegExp(`^(${TOKEN})[ \\t]*=[ \\t]*(${TOKEN}|${QUOTED_STRING})${NEXT_OR_END}`);

/**
 * Parses a `WWW-Authenticate` value by the grammar of RFC 9110 §11.6.1, without mercy: whatever does not
 * fit, a parameter that comes twice included, throws.
 */
export function parseWwwAuthenticate(value: string): readonly ParsedChallenge[] {
  const challenges: ParsedChallenge[] = [];
  let rest = value;
  while (rest !== '') {
    const scheme = AUTH_SCHEME.exec(rest);
    if (scheme === null) throw new Error(`no challenge at ${JSON.stringify(rest)} in ${JSON.stringify(value)}`);
    rest = rest.slice(scheme[0].length);
    const params = new Map<string, string>();
    for (let param = AUTH_PARAM.exec(rest); param !== null; param = AUTH_PARAM.exec(rest)) {
      const [text, name = '', quoted = ''] = param;
      if (params.has(name.toLowerCase())) throw new Error(`${name} comes twice in ${JSON.stringify(value)}`);
      params.set(name.toLowerCase(), unquote(quoted));
      rest = rest.slice(text.length);
    }
    challenges.push({ scheme: scheme[1] as string, params: Object.fromEntries(params) });
  }
  return challenges;
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}
