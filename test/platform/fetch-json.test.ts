import { getEventListeners } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FetchFailure, type FetchJsonOptions, fetchBytes, fetchJson } from '../../src/platform/fetch-json.js';
import { covers } from '../support/covers.js';
import { textsOf } from '../support/leaks.js';
import { listen, type TestServer } from '../support/listen.js';

const DOCUMENT = { issuer: 'https://issuer.test', keys: [] };

let server: TestServer;
let answer: RequestListener;
let asked: string[];
let closing: AbortController;

beforeEach(async () => {
  asked = [];
  closing = new AbortController();
  answer = (_, res) => res.end(JSON.stringify(DOCUMENT));
  const http: Server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    answer(req, res);
  });
  server = await listen(http);
});
afterEach(() => server.close());

const urlOf = (path = '/document') => `http://127.0.0.1:${server.port}${path}`;

async function fetchDocument(changes: Partial<FetchJsonOptions> = {}, url = urlOf()) {
  const limits = { timeoutSeconds: 10, maxBytes: 1024, signal: closing.signal };
  return (await fetchJson(url, { fetch, ...limits, ...changes })).document;
}

async function failureOf(fetching: Promise<unknown>): Promise<FetchFailure> {
  const outcome: unknown = await fetching.catch((error: unknown) => error);
  if (outcome instanceof FetchFailure) return outcome;
  throw new Error('no FetchFailure', { cause: outcome });
}

/** Answers with one document, then as `next` says, so that each failure has a control. */
async function expectFailure(next: RequestListener, changes: Partial<FetchJsonOptions> = {}): Promise<FetchFailure> {
  await expect(fetchDocument({ ...changes, timeoutSeconds: 10 })).resolves.toEqual(DOCUMENT);
  answer = next;
  return failureOf(fetchDocument(changes));
}

