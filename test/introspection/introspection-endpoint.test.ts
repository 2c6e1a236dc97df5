import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { IntrospectionEndpoint, type IntrospectionResponse } from '../../src/introspection/introspection-endpoint.js';
import { parseIntrospection } from '../../src/issuer/introspection-options.js';
import { Refusal } from '../../src/protocol/refusal.js';
import { withDeadline } from '../../src/resilience/deadline.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { createSelfSignedCertificate } from '../support/certificate.js';
import { covers } from '../support/covers.js';
import { until } from '../support/key-server.js';
import { textsOf } from '../support/leaks.js';
import { listen, type TestServer } from '../support/listen.js';
import { messagesDuring } from '../support/listening.js';
import { generateKeys } from '../support/raw-issuer.js';
import { reasonOf } from '../support/reason-of.js';

const TOKEN = 'mF_9.B5f-4.1JqM+opaque/token==';
const SECRET = { clientId: 'orders-api', clientSecret: 'hush-hush-hush-hush' };

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: Record<string, string>;
}

const clock = new TestClock(1_800_000_000_000);
let server: TestServer;
let origin: string;
let answer: (res: ServerResponse, asked: Asked) => void;
let metadata: object;
/** Every question but those for the metadata. */
let asked: Asked[];
let metadataRequests: number;

const answerActive = (res: ServerResponse) => {
  res.setHeader('content-type', 'application/json').end('{"active":true}');
};

beforeEach(async () => {
  asked = [];
  metadataRequests = 0;
  answer = answerActive;
  const listener: RequestListener = async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    if (req.url === '/.well-known/openid-configuration') {
      metadataRequests += 1;
      return res.end(JSON.stringify(metadata));
    }
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
    const { method = '', url: path = '', headers } = req;
    const question = { method, path, headers, form };
    asked.push(question);
    return answer(res, question);
  };
  server = await listen(createServer(listener));
  origin = `http://127.0.0.1:${server.port}`;
  metadata = { issuer: origin, introspection_endpoint: `${origin}/introspect` };
});
afterEach(() => server.close());

/** An endpoint that is asked about a token of a source, within the deadline of the options. */
function createEndpoint(options: object = {}, signal = new AbortController().signal, fetch = globalThis.fetch) {
  const given = { endpoint: `${origin}/introspect`, ...SECRET, ...options };
  const config = parseIntrospection(given, 'introspection', true);
  const endpoint = new IntrospectionEndpoint({
    issuer: origin,
    config,
    discovery: { issuer: origin, urls: [`${origin}/.well-known/openid-configuration`], allowInsecureHttp: true },
    maxResponseBytes: 1024,
    clock: clock.now,
    fetch,
    signal,
  });
  return {
    ready: () => endpoint.ready(),
    status: () => endpoint.status(),
    introspect: (token: string, source = 'a', isKnownToken = false): Promise<IntrospectionResponse | Refusal> =>
      withDeadline(config.timeoutSeconds, async (deadline) => {
        const place = await endpoint.enter({ source, isKnownToken });
        if (place instanceof Refusal) return place;
        return endpoint.introspect(token, place, deadline).finally(() => endpoint.leave(place));
      }),
  };
}

function textOf(reply: IntrospectionResponse | Refusal): string {
  if (reply instanceof Refusal) throw new Error(`refused: ${reply.detail}`);
  return reply.bytes.toString();
}

/** Asks once with an answer that will do, then with another. */
async function refusalOf(next: typeof answer, options: object = {}): Promise<Refusal> {
  const endpoint = createEndpoint(options);
  expect(textOf(await endpoint.introspect(TOKEN))).toBe('{"active":true}');
  expect(endpoint.status().lastError).toBeUndefined();
  answer = next;
  const refusal = await endpoint.introspect(TOKEN);
  expect(refusal).toMatchObject({ reason: 'introspection_unavailable', entry: { status: 503 } });
  expect(endpoint.status().lastError).toBe((refusal as Refusal).detail);
  for (const secret of [TOKEN, SECRET.clientSecret])
    expect(textsOf([refusal, endpoint.status()])).not.toContain(secret);
  return refusal as Refusal;
}

