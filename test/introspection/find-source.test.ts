import { createServer, get } from 'node:http';
import { describe, expect, it } from 'vitest';
import { findSource } from '../../src/introspection/find-source.js';
import type { HttpRequest } from '../../src/protocol/http-request.js';
import { listen } from '../support/listen.js';

const headers = {};

describe('findSource', () => {
  it.each<[string, HttpRequest | undefined, string | undefined]>([
    ['the address of the connection', { headers, socket: { remoteAddress: '192.0.2.1' } }, '192.0.2.1'],
    [
      'ip of the framework before it',
      { headers, ip: '192.0.2.2', socket: { remoteAddress: '192.0.2.1' } },
      '192.0.2.2',
    ],
    ['nothing for a request of the Fetch API', new Request('https://api.test/'), undefined],
    ['nothing without a request', undefined, undefined],
    ['nothing for a connection that is gone', { headers, socket: {} }, undefined],
  ])('finds %s', (_, request, source) => {
    expect(findSource(request)).toBe(source);
  });

  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['2001:db8:1:2ff:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:200::', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001::3:4:5:6:7:8', '2001:0:3:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('RFC 6177 §2: takes %s for the network %s', (ip, network) => {
    expect(findSource({ headers, ip })).toBe(network);
    expect(findSource({ headers }, () => ip)).toBe(network);
  });

  it('takes what a function tells', () => {
    const request = { headers, url: '/blue', ip: '192.0.2.1' };
    expect(findSource(request, ({ url }) => url)).toBe('/blue');
    expect(findSource(request, () => undefined)).toBeUndefined();
  });

  it.each([7, null, {}, Promise.resolve('a')])('throws for %s, which is no text', (source) => {
    expect(() => findSource({ headers }, () => source as never)).toThrow(new TypeError('the function gave no text'));
  });

  it('finds the address of a real connection', async () => {
    let found: unknown;
    const server = await listen(
      createServer((req, res) => {
        found = findSource(req);
        res.end();
      }),
    );
    await new Promise((resolve) =>
      get({ port: server.port, host: '127.0.0.1' }, (res) => res.resume().once('end', resolve)),
    );
    await server.close();
    expect(found).toBe('127.0.0.1');
  });
});
