import { describe, expect, it } from 'vitest';
import { readAnswer } from './client.js';

const REALM = 'Bearer realm="https://orders.example.com"';
const WHOLE = { 'cache-control': 'no-store', 'content-type': 'application/json' };
const CHALLENGE = `${REALM}, error="invalid_token", error_description="a text"`;
const REFUSED = '{"error":"invalid_token","error_description":"a text"}';
const UNAVAILABLE = '{"error":"temporarily_unavailable","error_description":"a text"}';

describe('what a client of the trial takes for an answer of docs/http.md', () => {
  it('is a row with all its headers and its body', () => {
    expect(readAnswer(200, {}, '{"served":"direct"}')).toBe('ok');
    expect(readAnswer(401, { ...WHOLE, 'www-authenticate': REALM }, '{}')).toBe('missing');
    expect(readAnswer(401, { ...WHOLE, 'www-authenticate': CHALLENGE }, REFUSED)).toBe('invalid_token');
    expect(readAnswer(503, { ...WHOLE, 'retry-after': '1' }, UNAVAILABLE)).toBe('unavailable');
  });

  it.each([
    ['no challenge', 401, WHOLE, REFUSED],
    ['a challenge of another realm', 401, { ...WHOLE, 'www-authenticate': CHALLENGE.replace('orders', 'o') }, REFUSED],
    ['another error in the body', 401, { ...WHOLE, 'www-authenticate': CHALLENGE }, UNAVAILABLE],
    ['no body', 401, { ...WHOLE, 'www-authenticate': CHALLENGE }, ''],
    ['no Cache-Control', 401, { 'content-type': 'application/json', 'www-authenticate': CHALLENGE }, REFUSED],
    ['503 without Retry-After', 503, WHOLE, UNAVAILABLE],
    ['503 with Retry-After: 0', 503, { ...WHOLE, 'retry-after': '0' }, UNAVAILABLE],
    ['503 with a challenge', 503, { ...WHOLE, 'retry-after': '1', 'www-authenticate': CHALLENGE }, UNAVAILABLE],
    ['a handler that ran', 401, { ...WHOLE, 'www-authenticate': CHALLENGE }, '{"served":"direct"}'],
    ['500', 500, WHOLE, '{}'],
    ['200 of nobody', 200, {}, '{}'],
  ])('is not %s', (_, status, headers, body) => {
    expect(readAnswer(status, headers, body)).toMatch(/^other: /);
  });
});