describe('IntrospectionEndpoint', () => {
  it('RFC 7662 §2.1: asks by POST, with the token and what kind it is in a form', async () => {
    expect(textOf(await createEndpoint().introspect(TOKEN))).toBe('{"active":true}');
    expect(asked).toMatchObject([
      {
        method: 'POST',
        path: '/introspect',
        form: { token: TOKEN, token_type_hint: 'access_token' },
        headers: {
          accept: 'application/json',
          'content-type': expect.stringMatching(/^application\/x-www-form-urlencoded(?:;|$)/),
          authorization: `Basic ${Buffer.from('orders-api:hush-hush-hush-hush').toString('base64')}`,
        },
      },
    ]);
  });

  it('keeps the token and the secret out of the URL, and the URL as it was configured', async () => {
    covers('J8');
    const endpoint = createEndpoint({
      endpoint: `${origin}/o/introspect/?tenant=a%2Fb`,
      authMethod: 'client_secret_post',
    });
    await endpoint.introspect(TOKEN);
    expect(asked.map(({ path }) => path)).toEqual(['/o/introspect/?tenant=a%2Fb']);
    const credentials = { client_id: 'orders-api', client_secret: 'hush-hush-hush-hush' };
    expect(asked[0]?.form).toEqual({ token: TOKEN, token_type_hint: 'access_token', ...credentials });
    expect(asked[0]?.headers.authorization).toBeUndefined();
  });

  it('RFC 7662 §2.1: asks with an access token of its own', async () => {
    await createEndpoint({ clientId: undefined, clientSecret: undefined, bearerToken: 'abc' }).introspect(TOKEN);
    expect(asked).toMatchObject([{ headers: { authorization: 'Bearer abc' }, form: { token: TOKEN } }]);
  });

  it('RFC 7523 §2.2: asks with an assertion that is meant for the issuer', async () => {
    const { privateKey, publicKey } = generateKeys('ES256');
    await createEndpoint({ clientSecret: undefined, privateKey }).introspect(TOKEN);
    const { client_assertion: assertion = '', token } = asked[0]?.form ?? {};
    const rules = { issuer: 'orders-api', audience: origin, currentDate: new Date(clock.now()) };
    await expect(jwtVerify(assertion, publicKey, rules)).resolves.toBeDefined();
    expect([token, asked[0]?.headers.authorization]).toEqual([TOKEN, undefined]);
  });

  it('RFC 9701 §4: asks for a signed answer where those are wanted', async () => {
    await createEndpoint({ signed: true }).introspect(TOKEN);
    expect(asked[0]?.headers.accept).toBe('application/token-introspection+jwt');
  });

  it('gives the answer as it came, and judges nothing in it', async () => {
    answer = (res) =>
      res.setHeader('content-type', 'Application/Token-Introspection+JWT; charset=utf-8').end('\u00e9{');
    const mediaType = 'application/token-introspection+jwt';
    expect(await createEndpoint().introspect(TOKEN)).toEqual({ bytes: Buffer.from('\u00e9{'), mediaType });
  });

  it('tells of an answer without a media type', async () => {
    answer = (res) => res.end('{}');
    expect(await createEndpoint().introspect(TOKEN)).toEqual({ bytes: Buffer.from('{}'), mediaType: undefined });
  });

  it('counts questions, and tells why the last one failed until one is answered', async () => {
    const endpoint = createEndpoint();
    expect(endpoint.status()).toEqual({ calls: 0, inFlight: 0, waiting: 0, lastError: undefined });
    answer = (res) => res.writeHead(500).end();
    await endpoint.introspect(TOKEN);
    const lastError = `${origin}/introspect answered 500`;
    expect(endpoint.status()).toEqual({ calls: 1, inFlight: 0, waiting: 0, lastError });
    answer = answerActive;
    await endpoint.introspect(TOKEN);
    expect(endpoint.status()).toEqual({ calls: 2, inFlight: 0, waiting: 0, lastError: undefined });
  });
});