describe('fetchJson', () => {
  it('gives the object that a URL answers with', async () => {
    await expect(fetchDocument()).resolves.toEqual(DOCUMENT);
    expect(asked).toEqual(['GET /document']);
  });

  it('RFC 9110 §12.5.1, RFC 7517 §8.5.2: accepts both media types of a key set, as the API server of Kubernetes demands', async () => {
    let accept: string | undefined;
    answer = (req, res) => {
      accept = req.headers.accept;
      res.end('{}');
    };
    await fetchDocument();
    expect(accept).toBe('application/json, application/jwk-set+json');
  });

  it.each([
    'text/plain',
    'application/octet-stream',
    'text/html; charset=utf-8',
    'application/jwk-set+json',
    'application/json; charset=utf-16',
    'application/json; charset=no-such-charset',
    'no media type at all',
    '',
  ])('RFC 8259 §11: looks at the document and not at its media type %j', async (contentType) => {
    answer = (_, res) => res.setHeader('Content-Type', contentType).end(JSON.stringify(DOCUMENT));
    await expect(fetchDocument()).resolves.toEqual(DOCUMENT);
  });

  it.each([200, 203])('RFC 9110 §15.3: takes a document with the status %i', async (status) => {
    answer = (_, res) => res.writeHead(status).end(JSON.stringify(DOCUMENT));
    await expect(fetchDocument()).resolves.toEqual(DOCUMENT);
  });

  it.each<[what: string, text: string]>([
    ['a byte order mark (RFC 8259 §8.1: a parser may ignore it)', '\ufeff'],
    ['white space', ' \t\r\n'],
    ['white space that JSON does not know', '\u00a0\f\v\ufeff'],
    ['what keeps other sites from running it', ")]}',\n"],
    ['the same without its comma', ")]}'\n"],
    ['a loop', 'while(1);'],
    ['another loop', 'for (;;);'],
  ])('takes a document after %s', async (_, before) => {
    answer = (_req, res) => res.end(`${before}${JSON.stringify(DOCUMENT)}\n`);
    await expect(fetchDocument()).resolves.toEqual(DOCUMENT);
  });

  const NAMED = { issuer: 'https://issuer.test', name: 'Zoë' };
  const text = JSON.stringify(NAMED);
  const utf16be = (from: string) => Buffer.from(from, 'utf16le').swap16();

  it.each<[encoding: string, bytes: Buffer, contentType: string]>([
    ['UTF-8', Buffer.from(text), 'application/json'],
    ['UTF-8 that its header calls ISO-8859-1', Buffer.from(text), 'application/json; charset=iso-8859-1'],
    ['UTF-16LE with a mark', Buffer.from(`\ufeff${text}`, 'utf16le'), 'application/json'],
    ['UTF-16BE with a mark', utf16be(`\ufeff${text}`), 'application/json'],
    ['UTF-16LE without one', Buffer.from(text, 'utf16le'), 'application/json; charset=utf-16'],
    ['UTF-16BE without one', utf16be(text), 'application/json'],
    ['ISO-8859-1 by its header', Buffer.from(text, 'latin1'), 'application/json; Charset="ISO-8859-1"'],
  ])('reads %s', async (_, bytes, contentType) => {
    answer = (_req, res) => res.setHeader('Content-Type', contentType).end(bytes);
    await expect(fetchDocument()).resolves.toEqual(NAMED);
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'application/json; charset=klingon'])(
    'reads the rest of a document with bytes that are not UTF-8, of the type %s',
    async (contentType) => {
      answer = (_, res) => res.setHeader('Content-Type', contentType).end(Buffer.from(text, 'latin1'));
      await expect(fetchDocument()).resolves.toEqual({ ...NAMED, name: 'Zo\ufffd' });
    },
  );

  it.each<[coding: string, encode: (body: string) => Buffer]>([
    ['gzip', (body) => gzipSync(body)],
    ['deflate', (body) => deflateSync(body)],
    ['br', (body) => brotliCompressSync(body)],
  ])('RFC 9110 §8.4: reads a document in %s, and holds what comes out of it to the bound', async (coding, encode) => {
    covers('H8');
    const respondWith = (body: string): RequestListener => {
      return (_, res) => res.setHeader('Content-Encoding', coding).end(encode(body));
    };
    answer = respondWith(JSON.stringify(DOCUMENT));
    await expect(fetchDocument()).resolves.toEqual(DOCUMENT);
    answer = respondWith(JSON.stringify({ ...DOCUMENT, bomb: '0'.repeat(50_000_000) }));
    const failure = await failureOf(fetchDocument());
    expect(failure.message).toBe(`${urlOf()} answered with more than 1024 bytes`);
  });

  it.each([[301], [302], [303], [307], [308]])(
    'CVE-2026-49478: does not follow a redirect with the status %i',
    async (status) => {
      covers('H4', 'H9');
      const failure = await expectFailure((_, res) => res.writeHead(status, { Location: urlOf('/elsewhere') }).end());
      expect(failure.status).toBe(status);
      expect(failure.message).toBe(`${urlOf()} answered ${status}: a redirect, which is not followed`);
      expect(asked).toEqual(['GET /document', 'GET /document']);
    },
  );

  it.each([[201], [202], [204], [205], [206], [226], [304], [400], [401], [404], [429], [500], [503]])(
    'RFC 8414 §3.2: takes no document from an answer with the status %i',
    async (status) => {
      covers('H7');
      const failure = await expectFailure((_, res) => res.writeHead(status).end(JSON.stringify(DOCUMENT)));
      expect(failure.status).toBe(status);
      expect(failure.message).toContain(`answered ${status}`);
    },
  );

  it.each([
    ['a page', '<!doctype html><title>Sign in</title>'],
    ['nothing', ''],
    ['half a document', JSON.stringify(DOCUMENT).slice(0, 20)],
    ['two documents', `${JSON.stringify(DOCUMENT)}{}`],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x7b])],
    ['a document after other text', `keys: ${JSON.stringify(DOCUMENT)}`],
    ['a script that is more than a loop before a document', `while(1);x=${JSON.stringify(DOCUMENT)}`],
  ])('refuses %s', async (_, body) => {
    covers('H7');
    const failure = await expectFailure((_req, res) => res.end(body));
    expect(failure.message).toBe(`${urlOf()} did not answer with JSON`);
  });

  it.each([
    ['a list', '[]'],
    ['null', 'null'],
    ['a string', '"keys"'],
    ['a number', '1'],
  ])('RFC 8414 §3.2: refuses %s in place of an object', async (_, body) => {
    covers('H7');
    const failure = await expectFailure((_req, res) => res.end(body));
    expect(failure.message).toBe(`${urlOf()} did not answer with a JSON object`);
  });

  it('refuses an answer without any body', async () => {
    covers('H7');
    const failure = await failureOf(fetchDocument({ fetch: async () => new Response(null) }));
    expect(failure.message).toContain('did not answer with JSON');
  });
});

