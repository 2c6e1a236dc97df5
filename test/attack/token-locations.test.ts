import { describe, expect, it } from 'vitest';
import type { ExtraTokenLocation } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { expectAccepted, expectRefused, invalidRequest, noCredentials } from '../support/expect-answer.js';
import { type Call, startTestIssuerApi } from '../support/guarded-api.js';

const COOKIE: ExtraTokenLocation = { cookie: 'session' };
const HEADER: ExtraTokenLocation = { header: 'CF-Access-Jwt-Assertion' };
const OWN = 'Host: api.example.com';

const open = (...extraTokenLocations: readonly ExtraTokenLocation[]) =>
  startTestIssuerApi({ guard: { extraTokenLocations } });

/** A call with these header lines, in which `TOKEN` stands for the token. */
function call(...lines: readonly string[]): Call {
  return { lines: (token) => lines.map((line) => line.replaceAll('TOKEN', token)) };
}

describe('F: a token in a header of its own', () => {
  it.each(['TOKEN', 'Bearer TOKEN', 'bearer  TOKEN', ' TOKEN '])('is taken from "%s"', async (value) => {
    covers('F7', 'F9');
    const api = await open(HEADER);
    await expectAccepted(api, call(`cf-access-jwt-assertion: ${value}`));
    await expectAccepted(api, call('CF-Access-JWT-Assertion: ', 'Authorization: Bearer TOKEN'));
  });

  it('is not taken where the option does not name the header', async () => {
    covers('F7', 'F9');
    await expectRefused(await open(), call('cf-access-jwt-assertion: TOKEN'), noCredentials);
    await expectRefused(await open(HEADER), call('x-access-token: TOKEN'), noCredentials);
    await expectRefused(await open(HEADER), call('cf-access-jwt-assertion: '), noCredentials);
  });

  it.each([
    ['two such headers', ['cf-access-jwt-assertion: TOKEN', 'cf-access-jwt-assertion: TOKEN']],
    ['it and the Authorization header', ['cf-access-jwt-assertion: TOKEN', 'Authorization: Bearer TOKEN']],
  ])('RFC 6750 §2: %s are refused', async (_, lines) => {
    covers('F7', 'F9');
    const control = call('cf-access-jwt-assertion: TOKEN');
    await expectRefused(await open(HEADER), call(...lines), invalidRequest('multiple_tokens'), control);
  });

  it('RFC 6750 §2: it and a token in the query are refused, whether or not the query is read', async () => {
    covers('F7', 'F9');
    const twice: Call = {
      ...call('cf-access-jwt-assertion: TOKEN'),
      target: (token) => `/orders?access_token=${token}`,
    };
    const control = call('cf-access-jwt-assertion: TOKEN');
    await expectRefused(await open(HEADER), twice, invalidRequest('multiple_tokens'), control);
    await expectRefused(await open(HEADER, 'query'), twice, invalidRequest('multiple_tokens'), control);
  });

  it.each(['TOKEN x', 'TOKEN,TOKEN', '"TOKEN"'])('RFC 6750 §2.1: "%s" is no token', async (value) => {
    covers('F7', 'F9');
    const control = call('cf-access-jwt-assertion: TOKEN');
    const answer = invalidRequest('bearer_malformed');
    await expectRefused(await open(HEADER), call(`cf-access-jwt-assertion: ${value}`), answer, control);
  });
});

