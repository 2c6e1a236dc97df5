import { createSecretKey } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../src/options/configuration-error.js';
import { AuthorizationError, IssuerUnavailableError } from '../../src/protocol/errors.js';
import { createVerifier } from '../../src/verifier/create-verifier.js';
import { covers } from '../support/covers.js';
import { until } from '../support/key-server.js';
import { listen, type TestServer } from '../support/listen.js';
import { generateKeys, RawIssuer } from '../support/raw-issuer.js';
import type { JsonTexts } from '../support/raw-token.js';
import { reasonOfCall } from '../support/reason-of.js';

const keys = generateKeys('ES256');
const PERSON = { sub: 'test-user', name: 'Alice Example', address: { country: 'FR' } };

let server: TestServer;
let origin: string;
let raw: RawIssuer;
/** The token of every question. */
let asked: string[];
let answer: (res: ServerResponse) => void;

const answerPerson = (res: ServerResponse) => {
  res.end(JSON.stringify(PERSON));
};

beforeEach(async () => {
  asked = [];
  answer = answerPerson;
  const http = createServer((req, res) => {
    if (req.url !== '/userinfo')
      return res.end(JSON.stringify({ issuer: origin, userinfo_endpoint: `${origin}/userinfo` }));
    asked.push(String(req.headers.authorization).slice('Bearer '.length));
    return answer(res);
  });
  server = await listen(http);
  origin = `http://127.0.0.1:${server.port}`;
  raw = new RawIssuer({ issuer: origin, keys });
});
afterEach(() => server.close());

function create(changes: object = {}) {
  return createVerifier({ ...raw.verifierOptions, fetch, dangerouslyAllowInsecureHttp: true, ...changes });
}

/** A verifier, and a token that it verified. */
async function createWithToken(payload: JsonTexts = {}) {
  const verifier = create();
  const accessToken = await verifier.verify(raw.token({ payload }));
  return { verifier, accessToken };
}

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => Promise.reject(new Error('it was accepted')),
    (error: unknown) => error,
  );
}

describe('verifier.userInfo', () => {
  it('OpenID Connect Core §5.3: asks the issuer about the person that a token stands for', async () => {
    const { verifier, accessToken } = await createWithToken();
    expect(asked).toEqual([]);
    const claims = await verifier.userInfo(accessToken);
    const name: string | undefined = claims.name;
    expect([claims, name]).toEqual([PERSON, 'Alice Example']);
    expect(asked).toEqual([accessToken.token]);
  });

  it('gives claims that no handler can change for the next', async () => {
    const { verifier, accessToken } = await createWithToken();
    const claims = await verifier.userInfo(accessToken);
    expect([Object.isFrozen(claims), Object.isFrozen(claims.address)]).toEqual([true, true]);
  });

  it('finds the issuer through a resolver too', async () => {
    const { jwks } = raw.verifierOptions.issuer;
    const verifier = create({ issuer: (iss: string) => (iss === origin ? { issuer: iss, jwks } : undefined) });
    const accessToken = await verifier.verify(raw.token());
    expect(await verifier.userInfo(accessToken)).toEqual(PERSON);
  });

  it('asks about the person of a token that was introspected, too', async () => {
    const active = { active: true, sub: 'test-user', aud: raw.audience, exp: raw.now + 60 };
    const asker: typeof fetch = async (url, init) => {
      return String(url).endsWith('/introspect') ? Response.json(active) : fetch(url, init);
    };
    const introspection = { endpoint: `${origin}/introspect`, clientId: 'orders-api', clientSecret: 'hush' };
    const verifier = create({ issuer: { issuer: origin, introspection }, fetch: asker });
    const accessToken = await verifier.verify('opaque');
    expect(await verifier.userInfo(accessToken)).toEqual(PERSON);
    expect(asked).toEqual(['opaque']);
  });

  it('refuses a token whose issuer is not trusted any more', async () => {
    const { jwks } = raw.verifierOptions.issuer;
    let trusted = true;
    const issuer = (iss: string) => (trusted ? { issuer: iss, jwks } : undefined);
    const verifier = create({ issuer, keys: { maxAgeSeconds: 60 } });
    const accessToken = await verifier.verify(raw.token());
    expect(await verifier.userInfo(accessToken)).toEqual(PERSON);
    trusted = false;
    raw.clock.advance(86_400);
    expect(await reasonOfCall(verifier.userInfo(accessToken))).toBe('issuer_not_trusted');
    expect(asked).toHaveLength(1);
  });
});

