import { describe, expect, it } from 'vitest';
import { type BearerToken, checkBearerToken, findBearerToken } from '../../src/protocol/bearer-token.js';
import type { HttpRequest } from '../../src/protocol/http-request.js';
import { Refusal } from '../../src/protocol/refusal.js';
import type { ExtraTokenLocation } from '../../src/protocol/token-location.js';
import type { RowId } from '../security-matrix/catalogue.js';
import { covers } from '../support/covers.js';

const FORM_TYPE = 'application/x-www-form-urlencoded';

/** The token with its place, or the reason why there is none. */
type Outcome = BearerToken | Refusal['reason'];

function parse(request: HttpRequest, locations: readonly ExtraTokenLocation[] = []): Outcome {
  const outcome = refusalOr(request, locations);
  return outcome instanceof Refusal ? outcome.reason : outcome;
}

function refusalOr(request: HttpRequest, locations: readonly ExtraTokenLocation[]): BearerToken | Refusal {
  const found = findBearerToken(request, locations);
  return found instanceof Refusal ? found : (checkBearerToken(found) ?? found);
}

const withHeader = (authorization: string): HttpRequest => ({ headers: { authorization } });
const withQuery = (url: string, headers = {}): HttpRequest => ({ method: 'GET', url, headers });
const withForm = (body: unknown, changes: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  url: '/',
  headers: { 'content-type': FORM_TYPE },
  body,
  ...changes,
});
const fromHeader = (token: string): BearerToken => ({ token, location: 'header' });