describe('F: a token in a cookie', () => {
  const control = call(OWN, 'Cookie: session=TOKEN');

  it.each([
    'session=TOKEN',
    'a=1; session=TOKEN; b=2',
    'session="TOKEN"',
    'a=1;session=TOKEN',
    'session = TOKEN',
    'sessions=x; xsession=y; session=TOKEN',
    'session=; session=TOKEN',
  ])('RFC 6265 §4.2.1: is taken from "%s"', async (cookie) => {
    covers('F30');
    await expectAccepted(await open(COOKIE), call(OWN, `Cookie: ${cookie}`));
  });

  it.each(['Session=TOKEN', 'xsession=TOKEN', 'session', 'session=', 'session=""', 'a=session=TOKEN'])(
    'is not taken from "%s"',
    async (cookie) => {
      covers('F30');
      await expectRefused(await open(COOKIE), call(OWN, `Cookie: ${cookie}`), noCredentials, control);
    },
  );

  it('is not taken where the option does not name it', async () => {
    covers('F30');
    await expectRefused(await open(), call(OWN, 'Cookie: session=TOKEN'), noCredentials);
  });

  it.each([
    ['two cookies of the name, since a page of a subdomain can add one', ['Cookie: session=TOKEN; session=TOKEN']],
    ['it and the Authorization header', ['Cookie: session=TOKEN', 'Authorization: Bearer TOKEN']],
  ])('RFC 6750 §2: %s are refused', async (_, lines) => {
    covers('F30');
    await expectRefused(await open(COOKIE), call(OWN, ...lines), invalidRequest('multiple_tokens'), control);
  });

  it.each([
    ['a form or script of another site', ['Sec-Fetch-Site: cross-site']],
    ['what no browser sends', ['Sec-Fetch-Site: nearby']],
    ['Fetch Metadata twice', ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site']],
    ['a browser without Fetch Metadata, by Origin', ['Origin: https://evil.example']],
    ['a page without an origin, such as a sandboxed frame', ['Origin: null']],
    ['a site whose name begins alike', ['Origin: https://api.example.com.evil.example']],
    ['a sibling, without Fetch Metadata', ['Origin: https://shop.example.com']],
    ['an Origin that is none', ['Origin: api.example.com']],
    [
      'a WebSocket of another site',
      ['Origin: https://evil.example', 'Connection: keep-alive', 'Sec-WebSocket-Version: 13'],
    ],
    [
      'another site, with a header of our own origin',
      ['Sec-Fetch-Site: cross-site', 'Origin: https://api.example.com'],
    ],
  ])('Cross-Site Request Forgery: does not count from %s', async (_, lines) => {
    covers('F30');
    const api = await open(COOKIE);
    const { refusals } = await expectRefused(api, call(OWN, 'Cookie: session=TOKEN', ...lines), noCredentials, control);
    expect(refusals[0]?.detail).toMatch(/^the cookie does not count, since another site sent the request: /);
  });

  it.each([
    ['a page of its own', ['Sec-Fetch-Site: same-origin']],
    ['a page of its site', ['Sec-Fetch-Site: same-site', 'Origin: https://shop.example.com']],
    ['the address bar', ['Sec-Fetch-Site: none']],
    [
      'a proxy that changed the host, by Fetch Metadata',
      ['Sec-Fetch-Site: same-origin', 'Origin: https://www.example.com'],
    ],
    ['a browser without Fetch Metadata, by Origin', ['Origin: https://api.example.com']],
    ['another port of its host', ['Origin: https://api.example.com:8443']],
    ['another case of its host', ['Origin: https://API.example.com']],
    ['no browser at all', []],
  ])('counts from %s', async (_, lines) => {
    covers('F30');
    await expectAccepted(await open(COOKIE), call(OWN, 'Cookie: session=TOKEN', ...lines));
  });

  it('a request of another site counts by its own token, and the cookie is no second one', async () => {
    covers('F30');
    const lines = ['Sec-Fetch-Site: cross-site', 'Cookie: session=TOKEN', 'Authorization: Bearer TOKEN'];
    await expectAccepted(await open(COOKIE), call(OWN, ...lines));
  });

  it("a host that cannot be told is nobody's own", async () => {
    covers('F30');
    const lines = ['Host: [', 'Cookie: session=TOKEN', 'Origin: https://api.example.com'];
    await expectRefused(await open(COOKIE), call(...lines), noCredentials, control);
  });
});

describe('a response to a token outside of the Authorization header', () => {
  it('RFC 9111 §3.5, RFC 9110 §12.5.5: is private, and varies by where the token may be', async () => {
    covers('F30');
    const api = await open(COOKIE, HEADER);
    const { response } = await expectAccepted(api, call(OWN, 'Cookie: session=TOKEN'));
    const headers = new Map(response.headers);
    expect(headers.get('cache-control')).toEqual(['private']);
    expect(headers.get('vary')).toEqual(['Cookie, Sec-Fetch-Site, Origin, cf-access-jwt-assertion']);
  });
});
