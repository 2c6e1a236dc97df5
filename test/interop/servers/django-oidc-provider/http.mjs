// Headers of Django's own middleware are on every answer.
const COMMON = { 'X-Frame-Options': 'DENY', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'same-origin' };
export const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' };
const HTML = 'text/html; charset=utf-8';

export function send(res, status, headers, body = '') {
  res.writeHead(status, { ...COMMON, 'Content-Length': Buffer.byteLength(body), ...headers }).end(body);
}

export function json(res, value, { status = 200, headers = {} } = {}) {
  send(res, status, { 'Content-Type': 'application/json', ...headers }, toText(value));
}

export function page(res, status, html, headers = {}) {
  send(res, status, { 'Content-Type': status === 200 ? HTML : 'text/html', ...headers }, html);
}

export function redirect(res, location, headers = {}) {
  send(res, 302, { 'Content-Type': HTML, Location: location, ...headers });
}

export function notAllowed(res) {
  send(res, 405, { 'Content-Type': HTML, Allow: 'POST, OPTIONS' });
}

/** An empty answer, whose challenge lacks the scheme. */
export function challenge(res, status, error) {
  const value = `error="${error}", error_description="${DESCRIPTIONS[error]}"`;
  send(res, status, { 'Content-Type': HTML, 'WWW-Authenticate': value });
}

/** The form of Python: a space behind each colon and comma. */
function toText(value) {
  if (Array.isArray(value)) return `[${value.map(toText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${toText(member)}`);
  return `{${members.join(', ')}}`;
}

/** Texts of RFC 6749 §5.2 and RFC 6750 §3.1. */
export const DESCRIPTIONS = {
  invalid_client:
    'Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)',
  invalid_grant:
    'The provided authorization grant or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client',
  unsupported_grant_type: 'The authorization grant type is not supported by the authorization server',
  invalid_scope:
    'The requested scope is invalid, unknown, malformed, or exceeds the scope granted by the resource owner',
  invalid_token: 'The access token provided is expired, revoked, malformed, or invalid for other reasons',
  insufficient_scope: 'The request requires higher privileges than provided by the access token',
};
