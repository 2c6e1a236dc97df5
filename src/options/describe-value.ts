// A text may be a secret in the wrong option. Short names and URLs are shown whole, so that the reader sees the typo.
// All lengths are in characters. A longer name may be a key or a token.
const MAX_WORDS_LENGTH = 24;
// An origin and a short path. Of a longer URL only the origin is shown.
const MAX_URL_LENGTH = 48;
// A longer query or fragment may hold a credential.
const MAX_QUERY_LENGTH = 8;
// Of any other text this much is shown, and never more than a quarter of it.
const MAX_CHARACTERS_SHOWN = 8;

const URL_START = /^\s*(?:https?:|[a-z0-9-]+\.[a-z0-9.-]+(?:[/:]|$))/i;
const QUERY = /[?#](.*)$/s;
const ORIGIN = /^https?:\/\/[a-z0-9.-]+(?::\d{1,5})?(?=[/?#])/;
const LONG_RUN = /[a-z0-9]{9,}/gi;
// One word of a name such as `maxTokenBytes` or `max-token-bytes`.
const PIECE = /[A-Z]+[a-z]*|[a-z]+|\d+/g;
// Random base64url changes between capitals, small letters and digits after two characters on average.
const MIN_MEAN_PIECE_LENGTH = 3;
// Few words are longer.
const MAX_PIECE_LENGTH = 16;

/** Describes a value for an error. Shows a few characters of a text that could be a key, a token or a password. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === 'string') return describeText(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'function') return 'a function';
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

/** Describes the value of a secret option. Shows no character of a text. */
export function describeSecret(value: unknown): string {
  return typeof value === 'string' && value !== '' ? 'a string' : describeValue(value);
}

/** Formats the name of an option for an error. */
export function describeName(name: string): string {
  const shown = isShowable(name) ? name : `${cut(name)}...`;
  // A line break in a name would start a new line in a log.
  return JSON.stringify(shown).slice(1, -1);
}

function describeText(text: string): string {
  if (text === '') return 'an empty string';
  if (isShowable(text)) return JSON.stringify(text);
  const [origin] = ORIGIN.exec(text) ?? [];
  const start = origin !== undefined && isShowable(origin) ? origin : cut(text);
  return `${JSON.stringify(`${start}...`)} (${text.length} characters)`;
}

function isShowable(text: string): boolean {
  const isUrl = URL_START.test(text);
  if (text.length > (isUrl ? MAX_URL_LENGTH : MAX_WORDS_LENGTH)) return false;
  if (isUrl && (text.includes('@') || (QUERY.exec(text)?.[1] ?? '').length > MAX_QUERY_LENGTH)) return false;
  return Array.from(text.matchAll(LONG_RUN), ([run]) => run).every(isMadeOfWords);
}

/** Random characters often change between capitals, small letters and digits. Words do not. */
function isMadeOfWords(run: string): boolean {
  const pieces = Array.from(run.matchAll(PIECE), ([piece]) => piece);
  if (pieces.some(({ length }) => length > MAX_PIECE_LENGTH)) return false;
  return run.length >= pieces.length * MIN_MEAN_PIECE_LENGTH;
}

function cut(text: string): string {
  return text.slice(0, Math.min(MAX_CHARACTERS_SHOWN, Math.floor(text.length / 4)));
}