describe('verifier.userInfo, asked again', () => {
  it('keeps an answer for five minutes', async () => {
    const { verifier, accessToken } = await createWithToken();
    const first = await verifier.userInfo(accessToken);
    raw.clock.advance(299.999);
    expect(await verifier.userInfo(accessToken)).toBe(first);
    expect(asked).toHaveLength(1);
    raw.clock.advance(0.001);
    expect(await verifier.userInfo(accessToken)).not.toBe(first);
    expect(asked).toHaveLength(2);
  });

  it('keeps no answer beyond the end of the token', async () => {
    const { verifier, accessToken } = await createWithToken({ exp: String(raw.now + 100) });
    await verifier.userInfo(accessToken);
    raw.clock.advance(99.999);
    await verifier.userInfo(accessToken);
    expect(asked).toHaveLength(1);
    raw.clock.advance(0.001);
    await verifier.userInfo(accessToken);
    await verifier.userInfo(accessToken);
    expect(asked).toHaveLength(3);
  });

  it('keeps no answer whose age is not known, since the clock was set back', async () => {
    covers('J19');
    const { verifier, accessToken } = await createWithToken();
    await verifier.userInfo(accessToken);
    raw.clock.advance(-1);
    await verifier.userInfo(accessToken);
    expect(asked).toHaveLength(2);
  });

  it('keeps answers apart by token', async () => {
    const { verifier, accessToken } = await createWithToken();
    const other = await verifier.verify(raw.token({ payload: { jti: '"token-2"' } }));
    await verifier.userInfo(accessToken);
    await verifier.userInfo(other);
    expect(asked).toEqual([accessToken.token, other.token]);
  });

  it('asks once for all who ask at the same time, however often the token was verified', async () => {
    const { verifier, accessToken } = await createWithToken();
    const again = await verifier.verify(accessToken.token);
    const all = Array.from({ length: 20 }, (_, i) => verifier.userInfo(i % 2 === 0 ? accessToken : again));
    expect(new Set(await Promise.all(all)).size).toBe(1);
    expect(asked).toHaveLength(1);
  });

  it('keeps what the endpoint refuses a token with for five seconds, and says for how long', async () => {
    const { verifier, accessToken } = await createWithToken();
    answer = (res) => res.writeHead(404).end();
    await errorOf(verifier.userInfo(accessToken));
    answer = answerPerson;
    raw.clock.advance(3);
    for (let i = 0; i < 50; i += 1) {
      const error = await errorOf(verifier.userInfo(accessToken));
      expect(error).toMatchObject({ reason: 'userinfo_unavailable', retryAfterSeconds: 2 });
    }
    expect(asked).toHaveLength(1);
    raw.clock.advance(2);
    expect(await verifier.userInfo(accessToken)).toEqual(PERSON);
  });

  it('keeps no refusal of one token for another', async () => {
    const { verifier, accessToken } = await createWithToken();
    answer = (res) => res.writeHead(401).end();
    for (let i = 0; i < 50; i += 1) expect(await reasonOfCall(verifier.userInfo(accessToken))).toBe('token_inactive');
    answer = answerPerson;
    const other = await verifier.verify(raw.token({ payload: { jti: '"token-2"' } }));
    expect(await verifier.userInfo(other)).toEqual(PERSON);
    expect(asked).toHaveLength(2);
  });

  it('an endpoint that is down gets one request for each back-off, whatever the tokens', async () => {
    covers('J22');
    const { verifier } = await createWithToken();
    const tokens = Array.from({ length: 60 }, (_, i) => raw.token({ payload: { jti: `"token-${i}"` } }));
    const accessTokens = await Promise.all(tokens.map((token) => verifier.verify(token)));
    answer = (res) => res.writeHead(500).end();
    for (const accessToken of accessTokens) {
      const error = await errorOf(verifier.userInfo(accessToken));
      expect(error).toMatchObject({ reason: 'userinfo_unavailable', status: 503 });
      expect((error as IssuerUnavailableError).retryAfterSeconds).toBeGreaterThan(0);
      raw.clock.advance(1);
    }
    // Waits of half a second at least, then twice as long each time: 0.5, 1, 2, 4, 8, 16, 30.
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.length).toBeLessThanOrEqual(8);

    answer = answerPerson;
    raw.clock.advance(60);
    const [first, second] = accessTokens as [(typeof accessTokens)[0], (typeof accessTokens)[0]];
    expect([await verifier.userInfo(first), await verifier.userInfo(second)]).toEqual([PERSON, PERSON]);
  });

  it('RFC 9110 §15.6.4: 100 requests are under way at most; the next is 503 with Retry-After', async () => {
    covers('J22');
    const { verifier } = await createWithToken();
    const held: ServerResponse[] = [];
    answer = (res) => void held.push(res);
    const tokens = Array.from({ length: 101 }, (_, i) => raw.token({ payload: { jti: `"token-${i}"` } }));
    const accessTokens = await Promise.all(tokens.map((token) => verifier.verify(token)));
    const waiting = accessTokens.slice(0, 100).map((accessToken) => verifier.userInfo(accessToken));
    await until(() => held.length === 100);

    const last = accessTokens[100] as (typeof accessTokens)[0];
    const detail = '100 requests are under way already';
    expect(await errorOf(verifier.userInfo(last))).toMatchObject({ status: 503, detail, retryAfterSeconds: 1 });
    for (const res of held) answerPerson(res);
    expect(await Promise.all(waiting)).toEqual(Array(100).fill(PERSON));
    answer = answerPerson;
    // At the same moment of the clock: that there was no room is not remembered as what the endpoint says of the token.
    expect(await verifier.userInfo(last)).toEqual(PERSON);
  });

  it('metadata that cannot be had is fetched once for each back-off', async () => {
    let metadataRequests = 0;
    const broken: typeof fetch = async () => {
      metadataRequests += 1;
      return new Response(null, { status: 500 });
    };
    const verifier = create({ fetch: broken });
    const accessToken = await verifier.verify(raw.token());
    for (let i = 0; i < 50; i += 1) {
      expect(await reasonOfCall(verifier.userInfo(accessToken))).toBe('userinfo_unavailable');
    }
    // OpenID Connect Discovery §4 and RFC 8414 §3.1 have a place each.
    expect(metadataRequests).toBe(2);
  });
});

