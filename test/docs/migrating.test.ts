import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import express, { type ErrorRequestHandler } from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuard, createVerifier, REFUSALS, type RefusalReason, type Verifier } from '../../src/index.js';
import { type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { bearerHeaders, startApp, type TestApp } from '../support/test-app.js';

const PEER = 'express-oauth2-jwt-bearer';

/** A row of the table "What becomes stricter". */
interface Row {
  readonly name: string;
  readonly acceptedBy: string;
  readonly status: number;
  readonly reason: RefusalReason;
}

const text = readFileSync(new URL('../../docs/migrating.md', import.meta.url), 'utf8');
const [, section = ''] = text.split('\n## What becomes stricter\n');
const rows = [...section.matchAll(/^\| (.+) \| (.+) \| (\d{3}) `(\w+)` \|$/gm)].map(
  ([, name = '', acceptedBy = '', status, reason]): Row => ({
    name,
    acceptedBy,
    status: Number(status),
    reason: reason as RefusalReason,
  }),
);

const issuer = new RawIssuer({ algorithm: 'RS256' });
const now = Math.floor(Date.now() / 1000);

/** A good token of an issuer that does not follow RFC 9068, with one thing about it changed. */
function sign({ payload, ...mutation }: Mutation = {}): string {
  const times = { iat: String(now), exp: String(now + 3600) };
  return issuer.token({ header: { typ: '"JWT"' }, ...mutation, payload: { ...times, ...payload } });
}

interface Sent {
  readonly token?: string;
  readonly path?: string;
}

const stranger = new RawIssuer({ algorithm: 'RS256' });
const forged = () => sign({ key: stranger.keys.privateKey });

/** What each row is about. All of it goes to `GET /read`, whose guard wants the scope read, unless it says more. */
const SENT: Readonly<Record<string, () => Sent>> = {
  'a token without `exp`': () => ({ token: sign({ payload: { exp: undefined } }) }),
  'a token without `iss`': () => ({ token: sign({ payload: { iss: undefined } }) }),
  'a token without `aud`': () => ({ token: sign({ payload: { aud: undefined } }) }),
  'a token for another API': () => ({ token: sign({ payload: { aud: '"https://other.test"' } }) }),
  'an ID token that names this audience': () => ({ token: sign({ payload: { nonce: '"n"', at_hash: '"h"' } }) }),
  'a refresh token that is a JWT of the same key': () => ({ token: sign({ payload: { token_type: '"refresh"' } }) }),
  'a `sub` that is a number': () => ({ token: sign({ payload: { sub: '42' } }) }),
  'an `exp` in milliseconds': () => ({ token: sign({ payload: { exp: String((now + 3600) * 1000) } }) }),
  'a token with a member twice': () => ({
    token: sign({ rewritePayload: (json) => json.replace('{', '{"scope":"other",') }),
  }),
  'a token with stray bits in its last character': () => ({ token: withStrayBits(sign()) }),
  'a token that is bound to a key (`cnf`)': () => ({ token: sign({ payload: { cnf: '{"jkt":"thumbprint"}' } }) }),
  'an opaque token, without `introspection`': () => ({ token: randomBytes(15).toString('hex') }),
  'a token as `?access_token=`': () => ({ path: `/read?access_token=${sign()}` }),
  'a token in the header and another in the query': () => ({ token: sign(), path: `/read?access_token=${sign()}` }),
  'a bad token where none is needed': () => ({ token: forged(), path: '/open' }),
  'a token without the scope of the route': () => ({ token: sign({ payload: { scope: '"other"' } }) }),
  'a token while its issuer is down': () => ({ token: sign(), path: '/down' }),
};

/** RFC 4648 §3.5: 256 bytes leave four bits of the last character unused. They decode to the same bytes. */
function withStrayBits(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.slice(-1)) + 1];
}

let ours: TestApp;
let theirs: TestApp;
let verifiers: readonly Verifier[];
let lastReason: RefusalReason | undefined;

beforeAll(async () => {
  const audience = issuer.audience;
  const { fetch } = issuer;
  const verifier = createVerifier({ issuer: { issuer: issuer.issuer, jwks: { keys: [issuer.jwk] } }, audience, fetch });
  // Its issuer is asked for metadata, and cannot be reached.
  const blind = createVerifier({ issuer: issuer.issuer, audience, fetch });
  verifiers = [verifier, blind];
  const onRefusal = ({ reason }: { readonly reason: RefusalReason }) => {
    lastReason = reason;
  };
  const guard = createGuard(verifier, { onRefusal });
  ours = await startApp(express, (app) => {
    app.get('/read', guard('read'), (_, res) => void res.end());
    app.get('/open', guard.optional('read'), (_, res) => void res.end());
    app.get('/down', createGuard(blind, { onRefusal })('read'), (_, res) => void res.end());
  });

  const peer = { issuer: issuer.issuer, audience, publicKey: { keys: [issuer.jwk] }, tokenSigningAlg: 'RS256' };
  const writeStatus: ErrorRequestHandler = (error, _req, res, _next) => {
    res.status(error.status ?? 500).end();
  };
  theirs = await startApp(express, (app) => {
    app.get('/read', auth(peer as never), (_, res) => void res.end());
    app.get('/open', auth({ ...peer, authRequired: false } as never), (_, res) => void res.end());
    app.use(writeStatus);
  });
});

afterAll(async () => {
  for (const verifier of verifiers) verifier.close();
  await ours.close();
  await theirs.close();
});

async function send(app: TestApp, { token, path = '/read' }: Sent): Promise<number> {
  const { status } = await app.get(path, token === undefined ? {} : bearerHeaders(token));
  return status;
}

describe('docs/migrating.md: what becomes stricter', () => {
  it('has a row for each kind of request that is sent here, and no other', () => {
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(SENT));
  });

  it.each(rows)('refuses $name with $status $reason, and a good token not', async ({ name, status, reason }) => {
    expect(await send(ours, { token: sign() })).toBe(200);
    lastReason = undefined;
    expect(await send(ours, (SENT[name] as () => Sent)())).toBe(status);
    expect(lastReason).toBe(reason);
    expect(REFUSALS[reason].status).toBe(status);
    expect(await send(ours, { token: sign() })).toBe(200);
  });

  // Of the packages that the table names, this one is at hand.
  const accepted = rows.filter(({ acceptedBy }) => acceptedBy.startsWith('all of them') || acceptedBy.includes(PEER));

  it.each(accepted)(`is right that ${PEER} accepts $name`, async ({ name }) => {
    expect(await send(theirs, (SENT[name] as () => Sent)())).toBe(200);
    expect(await send(theirs, { token: forged() })).toBe(401);
  });
});