describe('IntrospectionEndpoint, when it gets no answer', () => {
  it.each([201, 204, 304, 400, 401, 403, 404, 410, 429, 500, 502, 503])(
    'takes no answer with the status %i, whatever its body says',
    async (status) => {
      covers('J8');
      const refusal = await refusalOf((res) => res.writeHead(status).end('{"active":true}'));
      expect(refusal.detail).toBe(`${origin}/introspect answered ${status}`);
      expect(refusal.cause).toHaveProperty('status', status);
    },
  );

  it.each([301, 302, 303, 307, 308])(
    'follows no redirect with the status %i, so that the secret goes nowhere else',
    async (status) => {
      covers('J8');
      const refusal = await refusalOf((res) => res.writeHead(status, { location: `${origin}/elsewhere` }).end());
      expect(refusal.detail).toBe(`${origin}/introspect answered ${status}: a redirect, which is not followed`);
      expect(asked.map(({ path }) => path)).toEqual(['/introspect', '/introspect']);
    },
  );

  it('hangs up on an answer that is larger than allowed', async () => {
    covers('J8');
    let hungUp: Promise<unknown> | undefined;
    const refusal = await refusalOf((res) => {
      hungUp = new Promise((resolve) => res.once('close', resolve));
      const writeOn = () => {
        while (!res.destroyed && res.write('x'.repeat(65_536)));
        res.once('drain', writeOn);
      };
      writeOn();
    });
    expect(refusal.detail).toBe(`${origin}/introspect answered with more than 1024 bytes`);
    await hungUp;
  });

  it.each<[what: string, next: typeof answer]>([
    ['says nothing', () => {}],
    ['stops in the middle of its answer', (res) => res.write('{"active":')],
  ])('gives up on a server that %s', async (_, next) => {
    covers('J8');
    const refusal = await refusalOf(next, { timeoutSeconds: 0.2 });
    expect(refusal.detail).toBe(`${origin}/introspect gave no complete answer within 0.2 s`);
  });

  it('tells the cause where the connection breaks or is refused', async () => {
    covers('J8');
    const refusal = await refusalOf((res) => res.destroy());
    expect(refusal.detail).toMatch(/\/introspect could not be fetched: \w+/);
    const endpoint = createEndpoint();
    await server.close();
    expect(await endpoint.introspect(TOKEN)).toMatchObject({
      reason: 'introspection_unavailable',
      detail: expect.stringMatching(/could not be fetched: (?:ECONNREFUSED|UND_ERR_SOCKET)$/),
    });
  });

  it('tells nothing to a server whose certificate is not trusted', async () => {
    covers('J8');
    let requests = 0;
    const tls = createTlsServer(createSelfSignedCertificate(), (_, res) => {
      requests += 1;
      res.end('{"active":true}');
    });
    const { port, close } = await listen(tls);
    onTestFinished(close);
    const refusal = await createEndpoint({ endpoint: `https://127.0.0.1:${port}/introspect` }).introspect(TOKEN);
    expect(refusal).toMatchObject({
      reason: 'introspection_unavailable',
      detail: expect.stringContaining('SELF_SIGNED'),
    });
    expect(requests).toBe(0);
  });

  it('publishes each failure, without token and secret', async () => {
    const messages = await messagesDuring('scopegate:introspection', async () => {
      await refusalOf((res) => res.writeHead(500).end(TOKEN));
    });
    const error = `${origin}/introspect answered 500`;
    expect(messages).toEqual([{ issuer: origin, outcome: 'failed', error }]);
  });
});

