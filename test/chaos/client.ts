import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { REALM } from './durations.js';
import type { Answer } from './history.js';

// More than a busy machine ever took. The oracle judges what is late.
const GIVE_UP_MS = 30_000;

/** A client with connections of its own. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 200 });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends a request. Never rejects: what is no answer of the contract is told in words. */
  get(path: string, authorization: string | undefined): Promise<Answer> {
    return new Promise((resolve) => {
      const headers = authorization === undefined ? {} : { authorization };
      const options = { agent: this.#agent, host: '127.0.0.1', port: this.#port, path, headers };
      const sent = request(options, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve(readAnswer(response.statusCode ?? 0, response.headers, body)));
      });
      sent.setTimeout(GIVE_UP_MS, () => sent.destroy(new Error(`no answer within ${GIVE_UP_MS} ms`)));
      sent.on('error', (error) => resolve(`other: ${error.message}`));
      sent.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

interface Row {
  readonly answer: Answer;
  readonly status: number;
  readonly challenge: RegExp | undefined;
  readonly error: string | undefined;
}

const REALM_PART = `Bearer realm="${REALM}"`;
const withError = (code: string, more = '') =>
  new RegExp(`^${REALM_PART}, error="${code}", error_description="[^"]+"${more}$`);

/** The rows of docs/http.md. */
const ROWS: readonly Row[] = [
  { answer: 'missing', status: 401, challenge: new RegExp(`^${REALM_PART}$`), error: undefined },
  { answer: 'invalid_request', status: 400, challenge: withError('invalid_request'), error: 'invalid_request' },
  { answer: 'invalid_token', status: 401, challenge: withError('invalid_token'), error: 'invalid_token' },
  {
    answer: 'insufficient_scope',
    status: 403,
    challenge: withError('insufficient_scope', ', scope="orders:read"'),
    error: 'insufficient_scope',
  },
  { answer: 'unavailable', status: 503, challenge: undefined, error: 'temporarily_unavailable' },
];

/** Reads an answer by docs/http.md, with headers and body. */
export function readAnswer(status: number, headers: IncomingHttpHeaders, body: string): Answer {
  const shown = `${status} ${headers['www-authenticate'] ?? ''} ${body.slice(0, 100)}`;
  const json = parse(body);
  if (json === undefined) return `other: ${shown}`;
  if (status === 200) return typeof json['served'] === 'string' ? 'ok' : `other: ${shown}`;

  const row = ROWS.find((one) => one.status === status && one.error === json['error']);
  if (row === undefined || 'served' in json) return `other: ${shown}`;
  const challenge = headers['www-authenticate'];
  const isChallenged = row.challenge === undefined ? challenge === undefined : row.challenge.test(challenge ?? '');
  const isRetry =
    row.status === 503 ? /^[1-9]\d*$/.test(headers['retry-after'] ?? '') : headers['retry-after'] === undefined;
  const isWhole = headers['cache-control'] === 'no-store' && headers['content-type'] === 'application/json';
  return isChallenged && isRetry && isWhole ? row.answer : `other: ${shown}`;
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
