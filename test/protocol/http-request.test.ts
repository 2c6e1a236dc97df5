import { createServer, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HttpRequest, headerValues } from '../../src/protocol/http-request.js';
import { covers } from '../support/covers.js';
import { listen, type TestServer } from '../support/listen.js';
import { sendRaw } from '../support/raw-http.js';

describe('headerValues, of a request that Node received', () => {
  let server: TestServer;
  let received: IncomingMessage[];

  beforeEach(async () => {
    received = [];
    const recorder = createServer((req, res) => {
      received.push(req);
      res.end();
    });
    server = await listen(recorder);
  });
  afterEach(() => server.close());

  async function receive(...lines: string[]): Promise<IncomingMessage> {
    await sendRaw(server.port, { lines });
    return received.pop() as IncomingMessage;
  }

  it('gives both values of a repeated Authorization header, of which Node keeps the first alone', async () => {
    covers('F6');
    const once = await receive('Authorization: Bearer a');
    expect(headerValues(once, 'authorization')).toEqual(['Bearer a']);

    const twice = await receive('Authorization: Bearer a', 'Authorization: Bearer b');
    expect(twice.headers.authorization).toBe('Bearer a');
    expect(headerValues(twice, 'authorization')).toEqual(['Bearer a', 'Bearer b']);
  });

  it('finds a repeated header whatever the case of its name', async () => {
    covers('F6');
    const request = await receive('AUTHORIZATION: Bearer a', 'X-Other: 1', 'authorization: Bearer b');
    expect(headerValues(request, 'authorization')).toEqual(['Bearer a', 'Bearer b']);
  });

  it('takes no value for a name', async () => {
    covers('F6');
    const request = await receive('X-Name: authorization', 'Authorization: Bearer a', 'Authorization: Bearer b');
    expect(headerValues(request, 'authorization')).toEqual(['Bearer a', 'Bearer b']);
  });

  it('RFC 9110 §5.1: tells a header from others that only begin, end or count like it', async () => {
    const request = await receive('Proxy-Authorization: Basic a', 'AuthorizatioX: b', 'Authorization: Bearer c');
    expect(headerValues(request, 'authorization')).toEqual(['Bearer c']);
  });

  it('gives nothing for a header that was not sent', async () => {
    expect(headerValues(await receive(), 'authorization')).toEqual([]);
  });

  it('gives an empty value for a header that was sent empty', async () => {
    expect(headerValues(await receive('Authorization:'), 'authorization')).toEqual(['']);
  });

  it('gives what a middleware before put in place of what was received', async () => {
    const request = await receive('Authorization: Bearer a');
    request.headers.authorization = 'Bearer b';
    expect(headerValues(request, 'authorization')).toEqual(['Bearer b']);
    delete request.headers.authorization;
    expect(headerValues(request, 'authorization')).toEqual([]);
  });

  it('gives a header that Node keeps as a list', async () => {
    expect(headerValues(await receive('Set-Cookie: a=1'), 'set-cookie')).toEqual(['a=1']);
    const request = await receive('Set-Cookie: a=1', 'Set-Cookie: b=2');
    expect(headerValues(request, 'set-cookie')).toEqual(['a=1', 'b=2']);
  });

  it('takes a header named get for what it is', async () => {
    const request = await receive('Get: x', 'Authorization: Bearer a');
    expect(headerValues(request, 'authorization')).toEqual(['Bearer a']);
  });
});

describe('headerValues, of a Fetch API request', () => {
  it('finds a header by any case of its name', () => {
    const request = new Request('https://api.test/', { headers: { AUTHORIZATION: 'Bearer a' } });
    expect(headerValues(request, 'authorization')).toEqual(['Bearer a']);
  });

  it('gives nothing for a header that was not sent', () => {
    expect(headerValues(new Request('https://api.test/'), 'authorization')).toEqual([]);
  });
});

describe('headerValues, of a plain object', () => {
  const requestWith = (headers: HttpRequest['headers']): HttpRequest => ({ headers });

  it.each([['authorization'], ['Authorization'], ['AUTHORIZATION']])(
    'RFC 9110 §5.1: finds a header written %s',
    (name) => {
      expect(headerValues(requestWith({ [name]: 'Bearer a' }), 'authorization')).toEqual(['Bearer a']);
    },
  );

  it('gives both values of a header that stands there in two cases', () => {
    covers('F6');
    const request = requestWith({ authorization: 'Bearer a', Authorization: 'Bearer b' });
    expect(headerValues(request, 'authorization')).toEqual(['Bearer a', 'Bearer b']);
  });

  it('gives every value of a list', () => {
    const request = requestWith({ authorization: ['Bearer a', 'Bearer b'] });
    expect(headerValues(request, 'authorization')).toEqual(['Bearer a', 'Bearer b']);
  });

  it('gives nothing for a header that is undefined or only inherited', () => {
    expect(headerValues(requestWith({ authorization: undefined }), 'authorization')).toEqual([]);
    const inherited = Object.create({ authorization: 'Bearer a' });
    expect(headerValues(requestWith(inherited), 'authorization')).toEqual([]);
  });
});