describe('IntrospectionEndpoint, with many questions at once', () => {
  /** Holds every question from now on. */
  function hold(): ServerResponse[] {
    const held: ServerResponse[] = [];
    answer = (res) => void held.push(res);
    return held;
  }

  it('sends as many as are allowed, lets as many wait, and refuses one more without sending it', async () => {
    covers('J10');
    const held = hold();
    const endpoint = createEndpoint({ maxInFlight: 2 });
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((token) => endpoint.introspect(token));
    await until(() => held.length === 2);
    expect(endpoint.status()).toMatchObject({ calls: 2, inFlight: 2, waiting: 2 });

    const e = endpoint.introspect('e');
    const detail = '2 requests are in flight, and too many wait';
    const refusal = { reason: 'introspection_unavailable', retryAfterSeconds: 1, detail };
    // The one that has waited longest.
    expect(await c).toMatchObject(refusal);
    answer = answerActive;
    for (const res of held) answerActive(res);
    expect((await Promise.all([a, b, d, e] as Promise<Refusal>[])).map(textOf)).toEqual(
      Array(4).fill('{"active":true}'),
    );
    expect(asked.map(({ form }) => form['token']).sort()).toEqual(['a', 'b', 'd', 'e']);
    expect(endpoint.status()).toMatchObject({ calls: 4, inFlight: 0, waiting: 0 });
  });

  it('lets nobody wait for longer than half of the deadline', async () => {
    covers('J10');
    const held = hold();
    const endpoint = createEndpoint({ maxInFlight: 1, timeoutSeconds: 0.6 });
    const first = endpoint.introspect('a');
    await until(() => held.length === 1);
    const startedAt = performance.now();
    expect(reasonOf(await endpoint.introspect('b'))).toBe('introspection_unavailable');
    expect(performance.now() - startedAt).toBeGreaterThan(250);
    answerActive(held[0] as ServerResponse);
    expect(textOf(await first)).toBe('{"active":true}');
    expect(asked).toHaveLength(1);
  });

  it('gives its place back, whatever came of a question', async () => {
    covers('J10');
    const endpoint = createEndpoint({ maxInFlight: 1 });
    for (const status of [500, 404, 401]) {
      answer = (res) => res.writeHead(status).end();
      expect(await endpoint.introspect(TOKEN)).toHaveProperty('detail', `${origin}/introspect answered ${status}`);
    }
    answer = answerActive;
    expect(textOf(await endpoint.introspect(TOKEN))).toBe('{"active":true}');
  });
});

