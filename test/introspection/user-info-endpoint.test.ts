import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserInfoEndpoint } from '../../src/introspection/user-info-endpoint.js';
import { Malformed } from '../../src/jws/malformed.js';
import { Refusal } from '../../src/protocol/refusal.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { covers } from '../support/covers.js';
import { textsOf } from '../support/leaks.js';
import { listen, type TestServer } from '../support/listen.js';
import { reasonOf } from '../support/reason-of.js';

const TOKEN = 'eyJ0eXAiOiJhdCtqd3QifQ.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
const ALICE = { sub: 'alice', name: 'Alice Example', email: 'alice@example.com', email_verified: true };

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

const clock = new TestClock(1_800_000_000_000);
let server: TestServer;
let origin: string;
let metadata: object;
let metadataRequests: number;
/** Every question but those for the metadata. */
let asked: Asked[];
let answer: (res: ServerResponse, asked: Asked) => void;

const answerAlice = (res: ServerResponse) => {
  res.setHeader('content-type', 'application/json').end(JSON.stringify(ALICE));
};

beforeEach(async () => {
  asked = [];
  metadataRequests = 0;
  answer = answerAlice;
  const http = createServer((req, res) => {
    if (req.url === '/.well-known/openid-configuration') {
      metadataRequests += 1;
      return res.end(JSON.stringify(metadata));
    }
    const { method = '', url: path = '', headers } = req;
    const question = { method, path, headers };
    asked.push(question);
    return answer(res, question);
  });
  server = await listen(http);
  origin = `http://127.0.0.1:${server.port}`;
  metadata = { issuer: origin, userinfo_endpoint: `${origin}/userinfo` };
});
afterEach(() => server.close());

function createEndpoint(
  {
    timeoutSeconds = 5,
    allowInsecureHttp = true,
    urls = [`${origin}/.well-known/openid-configuration`],
  }: { timeoutSeconds?: number; allowInsecureHttp?: boolean; urls?: readonly string[] } = {},
  signal = new AbortController().signal,
): UserInfoEndpoint {
  const discovery = { issuer: origin, urls, allowInsecureHttp };
  const verifySigned = async () => new Malformed('is signed, which nothing here verifies');
  const options = { discovery, verifySigned, timeoutSeconds, maxResponseBytes: 1024 };
  return new UserInfoEndpoint({ ...options, clock: clock.now, fetch, signal });
}

/** Asks once with an answer that will do, then with another. */
async function refusalOf(next: typeof answer, options: { timeoutSeconds?: number } = {}): Promise<Refusal> {
  const endpoint = createEndpoint(options);
  expect(await endpoint.fetch(TOKEN, 'alice')).toEqual(ALICE);
  answer = next;
  const refusal = await endpoint.fetch(TOKEN, 'alice');
  if (!(refusal instanceof Refusal)) throw new Error('it was accepted');
  expect(textsOf(refusal)).not.toContain(TOKEN);
  expect(textsOf(refusal)).not.toContain('Example');
  return refusal;
}

