/** Why nothing is fetched from a text: it is no URL, its scheme is another, it has a password in it, or it is plain http. */
export type UrlProblem = 'not a URL' | 'not http' | 'credentials' | 'insecure';

// URL parsers mend white space, control characters, backslashes and missing slashes.
const HTTP_URL = /^https?:\/\/[^\s\\\p{Cc}]+$/iu;

/** Checks a URL that documents are fetched from. One rule for those of the options and those of documents. */
export function findUrlProblem(text: unknown, allowInsecureHttp: boolean): UrlProblem | undefined {
  if (typeof text !== 'string' || !URL.canParse(text)) return 'not a URL';
  const { protocol, username, password } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return 'not http';
  if (!HTTP_URL.test(text)) return 'not a URL';
  if (username !== '' || password !== '') return 'credentials';
  return protocol === 'https:' || allowInsecureHttp ? undefined : 'insecure';
}