describe('fetchJson, with a document that is at hand', () => {
  const fetchWith = (etag?: string) =>
    fetchJson(urlOf(), { fetch, timeoutSeconds: 10, maxBytes: 1024, signal: closing.signal, etag });

  /** Answers as a server does that has one version of its document. */
  const versioned: RequestListener = (req, res) => {
    res.setHeader('ETag', '"v1"').setHeader('Cache-Control', 'max-age=60');
    if (req.headers['if-none-match'] === '"v1"') res.writeHead(304).end();
    else res.end(JSON.stringify(DOCUMENT));
  };

  it('RFC 9110 §13.1.2: asks for another version than the one it has, and is told that there is none', async () => {
    answer = versioned;
    const first = await fetchWith();
    expect(first).toEqual({ document: DOCUMENT, etag: '"v1"', maxAgeSeconds: 60 });
    await expect(fetchWith(first.etag)).resolves.toEqual({ document: undefined, etag: '"v1"', maxAgeSeconds: 60 });
    await expect(fetchWith('"v0"')).resolves.toEqual(first);
  });

  it('RFC 9110 §15.4.5: takes 304 for a failure where it named no version', async () => {
    answer = versioned;
    await expect(fetchWith('"v1"')).resolves.toHaveProperty('document', undefined);
    answer = (_, res) => res.writeHead(304).end();
    const failure = await failureOf(fetchWith());
    expect(failure).toMatchObject({ status: 304, message: `${urlOf()} answered 304` });
  });

  it('RFC 9110 §8.8.3: tells of no version where the server named none', async () => {
    await expect(fetchWith()).resolves.toEqual({ document: DOCUMENT, etag: undefined, maxAgeSeconds: undefined });
  });

  it.each<[cacheControl: string | string[], maxAgeSeconds: number | undefined]>([
    ['max-age=60', 60],
    ['max-age=0', 0],
    ['public, max-age=60, must-revalidate', 60],
    ['public,max-age=60', 60],
    ['MAX-AGE=60', 60],
    ['max-age="60"', 60],
    [['public', 'max-age=60'], 60],
    ['Cache-Control: max-age=60, public', 60],
    ['no-store', 0],
    ['max-age=60, no-cache', 0],
    ['max-age=60, No-Store', 0],
    ['no-cache="Set-Cookie", max-age=60', 0],
    ['public', undefined],
    ['s-maxage=60', undefined],
    ['x-max-age=60', undefined],
    ['max-age=-60', undefined],
    ['max-age=6.5', undefined],
    ['max-age=1e3', undefined],
    ['max-age=12345678901', undefined],
    ['max-age', undefined],
    ['no-stored, max-age=60', 60],
  ])('RFC 9111 §5.2.2: reads Cache-Control %j as good for %j seconds', async (cacheControl, maxAgeSeconds) => {
    answer = (_, res) => res.setHeader('Cache-Control', cacheControl).end(JSON.stringify(DOCUMENT));
    await expect(fetchWith()).resolves.toMatchObject({ document: DOCUMENT, maxAgeSeconds });
  });
});