describe('verifier.userInfo, when there is nothing to tell', () => {
  it('RFC 6750 §3.1: 401 of the issuer is the fault of the token', async () => {
    const { verifier, accessToken } = await createWithToken();
    expect(await reasonOfCall(verifier.userInfo(accessToken))).toBe('accepted');
    raw.clock.advance(300);
    answer = (res) => res.writeHead(401).end();
    const error = await errorOf(verifier.userInfo(accessToken));
    expect(error).toBeInstanceOf(AuthorizationError);
    expect(error).toMatchObject({ reason: 'token_inactive', status: 401, code: 'invalid_token' });
    expect((error as AuthorizationError).headers['WWW-Authenticate']).toContain(`realm="${raw.audience}"`);
  });

  it.each<[what: string, retryAfter: string, next: (res: ServerResponse) => void]>([
    ['answers with HTML', '5', (res) => res.end('<!doctype html>')],
    ['answers about somebody else', '5', (res) => res.end(JSON.stringify({ ...PERSON, sub: 'bob' }))],
    ['answers about nobody', '5', (res) => res.end(JSON.stringify({ ...PERSON, sub: undefined }))],
    ['has enough', '1', (res) => res.writeHead(429).end()],
    ['is down', '1', (res) => res.writeHead(503).end()],
    ['hangs up', '1', (res) => res.destroy()],
  ])('decision 6: it is not the fault of the token when the issuer %s', async (_, retryAfter, next) => {
    const { verifier, accessToken } = await createWithToken();
    answer = next;
    const error = await errorOf(verifier.userInfo(accessToken));
    expect(error).toBeInstanceOf(IssuerUnavailableError);
    expect(error).toMatchObject({
      reason: 'userinfo_unavailable',
      status: 503,
      headers: { 'Retry-After': retryAfter },
    });
    answer = answerPerson;
    raw.clock.advance(Number(retryAfter));
    expect(await verifier.userInfo(accessToken)).toEqual(PERSON);
  });

  it('RFC 6750 §3.1: 403 of the issuer is insufficient_scope, and no retry is promised', async () => {
    const { verifier, accessToken } = await createWithToken();
    expect(await reasonOfCall(verifier.userInfo(accessToken))).toBe('accepted');
    raw.clock.advance(300);
    answer = (res) => res.writeHead(403).end();
    for (let i = 0; i < 2; i += 1) {
      const error = (await errorOf(verifier.userInfo(accessToken))) as AuthorizationError;
      expect(error).toBeInstanceOf(AuthorizationError);
      expect(error).toMatchObject({ reason: 'userinfo_refused', status: 403, scopes: ['openid'] });
      expect(error.headers).not.toHaveProperty('Retry-After');
      expect(error.headers['WWW-Authenticate']).toContain('error="insufficient_scope"');
    }
    expect(asked).toHaveLength(2);
  });

  it('OpenID Connect Core §5.3.2: takes the sub of the answer where introspection gives none (Doorkeeper)', async () => {
    const active = { active: true, aud: raw.audience, client_id: 'web' };
    const asker: typeof fetch = async (url, init) => {
      return String(url).endsWith('/introspect') ? Response.json(active) : fetch(url, init);
    };
    const introspection = { endpoint: `${origin}/introspect`, clientId: 'orders-api', clientSecret: 'hush' };
    const verifier = create({ issuer: { issuer: origin, introspection }, fetch: asker });
    const accessToken = await verifier.verify('opaque');
    expect(accessToken.subject).toBeUndefined();
    expect(await verifier.userInfo(accessToken)).toEqual(PERSON);
    raw.clock.advance(299);
    expect(await verifier.userInfo(accessToken)).toEqual(PERSON);
    expect(asked).toEqual(['opaque']);
  });

  it('asks nobody about a token that stands for nobody', async () => {
    const { verifier, accessToken } = await createWithToken({ sub: undefined });
    const error = await errorOf(verifier.userInfo(accessToken));
    const detail = 'the token stands for nobody: it has no sub';
    expect(error).toBeInstanceOf(AuthorizationError);
    expect(error).toMatchObject({ reason: 'userinfo_refused', status: 403, detail, scopes: ['openid'] });
    expect(asked).toEqual([]);
  });

  it.each(['urn:example:legacy', 'http://127.0.0.1:9'])(
    'shows no token to anybody where the issuer shares a secret and is named %s, which is no https URL',
    async (issuer) => {
      covers('J12');
      const requests: string[] = [];
      const noted: typeof fetch = async (url) => {
        requests.push(String(url));
        throw new TypeError('there is no network here');
      };
      const shared = { issuer, secret: 'x'.repeat(32), algorithms: ['HS256'] as const };
      const legacy = new RawIssuer({ issuer, keys });
      const { audience, clock } = legacy.verifierOptions;
      const verifier = createVerifier({ issuer: shared, audience, clock, fetch: noted });
      const key = createSecretKey(Buffer.from(shared.secret));
      const accessToken = await verifier.verify(legacy.token({ header: { alg: '"HS256"' }, key, signWith: 'HS256' }));
      for (const why of [`"${issuer}" is no https URL, and so has no metadata`, 'its metadata names none']) {
        const error = await errorOf(verifier.userInfo(accessToken));
        expect(error).toBeInstanceOf(TypeError);
        expect(error).toHaveProperty('message', `the issuer has no UserInfo endpoint: ${why}`);
      }
      expect(requests).toEqual([]);
    },
  );
});

