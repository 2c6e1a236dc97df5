import { findUrlProblem, type UrlProblem } from '../protocol/fetchable-url.js';
import { ConfigurationError } from './configuration-error.js';
import { describeValue } from './describe-value.js';
import type { Reader } from './option-reader.js';

/** Checks a URL to fetch, or the URL that names an issuer. `otherFix` is another way out. @throws {ConfigurationError} */
export function checkUrl(input: unknown, path: string, allowInsecureHttp: boolean, otherFix?: string): string {
  const problem = findUrlProblem(input, allowInsecureHttp);
  if (problem === undefined) return input as string;

  const { told, fix } = URL_ERRORS[problem];
  const text = told.replace('$url', () => describeValue(input));
  throw new ConfigurationError(path, text, otherFix === undefined ? fix : `${fix} ${otherFix}`);
}

const URL_ERRORS: Readonly<Record<UrlProblem, { readonly told: string; readonly fix: string }>> = {
  'not a URL': { told: '$url is not a URL.', fix: 'Give an absolute https URL.' },
  'not http': { told: '$url is not an https URL.', fix: 'Give an absolute https URL.' },
  credentials: { told: 'has a user name or password in it.', fix: 'Give the URL without them.' },
  insecure: {
    told: "$url is not https: whoever is on the way could put other keys in place of the issuer's.",
    fix: 'Give an https URL, or set dangerouslyAllowInsecureHttp for development against a local server.',
  },
};

/** Reads a URL without query and fragment. The verifier checks whether `http:` is allowed. */
export function url(example: string): Reader<string> {
  return (value, path) => {
    const fix = `Give a URL such as '${example}'.`;
    if (typeof value !== 'string' || !URL.canParse(value)) {
      throw new ConfigurationError(path, describeInput(value), fix);
    }

    const { protocol, username, password, origin, pathname } = new URL(value);
    if (username !== '' || password !== '') {
      throw new ConfigurationError(path, 'has a user name or password in it.', fix);
    }
    const isPlain = value === origin || value === `${origin}${pathname}`;
    if (isPlain && (protocol === 'https:' || protocol === 'http:')) return value;
    throw new ConfigurationError(path, describeInput(value), fix);
  };
}

/** Reads a host name in the form that `iss` has: lower case, without scheme and path. */
export function host(example: string): Reader<string> {
  return (value, path) => {
    if (typeof value === 'string' && isHost(value)) return value;
    throw new ConfigurationError(path, describeInput(value), `Give the host name alone, such as '${example}'.`);
  };
}

function isHost(text: string): boolean {
  const address = `https://${text}`;
  return URL.canParse(address) && new URL(address).host === text;
}

function describeInput(value: unknown): string {
  return value === undefined ? 'is missing.' : `is ${describeValue(value)}.`;
}