describe('UserInfoEndpoint', () => {
  it('OpenID Connect Core §5.3.1: asks by GET, with the access token in the Authorization header', async () => {
    expect(await createEndpoint().fetch(TOKEN, 'alice')).toEqual(ALICE);
    const headers = { authorization: `Bearer ${TOKEN}`, accept: expect.stringMatching(/^application\/json/) };
    expect(asked).toMatchObject([{ method: 'GET', path: '/userinfo', headers }]);
  });

  it('fetches the metadata once', async () => {
    const endpoint = createEndpoint();
    await Promise.all([endpoint.fetch(TOKEN, 'alice'), endpoint.fetch(TOKEN, 'alice')]);
    await endpoint.fetch(TOKEN, 'alice');
    expect([metadataRequests, asked.length]).toEqual([1, 3]);
  });

  it('gives claims that nobody can change, without any prototype', async () => {
    const said = await createEndpoint().fetch(TOKEN, 'alice');
    expect(Object.isFrozen(said)).toBe(true);
    expect(Object.getPrototypeOf(said)).toBeNull();
  });

  it.each<[what: string, sub: unknown]>([
    ['another person', 'bob'],
    ['nobody', undefined],
    ['null', null],
    ['a list with the right one in it', ['alice']],
    ['the same in another case', 'Alice'],
    ['the same with a space', 'alice '],
  ])('OpenID Connect Core §5.3.2, §16.11: takes no claims of %s', async (_, sub) => {
    const refusal = await refusalOf((res) => res.end(JSON.stringify({ ...ALICE, sub })));
    const detail = 'the sub of the answer is not that of the token';
    expect(refusal).toMatchObject({ reason: 'userinfo_unavailable', detail, entry: { status: 503 } });
  });

  it.each<[what: string, body: string, told: string]>([
    ['HTML', '<!doctype html><title>Sign in</title>', 'the answer is not JSON'],
    ['nothing', '', 'the answer is not JSON'],
    ['a signed answer, which was not asked for', TOKEN, 'the answer is not JSON'],
    ['a list', JSON.stringify([ALICE]), 'the answer is not a JSON object'],
    ['two persons', '{"sub":"bob","sub":"alice"}', 'the answer has duplicate members'],
    ['a prototype', '{"sub":"alice","__proto__":{"admin":true}}', 'the answer has a member named __proto__'],
  ])('OpenID Connect Core §5.3.2: takes no claims out of %s', async (_, body, detail) => {
    const refusal = await refusalOf((res) => res.end(body));
    expect(refusal).toMatchObject({ reason: 'userinfo_unavailable', detail });
  });

  it('RFC 6750 §3.1: takes 401 for the word of the issuer that the token is no good any more', async () => {
    const refusal = await refusalOf((res) =>
      res.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end(),
    );
    expect(refusal).toMatchObject({ reason: 'token_inactive', detail: `${origin}/userinfo answered 401` });
  });

  it('RFC 6750 §3.1: takes 403 for the word of the issuer that the token is not for this', async () => {
    const refusal = await refusalOf((res) => res.writeHead(403).end());
    const detail = `${origin}/userinfo answered 403`;
    expect(refusal).toMatchObject({ reason: 'userinfo_refused', detail, scopes: ['openid'] });
  });

  it('OpenID Connect Core §5.3.2: takes the sub of the answer where the token has none', async () => {
    const endpoint = createEndpoint();
    expect(await endpoint.fetch(TOKEN, undefined)).toEqual(ALICE);
    for (const sub of [undefined, null, '', 7]) {
      answer = (res) => res.end(JSON.stringify({ ...ALICE, sub }));
      expect(reasonOf(await endpoint.fetch(TOKEN, undefined))).toBe('userinfo_unavailable');
    }
  });

  it.each([401, 403])('does not blame the token where the metadata are answered %i', async (status) => {
    const urls = [`${origin}/userinfo`];
    answer = (res) => res.writeHead(status).end();
    const endpoint = createEndpoint({ urls });
    expect(reasonOf(await endpoint.fetch(TOKEN, 'alice'))).toBe('userinfo_unavailable');
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it.each([201, 204, 302, 307, 400, 404, 405, 429, 500, 503])(
    'RFC 6750 §3.1: does not blame the token for the status %i',
    async (status) => {
      const location = `${origin}/elsewhere`;
      const refusal = await refusalOf((res) => res.writeHead(status, { location }).end(JSON.stringify(ALICE)));
      expect(refusal.reason).toBe('userinfo_unavailable');
      expect(refusal.detail).toContain(`${origin}/userinfo answered ${status}`);
      expect(refusal.cause).toHaveProperty('status', status);
      expect(asked.map(({ path }) => path)).toEqual(['/userinfo', '/userinfo']);
    },
  );

  it('does not blame the token where there is no answer, a large one, or half of one', async () => {
    const large = await refusalOf((res) => res.end(JSON.stringify({ ...ALICE, pad: 'x'.repeat(1024) })));
    expect(large).toMatchObject({ reason: 'userinfo_unavailable', detail: expect.stringContaining('more than 1024') });
    answer = answerAlice;
    const half = await refusalOf((res) => res.write('{"sub":'), { timeoutSeconds: 0.2 });
    expect(half).toMatchObject({ reason: 'userinfo_unavailable', detail: expect.stringContaining('within 0.2 s') });
    answer = answerAlice;
    const broken = await refusalOf((res) => res.destroy());
    expect(broken).toMatchObject({ reason: 'userinfo_unavailable', detail: expect.stringContaining('not be fetched') });
  });
});

describe('UserInfoEndpoint, by the metadata of the issuer', () => {
  it.each([301, 404, 410])('finds the endpoint anew after the status %i', async (status) => {
    const endpoint = createEndpoint();
    expect(await endpoint.fetch(TOKEN, 'alice')).toEqual(ALICE);
    metadata = { issuer: origin, userinfo_endpoint: `${origin}/v2/userinfo` };
    answer = (res, { path }) => (path === '/v2/userinfo' ? answerAlice(res) : res.writeHead(status).end());
    expect(reasonOf(await endpoint.fetch(TOKEN, 'alice'))).toBe('userinfo_unavailable');
    expect(await endpoint.fetch(TOKEN, 'alice')).toEqual(ALICE);
    expect(asked.map(({ path }) => path)).toEqual(['/userinfo', '/userinfo', '/v2/userinfo']);
  });

  it.each<[what: string, changes: (origin: string) => object, told: string]>([
    ['names no endpoint', () => ({ userinfo_endpoint: undefined }), 'has no userinfo_endpoint that is an https URL'],
    ['names a file', () => ({ userinfo_endpoint: 'file:///etc/passwd' }), 'has no userinfo_endpoint'],
  ])('shows the token to nobody where the metadata %s', async (_, changes, told) => {
    covers('J12');
    expect(await createEndpoint().fetch(TOKEN, 'alice')).toEqual(ALICE);
    metadata = { ...metadata, ...changes(origin) };
    const endpoint = createEndpoint();
    await expect(endpoint.fetch(TOKEN, 'alice')).rejects.toThrow(told);
    await expect(endpoint.fetch(TOKEN, 'alice')).rejects.toThrow(TypeError);
    expect(asked).toHaveLength(1);
  });

  it('shows the token to nobody where the metadata have another issuer, which is no lack of an endpoint', async () => {
    covers('J12');
    metadata = { ...metadata, issuer: `${origin}/` };
    const refusal = await createEndpoint().fetch(TOKEN, 'alice');
    expect(refusal).toMatchObject({
      reason: 'userinfo_unavailable',
      detail: expect.stringContaining('has the issuer'),
    });
    expect(asked).toEqual([]);
  });

  it('shows the token to no endpoint of http, unless that is allowed', async () => {
    covers('J12');
    const refused = createEndpoint({ allowInsecureHttp: false }).fetch(TOKEN, 'alice');
    await expect(refused).rejects.toThrow('has no userinfo_endpoint that is an https URL');
    expect(asked).toEqual([]);
    expect(await createEndpoint().fetch(TOKEN, 'alice')).toEqual(ALICE);
  });
});

describe('UserInfoEndpoint, when it is closed', () => {
  it('gives up what is under way, and asks nobody any more', async () => {
    const closing = new AbortController();
    const endpoint = createEndpoint({}, closing.signal);
    const arrived = new Promise<void>((resolve) => {
      answer = () => resolve();
    });
    const waiting = endpoint.fetch(TOKEN, 'alice');
    await arrived;
    closing.abort();
    expect(await waiting).toMatchObject({ reason: 'verifier_closed' });
    expect(await endpoint.fetch(TOKEN, 'alice')).toMatchObject({ reason: 'verifier_closed' });
    expect(asked).toHaveLength(1);
  });
});