describe('IntrospectionEndpoint, while it gets no answer', () => {
  const down = (res: ServerResponse) => res.destroy();
  // A connection that ends without an answer would be tried twice.
  const busy = (res: ServerResponse) => res.writeHead(503).end();
  const held = {
    reason: 'introspection_unavailable',
    detail: 'the last request got no answer, and the next one waits',
  };

  it.each<[string, number, typeof answer]>([
    // A connection that ends without an answer may have been an old one: there is a second try at once.
    ['hangs up', 2, (res) => res.destroy()],
    ['has enough: 429', 1, (res) => res.writeHead(429).end()],
    ['is behind a gateway that answers 502', 1, (res) => res.writeHead(502).end()],
    ['answers 503', 1, (res) => res.writeHead(503).end()],
    ['is behind a gateway that answers 504', 1, (res) => res.writeHead(504).end()],
  ])('one request at a time tries where it %s, and the others are refused at once', async (_, tries, next) => {
    covers('J24');
    const endpoint = createEndpoint();
    answer = next;
    await endpoint.introspect('first');
    const waiting: ServerResponse[] = [];
    answer = (res) => void waiting.push(res);
    const trying = endpoint.introspect('second');
    await until(() => waiting.length === 1);
    for (let i = 0; i < 20; i += 1) {
      expect(await endpoint.introspect(`other-${i}`)).toMatchObject({ ...held, retryAfterSeconds: 1 });
    }
    answer = next;
    next(waiting[0] as ServerResponse, asked.at(-1) as Asked);
    expect(reasonOf(await trying)).toBe('introspection_unavailable');
    expect(asked).toHaveLength(2 * tries);
  });

  it('RFC 9110 §10.2.3: Retry-After is the true wait, five seconds at most, and the first request after it is answered', async () => {
    covers('J24');
    const endpoint = createEndpoint();
    answer = down;
    await endpoint.introspect('first');
    for (const longest of [1, 2, 4, 5, 5, 5]) {
      const seconds = ((await endpoint.introspect('next')) as Refusal).retryAfterSeconds ?? 0;
      expect(seconds).toBeGreaterThanOrEqual(longest / 2);
      expect(seconds).toBeLessThanOrEqual(longest);
      const calls = asked.length;
      clock.advance(seconds - 0.01);
      expect(await endpoint.introspect('too early')).toMatchObject(held);
      expect(asked).toHaveLength(calls);
      clock.advance(0.02);
    }
    answer = answerActive;
    expect(textOf(await endpoint.introspect(TOKEN))).toBe('{"active":true}');
    expect(textOf(await endpoint.introspect('another'))).toBe('{"active":true}');
  });

  it.each([400, 401, 403, 404, 500])(
    'goes on asking where it answers %i, which may be about the token',
    async (status) => {
      covers('J24');
      const endpoint = createEndpoint();
      answer = (res) => res.writeHead(status).end();
      for (let i = 0; i < 5; i += 1) await endpoint.introspect(`token-${i}`);
      expect(asked).toHaveLength(5);
      answer = answerActive;
      expect(textOf(await endpoint.introspect(TOKEN))).toBe('{"active":true}');
    },
  );

  it('a client whose tokens make it hang up holds back neither other sources nor known tokens', async () => {
    covers('J24');
    const endpoint = createEndpoint();
    answer = (res, { form }) => (form['token'] === 'evil' ? down(res) : answerActive(res));
    for (let i = 0; i < 3; i += 1) await endpoint.introspect('evil', 'evil');
    expect(await endpoint.introspect('evil', 'evil')).toMatchObject(held);
    expect(textOf(await endpoint.introspect(TOKEN, 'good'))).toBe('{"active":true}');

    // Three sources look like an outage. A token that nobody can make up is asked about all the same, and ends it.
    clock.advance(10);
    for (const source of ['evil-1', 'evil-2', 'evil-3', 'evil-4']) await endpoint.introspect('evil', source);
    expect(await endpoint.introspect('new', 'good')).toMatchObject(held);
    expect(textOf(await endpoint.introspect(TOKEN, 'good', true))).toBe('{"active":true}');
    expect(textOf(await endpoint.introspect('new', 'good'))).toBe('{"active":true}');
  });

  it('refuses those that waited for a place when it failed meanwhile, but for the one that tries', async () => {
    covers('J24');
    const endpoint = createEndpoint({ maxInFlight: 2 });
    const waiting: ServerResponse[] = [];
    answer = (res) => void waiting.push(res);
    const [first, second, third, fourth] = ['1', '2', '3', '4'].map((token) => endpoint.introspect(token));
    await until(() => waiting.length === 2);
    busy(waiting[0] as ServerResponse);
    await until(() => waiting.length === 3);
    busy(waiting[1] as ServerResponse);
    expect(await fourth).toMatchObject({ ...held, retryAfterSeconds: 1 });
    answerActive(waiting[2] as ServerResponse);
    expect(textOf((await third) as Refusal)).toBe('{"active":true}');
    expect([await first, await second].map((refusal) => reasonOf(refusal as Refusal))).toEqual(
      Array(2).fill(held.reason),
    );
    expect(endpoint.status()).toMatchObject({ calls: 3, inFlight: 0, waiting: 0 });
  });
});