describe('fetchBytes', () => {
  const fetchWith = (changes: Partial<FetchJsonOptions> = {}) =>
    fetchBytes(urlOf(), { fetch, timeoutSeconds: 10, maxBytes: 1024, signal: closing.signal, ...changes });

  /** Fetches, and gives what the server got to see of it. */
  async function sentBy(changes: Partial<FetchJsonOptions>) {
    const chunks: Buffer[] = [];
    let headers: IncomingHttpHeaders = {};
    answer = async (req, res) => {
      headers = req.headers;
      for await (const chunk of req) chunks.push(chunk as Buffer);
      res.end('{}');
    };
    await fetchWith(changes);
    return { headers, body: Buffer.concat(chunks).toString() };
  }

  it('gives the bytes of an answer, and judges nothing in them', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x00]);
    answer = (_, res) => res.setHeader('ETag', '"v1"').setHeader('Cache-Control', 'max-age=60').end(bytes);
    const fetched = { bytes, mediaType: undefined, etag: '"v1"', maxAgeSeconds: 60 };
    await expect(fetchWith()).resolves.toEqual(fetched);
  });

  it('gives no bytes of the document that is at hand', async () => {
    answer = (_, res) => res.writeHead(304).end();
    await expect(fetchWith({ etag: '"v1"' })).resolves.toMatchObject({ bytes: undefined });
  });

  it.each([
    ['application/json', 'application/json'],
    ['Application/JSON; charset=UTF-8', 'application/json'],
    ['application/token-introspection+jwt ;x=y', 'application/token-introspection+jwt'],
    ['', ''],
  ])('RFC 9110 §8.3.1: reads the media type of Content-Type %j', async (contentType, mediaType) => {
    answer = (_, res) => res.setHeader('Content-Type', contentType).end('{}');
    await expect(fetchWith()).resolves.toMatchObject({ mediaType });
  });

  it('RFC 9110 §9.3.1: asks by GET, without a body, where there is no form', async () => {
    const { headers, body } = await sentBy({});
    expect(asked).toEqual(['GET /document']);
    expect([headers['content-type'], body]).toEqual([undefined, '']);
  });

  it('RFC 6749 appendix B: sends a form by POST, encoded', async () => {
    const form = new URLSearchParams({ token: 'a+b/c==', hint: 'é &' });
    const { headers, body } = await sentBy({ form });
    expect(asked).toEqual(['POST /document']);
    expect(headers['content-type']).toMatch(/^application\/x-www-form-urlencoded(?:;|$)/);
    expect(body).toBe('token=a%2Bb%2Fc%3D%3D&hint=%C3%A9+%26');
  });

  it('sends the headers that it is given, and asks for the media type that it is told', async () => {
    const accept = 'application/token-introspection+jwt';
    const { headers } = await sentBy({ headers: { authorization: 'Bearer abc' }, accept, etag: '"v1"' });
    expect(headers).toMatchObject({ authorization: 'Bearer abc', accept, 'if-none-match': '"v1"' });
  });

  it.each([301, 302, 303, 307, 308])(
    'sends a form and its headers nowhere else after the status %i',
    async (status) => {
      covers('J8');
      answer = (_, res) => res.writeHead(status, { Location: urlOf('/elsewhere') }).end();
      const form = new URLSearchParams({ token: 'abc' });
      const failure = await failureOf(fetchWith({ form, headers: { authorization: 'Basic abc' } }));
      expect(failure.status).toBe(status);
      expect(asked).toEqual(['POST /document']);
    },
  );

  it('tells nothing of the form or the headers when it fails', async () => {
    covers('F15');
    answer = (_, res) => res.writeHead(500).end();
    const form = new URLSearchParams({ token: 'hush-hush' });
    const failure = await failureOf(fetchWith({ form, headers: { authorization: 'Bearer hush-hush' } }));
    expect(textsOf(failure)).not.toContain('hush-hush');
  });
});

describe('fetchJson, with a document that is large', () => {
  const withSize = (size: number) => JSON.stringify({ pad: 'x'.repeat(size - '{"pad":""}'.length) });

  it('reads as many bytes as are allowed, and refuses one more', async () => {
    covers('H8');
    answer = (_, res) => res.end(withSize(1024));
    await expect(fetchDocument()).resolves.toHaveProperty('pad');
    const failure = await expectFailureFor((_, res) => res.end(withSize(1025)));
    expect(failure.message).toBe(`${urlOf()} answered with more than 1024 bytes`);
  });

  it('counts bytes, not characters', async () => {
    covers('H8');
    const failure = await expectFailure((_, res) => res.end(JSON.stringify({ pad: 'é'.repeat(600) })));
    expect(failure.message).toContain('more than 1024 bytes');
  });

  it('hangs up on a document that has no end', async () => {
    covers('H8');
    let hungUp: Promise<unknown> | undefined;
    const failure = await expectFailure((_, res) => {
      hungUp = new Promise((resolve) => res.once('close', resolve));
      const writeOn = () => {
        while (!res.destroyed && res.write('x'.repeat(1024)));
        res.once('drain', writeOn);
      };
      writeOn();
    });
    expect(failure.message).toContain('more than 1024 bytes');
    await hungUp;
  });

  function expectFailureFor(next: RequestListener): Promise<FetchFailure> {
    answer = next;
    return failureOf(fetchDocument());
  }
});

