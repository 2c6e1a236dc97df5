import { describe, expect, it } from 'vitest';
import { findUrlProblem } from '../../src/protocol/fetchable-url.js';

describe('findUrlProblem', () => {
  it.each<[given: unknown, problem: string | undefined]>([
    ['https://a.example/jwks?x=1', undefined],
    ['HTTPS://A.example', undefined],
    ['http://a.example', 'insecure'],
    ['https://user:pw@a.example', 'credentials'],
    ['https://user@a.example', 'credentials'],
    ['ftp://a.example', 'not http'],
    ['https:a.example', 'not a URL'],
    ['https:\\\\a.example', 'not a URL'],
    ['https://a.example/\nx', 'not a URL'],
    ['https://a.example/\u001b[31m', 'not a URL'],
    ['https://a.example/\u2028', 'not a URL'],
    ['/jwks', 'not a URL'],
    [undefined, 'not a URL'],
    [['https://a.example'], 'not a URL'],
  ])('WHATWG URL §4.4: %j: %s', (given, problem) => {
    expect(findUrlProblem(given, false)).toBe(problem);
  });

  it('RFC 8414 §2: takes plain http where that was allowed', () => {
    expect(findUrlProblem('http://a.example', true)).toBe(undefined);
  });
});