describe('IntrospectionEndpoint, by the metadata of the issuer', () => {
  const unconfigured = { endpoint: undefined };

  it('RFC 8414 §2: asks where the metadata says, which is fetched once', async () => {
    const endpoint = createEndpoint(unconfigured);
    await Promise.all([endpoint.introspect('a'), endpoint.introspect('b')]);
    await endpoint.introspect('c');
    expect(asked.map(({ path }) => path)).toEqual(['/introspect', '/introspect', '/introspect']);
    expect(metadataRequests).toBe(1);
  });

  it.each([301, 404, 410])('finds it anew after the status %i', async (status) => {
    const endpoint = createEndpoint(unconfigured);
    expect(textOf(await endpoint.introspect(TOKEN))).toBe('{"active":true}');
    metadata = { issuer: origin, introspection_endpoint: `${origin}/v2/introspect` };
    answer = (res, { path }) => (path === '/v2/introspect' ? answerActive(res) : res.writeHead(status).end());
    expect(reasonOf(await endpoint.introspect(TOKEN))).toBe('introspection_unavailable');
    expect(textOf(await endpoint.introspect(TOKEN))).toBe('{"active":true}');
    expect(asked.map(({ path }) => path)).toEqual(['/introspect', '/introspect', '/v2/introspect']);
  });

  it('after a cold outage it is found within five seconds, Retry-After is the true wait, and one at a time looks', async () => {
    covers('J24');
    const good = metadata;
    metadata = {};
    const endpoint = createEndpoint(unconfigured);
    for (let failures = 1; failures <= 8; failures += 1) {
      const seconds = ((await endpoint.introspect(TOKEN)) as Refusal).retryAfterSeconds ?? 0;
      const longest = Math.min(5, 2 ** (failures - 1));
      expect(seconds).toBeGreaterThanOrEqual(longest / 2);
      expect(seconds).toBeLessThanOrEqual(longest);
      clock.advance(seconds - 0.01);
      expect(reasonOf(await endpoint.introspect(TOKEN))).toBe('introspection_unavailable');
      expect(metadataRequests).toBe(failures);
      clock.advance(0.02);
    }

    metadata = good;
    const trying = endpoint.introspect('a');
    expect(await endpoint.introspect('b')).toMatchObject({ reason: 'introspection_unavailable', retryAfterSeconds: 1 });
    expect(textOf(await trying)).toBe('{"active":true}');
    expect(textOf(await endpoint.introspect('b'))).toBe('{"active":true}');
    expect(metadataRequests).toBe(9);
  });

  it('asks nobody where the metadata belongs to another issuer', async () => {
    covers('J12');
    metadata = { ...metadata, issuer: `${origin}/` };
    const refusal = await createEndpoint(unconfigured).introspect(TOKEN);
    expect(refusal).toMatchObject({
      reason: 'introspection_unavailable',
      detail: expect.stringContaining('has the issuer'),
    });
    expect(asked).toEqual([]);
    expect(reasonOf(await createEndpoint().introspect(TOKEN))).toBe('accepted');
  });

  it('is ready once it knows where to ask, or tells why it does not', async () => {
    await expect(createEndpoint().ready()).resolves.toBeUndefined();
    expect(metadataRequests).toBe(0);
    const endpoint = createEndpoint(unconfigured);
    await expect(endpoint.ready()).resolves.toBeUndefined();
    expect(metadataRequests).toBe(1);
    metadata = { issuer: origin };
    const detail = `${origin}/.well-known/openid-configuration has no introspection_endpoint that is an https URL`;
    const lacking = createEndpoint(unconfigured);
    expect(await lacking.ready()).toMatchObject({ reason: 'introspection_unavailable', detail });
    expect(lacking.status()).toEqual({ calls: 0, inFlight: 0, waiting: 0, lastError: detail });
    expect(asked).toEqual([]);
  });
});