describe('fetchJson, when there is no answer', () => {
  it.each<[what: string, RequestListener]>([
    ['says nothing at all', () => {}],
    ['stops after its headers', (_, res) => res.writeHead(200).flushHeaders()],
    ['stops in its body', (_, res) => res.write('{"issuer":')],
  ])('gives up on a server that %s', async (_, next) => {
    covers('H8');
    const failure = await expectFailure(next, { timeoutSeconds: 0.05 });
    expect(failure.message).toBe(`${urlOf()} gave no complete answer within 0.05 s`);
    expect(failure.status).toBeUndefined();
  });

  it('gives up on a fetch that ignores its signal', async () => {
    covers('H8');
    const failure = await failureOf(fetchDocument({ timeoutSeconds: 0.05, fetch: () => new Promise(() => {}) }));
    expect(failure.message).toBe(`${urlOf()} gave no complete answer within 0.05 s`);
  });

  it('hangs up on a server when it gives up', async () => {
    let hungUp: Promise<unknown> | undefined;
    await expectFailure(
      (_, res) => {
        hungUp = new Promise((resolve) => res.once('close', resolve));
      },
      { timeoutSeconds: 0.05 },
    );
    await hungUp;
  });

  it('tells the cause where the connection is refused', async () => {
    await server.close();
    const failure = await failureOf(fetchDocument());
    expect(failure.message).toBe(`${urlOf()} could not be fetched: ECONNREFUSED`);
    expect(failure.cause).toBeInstanceOf(TypeError);
  });

  it('tells the cause where the connection breaks in the middle of the document', async () => {
    covers('H7');
    const failure = await expectFailure((req, res) => {
      res.writeHead(200, { 'Content-Length': 100 });
      res.write('{"issuer":', () => req.socket.destroy());
    });
    expect(failure.message).toMatch(/could not be fetched: \w+/);
  });

  it.each<[what: string, thrown: unknown, told: string]>([
    [
      'an error that has a cause without a code',
      new TypeError('fetch failed', { cause: new Error('bad port') }),
      'bad port',
    ],
    ['an error without a cause', new Error('the proxy said no'), 'the proxy said no'],
    ['something that is no error', 'no', 'an unknown failure'],
  ])('tells the cause where fetch fails with %s', async (_, thrown, told) => {
    const failure = await failureOf(fetchDocument({ fetch: () => Promise.reject(thrown) }));
    expect(failure.message).toBe(`${urlOf()} could not be fetched: ${told}`);
    expect(failure.cause).toBe(thrown);
  });

  it('takes a fetch that throws at once for one that fails', async () => {
    covers('J20');
    const failure = await failureOf(
      fetchDocument({
        fetch: () => {
          throw new Error('not connected');
        },
      }),
    );
    expect(failure.message).toContain('could not be fetched: not connected');
  });

  it('a body that cannot be let go of does not hide the status', async () => {
    covers('J20');
    const cancel = () => Promise.reject(new Error('stuck'));
    const response = new Response(new ReadableStream({ cancel }), { status: 500 });
    const failure = await failureOf(fetchDocument({ fetch: async () => response }));
    expect(failure.status).toBe(500);
  });
});

