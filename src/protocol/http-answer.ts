import { formatChallenge } from './challenge.js';
import type { Refusal } from './refusal.js';

/** An answer as plain data. Each adapter writes it with its framework. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

// Used where no back-off has a time, such as after `close()`: a restart takes a few seconds.
const DEFAULT_RETRY_AFTER_SECONDS = 5;

/** Formats the answer to a refused request, the whole of docs/http.md. */
export function formatAnswer(refusal: Refusal, realm: string): HttpAnswer {
  const { status, error, description } = refusal.entry;
  if (status === 503) {
    const retryAfter = Math.max(1, Math.ceil(refusal.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS));
    return answer(
      status,
      { 'Retry-After': String(retryAfter) },
      { error: 'temporarily_unavailable', error_description: description },
    );
  }

  // The app is at fault: no token would help.
  if (status === 500) return answer(status, {}, { error: 'server_error', error_description: description });

  const challenge = formatChallenge({ realm, error, description, scopes: refusal.scopes });
  // RFC 6750 §3.1: no error information when the request lacked credentials.
  const body = error === undefined ? {} : { error, error_description: description };
  return answer(status, { 'WWW-Authenticate': challenge }, body);
}

function answer(status: number, headers: Record<string, string>, body: object): HttpAnswer {
  return {
    status,
    headers: { ...headers, 'Cache-Control': 'no-store', 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
}