describe('IntrospectionEndpoint, with credentials from a function', () => {
  it('asks the function for each question', async () => {
    let calls = 0;
    const clientSecret = () => {
      calls += 1;
      return `hush-${calls}`;
    };
    const endpoint = createEndpoint({ clientSecret, authMethod: 'client_secret_post' });
    await endpoint.introspect(TOKEN);
    await endpoint.introspect(TOKEN);
    expect(asked.map(({ form }) => form['client_secret'])).toEqual(['hush-1', 'hush-2']);
  });

  it.each<[what: string, source: () => unknown, cause: string]>([
    [
      'throws',
      () => {
        throw new Error('sealed');
      },
      'Error: sealed',
    ],
    ['rejects', () => Promise.reject(new Error('sealed')), 'Error: sealed'],
    ['gives nothing', () => undefined, 'TypeError: the function gave no text'],
    ['never settles', () => new Promise(() => {}), 'DeadlineError: not settled within 0.2 s'],
  ])('sends nothing where it %s, and gives its place back', async (_, source, cause) => {
    covers('J20');
    let next: () => unknown = () => 'hush';
    const endpoint = createEndpoint({ clientSecret: () => next(), maxInFlight: 1, timeoutSeconds: 0.2 });
    expect(textOf(await endpoint.introspect(TOKEN))).toBe('{"active":true}');
    next = source;
    const refusal = (await endpoint.introspect(TOKEN)) as Refusal;
    const detail = 'the credentials of this server could not be had';
    expect(refusal).toMatchObject({ reason: 'introspection_unavailable', detail });
    expect(String((refusal.cause as Error).cause)).toBe(cause);
    expect(endpoint.status()).toEqual({ calls: 1, inFlight: 0, waiting: 0, lastError: detail });
    next = () => 'hush';
    expect(textOf(await endpoint.introspect(TOKEN))).toBe('{"active":true}');
  });

  it('never shows a bearer token that no header can hold', async () => {
    const bearerToken = 'hush-hush\nhush-hush';
    const given = { clientId: undefined, clientSecret: undefined, bearerToken: () => bearerToken };
    const endpoint = createEndpoint(given);
    const refusal = await endpoint.introspect(TOKEN);
    expect(reasonOf(refusal)).toBe('introspection_unavailable');
    expect(textsOf([refusal, endpoint.status()])).not.toContain('hush-hush');
    expect(asked).toEqual([]);
    expect(reasonOf(await createEndpoint({ ...given, bearerToken: () => 'hush-hush' }).introspect(TOKEN))).toBe(
      'accepted',
    );
  });
});

describe('IntrospectionEndpoint, its deadline', () => {
  it.each(['metadata', 'credentials'])('is one for all: slow %s, and a response that never comes', async (slow) => {
    covers('J8');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const late = <T>(value: T) => new Promise<T>((resolve) => setTimeout(resolve, 4999, value));
    const urls: string[] = [];
    const fetchSlowly = (url: unknown) => {
      urls.push(String(url));
      if (urls.length > 1) return new Promise<Response>(() => {});
      return slow === 'metadata' ? late(Response.json(metadata)) : Promise.resolve(Response.json(metadata));
    };
    const clientSecret = () => (slow === 'credentials' ? late(SECRET.clientSecret) : SECRET.clientSecret);
    const endpoint = createEndpoint({ endpoint: undefined, clientSecret }, undefined, fetchSlowly as typeof fetch);
    const waiting = endpoint.introspect(TOKEN);
    await vi.advanceTimersByTimeAsync(4999);
    expect(urls).toEqual([`${origin}/.well-known/openid-configuration`, `${origin}/introspect`]);
    expect(endpoint.status().inFlight).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await waiting).toMatchObject({
      reason: 'introspection_unavailable',
      detail: `${origin}/introspect gave no complete answer within 5 s`,
    });
    expect([endpoint.status().inFlight, vi.getTimerCount()]).toEqual([0, 0]);
  });
});

describe('IntrospectionEndpoint, when it is closed', () => {
  it('gives up what is under way, and sends nothing more', async () => {
    const closing = new AbortController();
    const endpoint = createEndpoint({}, closing.signal);
    const arrived = new Promise<void>((resolve) => {
      answer = () => resolve();
    });
    const waiting = endpoint.introspect(TOKEN);
    await arrived;
    closing.abort();
    expect(await waiting).toMatchObject({ reason: 'verifier_closed' });
    expect(await endpoint.introspect(TOKEN)).toMatchObject({ reason: 'verifier_closed' });
    expect(asked).toHaveLength(1);
    expect(endpoint.status()).toEqual({ calls: 1, inFlight: 0, waiting: 0, lastError: undefined });
  });

  it('does not wait for a function that gives no credentials', async () => {
    const closing = new AbortController();
    const given = { clientSecret: () => new Promise(() => {}), timeoutSeconds: 60 };
    const waiting = createEndpoint(given, closing.signal).introspect(TOKEN);
    closing.abort();
    expect(await waiting).toMatchObject({ reason: 'verifier_closed' });
  });
});