describe('verifier.userInfo, misused', () => {
  it('refuses whatever this verifier did not verify', async () => {
    const { verifier, accessToken } = await createWithToken();
    const foreign = await create().verify(raw.token());
    const lookAlike = { ...accessToken, token: accessToken.token };
    for (const given of [foreign, lookAlike, Object.create(accessToken), null, undefined, 7]) {
      const error = await errorOf(verifier.userInfo(given as typeof accessToken));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toHaveProperty('message', 'not an access token of this verifier');
    }
    expect(asked).toEqual([]);
    expect(await verifier.userInfo(accessToken)).toEqual(PERSON);
  });

  it('says what to give where it gets the text of a token', async () => {
    const { verifier, accessToken } = await createWithToken();
    const error = await errorOf(verifier.userInfo(accessToken.token as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toHaveProperty('message', 'a text is no access token: give req.auth, or what verify() returned');
    expect(asked).toEqual([]);
  });

  it('refuses an option that it has not', async () => {
    const { verifier, accessToken } = await createWithToken();
    const error = await errorOf(verifier.userInfo(accessToken, { timeout: 5 } as object));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toHaveProperty(
      'message',
      expect.stringMatching(/^timeout: is not an option\..* Options are: signal\.$/),
    );
    expect(asked).toEqual([]);
  });
});

describe('verifier.userInfo, given up', () => {
  /** Holds the answer to the next question until it is let go. */
  function holdAnswer(): { readonly arrived: Promise<void>; letGo(): void } {
    let letGo = () => {};
    const arrived = new Promise<void>((resolve) => {
      answer = (res) => {
        letGo = () => answerPerson(res);
        resolve();
      };
    });
    return { arrived, letGo: () => letGo() };
  }

  it('by a signal: for this call alone', async () => {
    const { verifier, accessToken } = await createWithToken();
    const { arrived, letGo } = holdAnswer();
    const controller = new AbortController();
    const impatient = errorOf(verifier.userInfo(accessToken, { signal: controller.signal }));
    const patient = verifier.userInfo(accessToken);
    await arrived;
    const reason = new Error('the client went away');
    controller.abort(reason);
    expect(await impatient).toBe(reason);
    letGo();
    expect(await patient).toEqual(PERSON);
    expect(asked).toHaveLength(1);
  });

  it('by closing the verifier: for everybody, and for good', async () => {
    const { verifier, accessToken } = await createWithToken();
    const { arrived } = holdAnswer();
    const waiting = reasonOfCall(verifier.userInfo(accessToken));
    await arrived;
    verifier.close();
    expect(await waiting).toBe('verifier_closed');
    expect(await reasonOfCall(verifier.userInfo(accessToken))).toBe('verifier_closed');
    expect(asked).toHaveLength(1);
  });

  it('by closing the verifier: with an issuer that came from a resolver, too', async () => {
    const { jwks } = raw.verifierOptions.issuer;
    const verifier = create({ issuer: (iss: string) => ({ issuer: iss, jwks }) });
    const accessToken = await verifier.verify(raw.token());
    const { arrived } = holdAnswer();
    const waiting = reasonOfCall(verifier.userInfo(accessToken));
    await arrived;
    verifier.close();
    expect(await waiting).toBe('verifier_closed');
  });

  it('by closing the verifier: answers are forgotten', async () => {
    const { verifier, accessToken } = await createWithToken();
    await verifier.userInfo(accessToken);
    verifier.close();
    expect(await reasonOfCall(verifier.userInfo(accessToken))).toBe('verifier_closed');
  });
});