describe('fetchBytes, on a connection that ended before an answer', () => {
  const sendForm = (changes: Partial<FetchJsonOptions> = {}) =>
    fetchBytes(urlOf(), {
      fetch,
      timeoutSeconds: 10,
      maxBytes: 1024,
      signal: closing.signal,
      form: new URLSearchParams({ token: 'abc' }),
      ...changes,
    });

  it('RFC 9112 §9.6: sends a request again at once, and a form with it', async () => {
    const bodies: string[] = [];
    answer = (req, res) => {
      if (asked.length % 2 === 0) return void req.socket.resetAndDestroy();
      req.setEncoding('utf8').on('data', (chunk) => bodies.push(chunk));
      req.on('end', () => res.end(JSON.stringify(DOCUMENT)));
    };
    await expect(fetchDocument()).resolves.toEqual(DOCUMENT);
    await expect(fetchDocument()).resolves.toEqual(DOCUMENT);
    expect(asked).toEqual(Array(3).fill('GET /document'));

    await expect(sendForm()).resolves.toMatchObject({ bytes: Buffer.from(JSON.stringify(DOCUMENT)) });
    expect(asked.slice(3)).toEqual(Array(2).fill('POST /document'));
    expect(bodies).toEqual(['token=abc']);
  });

  it('sends it once more, not twice', async () => {
    const failure = await expectFailure((req) => req.socket.resetAndDestroy());
    expect(failure.message).toMatch(/could not be fetched: (ECONNRESET|UND_ERR_SOCKET)/);
    expect(asked).toHaveLength(3);
  });

  it('has one deadline for both', async () => {
    let count = 0;
    answer = (req) => {
      count += 1;
      if (count === 1) req.socket.resetAndDestroy();
    };
    const failure = await failureOf(fetchDocument({ timeoutSeconds: 0.1 }));
    expect(failure.message).toBe(`${urlOf()} gave no complete answer within 0.1 s`);
    expect(asked).toHaveLength(2);
  });

  it.each<[what: string, error: unknown, requests: number]>([
    ['undici', new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'UND_ERR_SOCKET' }) }), 2],
    ['another runtime', Object.assign(new Error('reset'), { code: 'ECONNRESET' }), 2],
    ['a server that is away', new TypeError('', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) }), 1],
    ['a name that nobody knows', new TypeError('', { cause: Object.assign(new Error(), { code: 'ENOTFOUND' }) }), 1],
    ['no error at all', undefined, 1],
  ])('knows it by the code of %s', async (_, error, requests) => {
    let count = 0;
    const failing = async () => {
      count += 1;
      throw error;
    };
    await failureOf(fetchDocument({ fetch: failing }));
    expect(count).toBe(requests);
  });

  it('sends nothing again once its owner is closed', async () => {
    let count = 0;
    const closeThenFail = async () => {
      count += 1;
      closing.abort();
      throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    };
    await failureOf(fetchDocument({ fetch: closeThenFail }));
    await new Promise(setImmediate);
    expect(count).toBe(1);
  });

  it('does not send again what an answer had begun for', async () => {
    answer = (req, res) => {
      res.writeHead(200, { 'Content-Length': 100 });
      res.write('{"issuer":', () => req.socket.resetAndDestroy());
    };
    await failureOf(fetchDocument());
    expect(asked).toHaveLength(1);
  });
});

describe('fetchJson, when its owner is closed', () => {
  it('gives up a fetch that is under way', async () => {
    const failure = await expectFailure(() => closing.abort());
    expect(failure.message).toBe(`${urlOf()} was given up, since the verifier was closed`);
  });

  it('asks nobody once its owner is closed', async () => {
    await expect(fetchDocument()).resolves.toEqual(DOCUMENT);
    closing.abort();
    const failure = await failureOf(fetchDocument());
    expect(failure.message).toContain('since the verifier was closed');
    expect(asked).toHaveLength(1);
  });

  it('leaves no listener behind on the signal of its owner, whatever came of it', async () => {
    await fetchDocument();
    answer = (_, res) => res.writeHead(500).end();
    await failureOf(fetchDocument());
    expect(getEventListeners(closing.signal, 'abort')).toEqual([]);
  });
});

describe('a FetchFailure', () => {
  it.each<[what: string, RequestListener]>([
    ['an error', (_, res) => res.writeHead(500).end('secret')],
    ['no JSON', (_, res) => res.end('secret')],
    ['no object', (_, res) => res.end('["secret"]')],
    ['too much', (_, res) => res.end(`{"a":"secret${'x'.repeat(2000)}"}`)],
  ])('RFC 9700 §4.9.3: tells nothing of the body of an answer that is %s', async (_, next) => {
    covers('F15');
    const failure = await expectFailure(next);
    expect(failure.name).toBe('FetchFailure');
    expect(`${failure.stack}${JSON.stringify(failure)}`).not.toContain('secret');
    expect(failure).not.toHaveProperty('cause');
  });
});

describe('fetchBytes, with a deadline that several fetches share', () => {
  it('J20: ends with it, whatever its own timeout, and not before', async () => {
    const deadline = new AbortController();
    await expect(fetchDocument({ deadline: deadline.signal })).resolves.toEqual(DOCUMENT);
    const arrived = new Promise<void>((resolve) => {
      answer = () => resolve();
    });
    const waiting = failureOf(fetchDocument({ deadline: deadline.signal }));
    await arrived;
    deadline.abort();
    expect((await waiting).message).toBe(`${urlOf()} gave no complete answer within 10 s`);
    expect(getEventListeners(deadline.signal, 'abort')).toEqual([]);
  });

  it('J20: sends nothing after it', async () => {
    const failure = await failureOf(fetchDocument({ deadline: AbortSignal.abort() }));
    expect(failure.message).toBe(`${urlOf()} gave no complete answer within 10 s`);
    expect(asked).toEqual([]);
  });
});