describe('the bearer token, from the Authorization header', () => {
  it.each([
    ['a word', 'abc'],
    ['a JWT', 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln'],
    ['every other character of a b64token', 'A-Z.a_z~0+9/'],
    ['equals signs at the end', 'abc=='],
  ])('RFC 6750 §2.1: takes %s', (_, token) => {
    expect(parse(withHeader(`Bearer ${token}`))).toEqual(fromHeader(token));
  });

  it.each([['Bearer'], ['bearer'], ['BEARER'], ['bEaReR']])('RFC 9110 §11.1: reads the scheme %s', (scheme) => {
    covers('F3');
    expect(parse(withHeader(`${scheme} abc`))).toEqual(fromHeader('abc'));
  });

  it('RFC 9110 §11.4: takes several spaces after the scheme', () => {
    covers('F4');
    expect(parse(withHeader('Bearer    abc'))).toEqual(fromHeader('abc'));
  });

  it.each([
    ['an empty value', ''],
    ['Basic credentials', 'Basic dXNlcjpwdw=='],
    ['the DPoP scheme', 'DPoP abc'],
    ['a scheme that only begins like Bearer', 'Bearerish abc'],
    ['a token that is joined to the scheme', 'Bearereyj'],
    ['a scheme that goes on with a digit', 'Bearer2 abc'],
    ['a scheme that goes on with a dot', 'Bearer.x abc'],
    ['a token without a scheme', 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln'],
  ])('RFC 6750 §3.1: %s is no authentication information', (_, value) => {
    covers('F1', 'F4');
    expect(parse(withHeader('Bearer abc'))).toEqual(fromHeader('abc'));
    expect(parse(withHeader(value))).toBe('token_missing');
  });

  it('RFC 6750 §3.1: a request without the header has no authentication information', () => {
    covers('F1');
    expect(parse({ headers: {} })).toBe('token_missing');
  });

  it.each<[what: string, value: string, id: RowId]>([
    ['no token', 'Bearer', 'F2'],
    ['a space and no token', 'Bearer ', 'F2'],
    ['a tab before the token', 'Bearer\tabc', 'F4'],
    ['a space and a tab before the token', 'Bearer \tabc', 'F4'],
    ['a space after the token', 'Bearer abc ', 'F4'],
    ['two words', 'Bearer abc def', 'F5'],
    ['a comma after the scheme', 'Bearer, abc', 'F5'],
    ['two credentials', 'Bearer abc, Bearer def', 'F5'],
    ['credentials of another scheme behind', 'Bearer abc, Basic def', 'F5'],
    ['a comma after the token', 'Bearer abc,', 'F5'],
    ['quotation marks', 'Bearer "abc"', 'F5'],
    ['a parameter', 'Bearer token="abc"', 'F5'],
    ['equals signs alone', 'Bearer ==', 'F5'],
    ['an equals sign inside', 'Bearer ab=c', 'F5'],
    ['braces', 'Bearer {"payload":"e30"}', 'B16'],
    ['a percent sign', 'Bearer ab%20c', 'B14'],
    ['a letter beyond ASCII', 'Bearer ab\u00e9', 'F10'],
    ['a no-break space for a space', 'Bearer\u00a0abc', 'F10'],
    ['a line feed at the end', 'Bearer abc\n', 'F10'],
    ['a NUL inside', 'Bearer a\u0000bc', 'F10'],
    ['a letter that becomes a b64token character in upper case', 'Bearer ab\u017f', 'F10'],
  ])('RFC 6750 §2.1: refuses Bearer with %s', (_, value, id) => {
    covers(id);
    expect(parse(withHeader('Bearer abc'))).toEqual(fromHeader('abc'));
    expect(parse(withHeader(value))).toBe('bearer_malformed');
  });

  it.each([
    ['both good', ['Bearer abc', 'Bearer def']],
    ['the same twice', ['Bearer abc', 'Bearer abc']],
    ['the second malformed', ['Bearer abc', 'Bearer']],
    ['the first malformed', ['Bearer', 'Bearer abc']],
    ['the first of another scheme', ['Basic abc', 'Bearer abc']],
    ['the second empty', ['Bearer abc', '']],
  ])('RFC 6750 §2: refuses two Authorization headers, %s', (_, values) => {
    covers('F6');
    expect(parse({ headers: { authorization: ['Bearer abc'] } })).toEqual(fromHeader('abc'));
    expect(parse({ headers: { authorization: values } })).toBe('authorization_repeated');
  });

  it('RFC 6750 §2: refuses two headers that a Fetch API request has joined', () => {
    covers('F5');
    const headers = new Headers({ authorization: 'Bearer abc' });
    expect(parse({ headers })).toEqual(fromHeader('abc'));
    headers.append('authorization', 'Bearer def');
    expect(parse({ headers })).toBe('authorization_repeated');
  });

  it.each([
    ['a cookie', { cookie: 'access_token=abc' }],
    ['Proxy-Authorization', { 'proxy-authorization': 'Bearer abc' }],
    ['X-Access-Token', { 'x-access-token': 'abc' }],
    ['X-Forwarded-Authorization', { 'x-forwarded-authorization': 'Bearer abc' }],
  ])('RFC 6750 §2: does not look for a token in %s', (_, headers) => {
    covers('F9');
    expect(parse({ headers: { ...headers, authorization: 'Bearer abc' } }, ['form', 'query'])).toEqual(
      fromHeader('abc'),
    );
    expect(parse({ headers }, ['form', 'query'])).toBe('token_missing');
  });
});

describe('the bearer token, from the query', () => {
  it('RFC 6750 §2.3, RFC 9700 §4.3.2: is off unless it is asked for', () => {
    covers('6750-4');
    const request = withQuery('/orders?access_token=abc');
    expect(parse(request, ['query'])).toEqual({ token: 'abc', location: 'query' });
    expect(parse(request)).toBe('token_missing');
    expect(parse(request, ['form'])).toBe('token_missing');
  });

  it.each([
    ['among other parameters', '/a?x=1&access_token=abc&y=2', 'abc'],
    ['with percent encoding', '/a?access%5Ftoken=a%2Bb', 'a+b'],
    ['in an absolute URL', 'https://api.test/a?access_token=abc', 'abc'],
  ])('RFC 6750 §2.3: finds a token %s', (_, url, token) => {
    expect(parse(withQuery(url), ['query'])).toEqual({ token, location: 'query' });
  });

  it.each([
    ['/a'],
    ['/a?'],
    ['/a?Access_Token=abc'],
    ['/a?access_token[]=abc'],
    ['/a?access_token%00=abc'],
    ['/access_token=abc'],
    ['access_token=abc'],
    [undefined],
  ])('RFC 6750 §2.3: finds none in %j', (url) => {
    covers('F8');
    expect(parse({ url, headers: {} }, ['query'])).toBe('token_missing');
  });

  it.each([
    ['an empty value', 'access_token='],
    ['no value', 'access_token'],
    ['a space', 'access_token=a+b'],
    ['a quotation mark', 'access_token=%22abc%22'],
    ['a broken percent encoding', 'access_token=%E0%A4%A'],
    ['the scheme in it', 'access_token=Bearer%20abc'],
  ])('RFC 6750 §2.3: refuses a token with %s', (_, query) => {
    expect(parse(withQuery('/a?access_token=abc'), ['query'])).toEqual({ token: 'abc', location: 'query' });
    expect(parse(withQuery(`/a?${query}`), ['query'])).toBe('bearer_malformed');
  });

  it.each([
    ['two different', 'access_token=abc&access_token=def'],
    ['two that are the same', 'access_token=abc&access_token=abc'],
    ['one and an empty', 'access_token=abc&access_token='],
    ['one and an encoded', 'access_token=abc&access%5Ftoken=abc'],
  ])('RFC 6750 §2: refuses %s tokens in the query', (_, query) => {
    covers('F8');
    expect(parse(withQuery('/a?access_token=abc'), ['query'])).toEqual({ token: 'abc', location: 'query' });
    expect(parse(withQuery(`/a?${query}`), ['query'])).toBe('multiple_tokens');
  });

  it.each<[readonly ExtraTokenLocation[]]>([[[]], [['query']], [['form']]])(
    'RFC 6750 §2: refuses a header and a query token, with %j switched on',
    (locations) => {
      covers('F7', '6750-2');
      const headers = { authorization: 'Bearer abc' };
      expect(parse(withQuery('/a', headers), locations)).toEqual(fromHeader('abc'));
      expect(parse(withQuery('/a?access_token=abc', headers), locations)).toBe('multiple_tokens');
    },
  );

  it('RFC 6750 §2: a malformed header is not mended by a token in the query', () => {
    expect(parse(withQuery('/a?access_token=abc', {}), ['query'])).toEqual({ token: 'abc', location: 'query' });
    expect(parse(withQuery('/a?access_token=abc', { authorization: 'Bearer' }), ['query'])).toBe('bearer_malformed');
  });

  it('RFC 6750 §2: credentials of another scheme leave room for a token in the query', () => {
    const request = withQuery('/a?access_token=abc', { authorization: 'Basic dXNlcjpwdw==' });
    expect(parse(request, ['query'])).toEqual({ token: 'abc', location: 'query' });
  });
});

describe('the bearer token, from a form', () => {
  const GOOD = withForm({ access_token: 'abc' });

  it('RFC 6750 §2.2: is off unless it is asked for', () => {
    covers('6750-3');
    expect(parse(GOOD, ['form'])).toEqual({ token: 'abc', location: 'form' });
    expect(parse(GOOD)).toBe('token_missing');
    expect(parse(GOOD, ['query'])).toBe('token_missing');
  });

  it.each([
    [FORM_TYPE],
    [`${FORM_TYPE}; charset=utf-8`],
    [`${FORM_TYPE} ;charset=utf-8`],
    ['Application/X-WWW-Form-URLencoded'],
  ])('RFC 6750 §2.2: reads a body of the type %j', (type) => {
    expect(parse({ ...GOOD, headers: { 'content-type': type } }, ['form'])).toEqual({ token: 'abc', location: 'form' });
  });

  it.each<[what: string, changes: Partial<HttpRequest>]>([
    ['JSON', { headers: { 'content-type': 'application/json' } }],
    ['multipart', { headers: { 'content-type': 'multipart/form-data; boundary=x' } }],
    ['a type that only begins like a form', { headers: { 'content-type': `${FORM_TYPE}x` } }],
    ['a type with a form as its parameter', { headers: { 'content-type': `text/plain; ${FORM_TYPE}` } }],
    ['no type', { headers: {} }],
    ['the method GET', { method: 'GET' }],
    ['the method HEAD', { method: 'HEAD' }],
    ['no method', { method: undefined }],
    ['no body', { body: undefined }],
    ['null for a body', { body: null }],
    ['a body that was not parsed', { body: 'access_token=abc' }],
    ['a body without a token', { body: { token: 'abc' } }],
    ['a body that only inherits one', { body: Object.create({ access_token: 'abc' }) }],
  ])('RFC 6750 §2.2: finds no token with %s', (_, changes) => {
    covers('6750-3', 'F9');
    expect(parse(GOOD, ['form'])).toEqual({ token: 'abc', location: 'form' });
    expect(parse({ ...GOOD, ...changes }, ['form'])).toBe('token_missing');
  });

  it('RFC 6750 §2.2: reads a body without a prototype, as querystring makes it', () => {
    const body = Object.assign(Object.create(null), { access_token: 'abc' });
    expect(parse(withForm(body), ['form'])).toEqual({ token: 'abc', location: 'form' });
  });

  it.each<[reason: string, what: string, value: unknown]>([
    ['multiple_tokens', 'two tokens', ['abc', 'def']],
    ['bearer_malformed', 'an object', { a: 'abc' }],
    ['bearer_malformed', 'a list in a list', [['abc']]],
    ['token_missing', 'an empty list', []],
    ['bearer_malformed', 'an empty text', ''],
    ['bearer_malformed', 'a number', 1],
    ['bearer_malformed', 'null', null],
    ['bearer_malformed', 'a space in it', 'a b'],
  ])('RFC 6750 §2.2: answers %s for %s', (reason, _, value) => {
    covers('F8');
    expect(parse(withForm({ access_token: 'abc' }), ['form'])).toEqual({ token: 'abc', location: 'form' });
    expect(parse(withForm({ access_token: value }), ['form'])).toBe(reason);
  });

  it.each<[readonly ExtraTokenLocation[]]>([[[]], [['form']], [['form', 'query']]])(
    'RFC 6750 §2: refuses a header and a form token, with %j switched on',
    (locations) => {
      covers('F7', '6750-2');
      const headers = { 'content-type': FORM_TYPE, authorization: 'Bearer abc' };
      expect(parse(withForm({}, { headers }), locations)).toEqual(fromHeader('abc'));
      expect(parse(withForm({ access_token: 'abc' }, { headers }), locations)).toBe('multiple_tokens');
    },
  );

  it.each<[locations: readonly ExtraTokenLocation[]]>([[['form']], [['query']], [['form', 'query']]])(
    'RFC 6750 §2: refuses a query and a form token, with %j switched on',
    (locations) => {
      covers('6750-2');
      const extra = withForm({ access_token: 'abc' }, { url: '/?access_token=abc' });
      const inForm = withForm({ access_token: 'abc' });
      const inQuery = withForm({}, { url: '/?access_token=abc' });
      expect(parse(locations.includes('form') ? inForm : inQuery, locations)).toMatchObject({ token: 'abc' });
      expect(parse(extra, locations)).toBe('multiple_tokens');
    },
  );
});

describe('the bearer token, whatever it refuses', () => {
  it.each<[what: string, request: HttpRequest]>([
    ['malformed credentials', withHeader('Bearer secret-token x')],
    ['two headers', { headers: { authorization: ['Bearer secret-token', 'Bearer secret-token'] } }],
    ['a token that is not taken', withQuery('/?access_token=secret-token')],
    ['two tokens', withQuery('/?access_token=secret-token&access_token=secret-token')],
    ['a malformed token', withQuery('/?access_token="secret-token"')],
  ])('RFC 9700 §4.9.3: keeps the token out of the refusal of %s', (_, request) => {
    covers('F15');
    for (const locations of [[], ['query']] as const) {
      const outcome = refusalOr(request, locations);
      if (outcome instanceof Refusal) expect(JSON.stringify(outcome)).not.toContain('secret');
      else expect(outcome.location).toBe('query');
    }
    expect(refusalOr(request, [])).toBeInstanceOf(Refusal);
  });
});
