import type { RefusalReason } from 'scopegate';
import { ARCHIVE_API, DASHBOARD, MANAGER, ORDERS_API, TOKEN_LIFETIME_SECONDS } from './authorization-server.js';
import { fetchToken } from './fetch-token.js';

/** One call to the API, and what should come of it. */
export interface Call {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  /** The Authorization header. */
  readonly authorization?: string;
  /** How far the API's clock is ahead during this call. */
  readonly secondsAhead?: number;
  readonly expected: Outcome;
}

export interface Outcome {
  readonly status: number;
  /** What the API logs. The client is not told. */
  readonly reason: RefusalReason | undefined;
  /** The WWW-Authenticate header, without realm and error_description. */
  readonly challenge: string | undefined;
}

/** Gets real tokens from the authorization server, and lists what to do with them. */
export async function prepareCalls(tokenEndpoint: string): Promise<readonly Call[]> {
  const reader = { client: DASHBOARD, scope: 'orders:read' };
  const writer = { client: MANAGER, scope: 'orders:write' };
  const read = await fetchToken(tokenEndpoint, { ...reader, resource: ORDERS_API });
  const write = await fetchToken(tokenEndpoint, { ...writer, resource: ORDERS_API });
  const forArchive = await fetchToken(tokenEndpoint, { ...reader, resource: ARCHIVE_API });
  const opaque = await fetchToken(tokenEndpoint, reader);
  const basic = `Basic ${Buffer.from(`${DASHBOARD.id}:${DASHBOARD.secret}`).toString('base64')}`;

  return [
    get('no token', undefined, refused(401, 'token_missing', 'Bearer')),
    get('scope orders:read', `Bearer ${read}`, accepted(200)),
    post('scope orders:read', `Bearer ${read}`, LACKS_WRITE),
    post('scope orders:write', `Bearer ${write}`, accepted(201)),
    get('for another audience', `Bearer ${forArchive}`, invalidToken('audience_mismatch')),
    { ...get('expired', `Bearer ${read}`, invalidToken('token_expired')), secondsAhead: TOKEN_LIFETIME_SECONDS + 60 },
    post('tampered: scope added', `Bearer ${tamper(read)}`, invalidToken('signature_invalid')),
    get('opaque: no API named', `Bearer ${opaque}`, invalidToken('token_opaque')),
    get('Basic scheme', basic, refused(401, 'token_missing', 'Bearer')),
    get('two words after Bearer', `Bearer ${read} ${read}`, MALFORMED),
    get('scope orders:read again', `Bearer ${read}`, accepted(200)),
  ];
}

const LACKS_WRITE = refused(403, 'scope_insufficient', 'Bearer error="insufficient_scope", scope="orders:write"');
const MALFORMED = refused(400, 'bearer_malformed', 'Bearer error="invalid_request"');

function get(name: string, authorization: string | undefined, expected: Outcome): Call {
  return { name, method: 'GET', ...(authorization !== undefined && { authorization }), expected };
}

function post(name: string, authorization: string, expected: Outcome): Call {
  return { name, method: 'POST', authorization, expected };
}

function accepted(status: number): Outcome {
  return { status, reason: undefined, challenge: undefined };
}

function invalidToken(reason: RefusalReason): Outcome {
  return refused(401, reason, 'Bearer error="invalid_token"');
}

function refused(status: number, reason: RefusalReason, challenge: string): Outcome {
  return { status, reason, challenge };
}

/** Adds a scope and keeps the signature, as a forger would. */
function tamper(token: string): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const forged = Buffer.from(JSON.stringify({ ...claims, scope: 'orders:read orders:write' })).toString('base64url');
  return [header, forged, signature].join('.');
}
