import { describe, expect, it } from 'vitest';
import { parseJoseHeader } from '../../src/jws/jose-header.js';
import { checkBearerToken, findBearerToken } from '../../src/protocol/bearer-token.js';
import type { HttpRequest } from '../../src/protocol/http-request.js';
import { Refusal } from '../../src/protocol/refusal.js';
import { checkClient, checkNotBound, checkTime, type ValidatedClaims } from '../../src/token/claim-rules.js';
import { applyClaimsSchema } from '../../src/token/claims-schema.js';
import { checkKind } from '../../src/token/token-kind.js';
import { issuerRules } from '../support/issuer-rules.js';
import { toJsonObject } from '../support/json-object.js';
import { RawIssuer } from '../support/raw-issuer.js';
import type { JsonTexts } from '../support/raw-token.js';
import { refused } from '../support/refused.js';
import { createVerifyJwt } from '../support/verify-raw.js';

// What the log of a server says is what its operator has to go by.
function detailOf(outcome: unknown): string {
  return outcome instanceof Refusal ? outcome.detail : 'accepted';
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

function findBearer(request: HttpRequest): unknown {
  const found = findBearerToken(request, ['form', 'query']);
  return found instanceof Refusal ? found : checkBearerToken(found);
}

const FACTS: ValidatedClaims = {
  subject: 'user',
  clientId: 'client',
  audience: ['api'],
  expiresAt: 200,
  notBefore: 50,
  issuedAt: 50,
  isBound: false,
};

const at = (now: number, facts: Partial<ValidatedClaims> = {}, maxTokenAgeSeconds?: number) =>
  checkTime({ ...FACTS, ...facts }, { now, clockToleranceSeconds: 5, maxTokenAgeSeconds });

const header = (change: JsonTexts, requireKid = false) =>
  refused(parseJoseHeader(toJsonObject({ alg: '"ES256"', kid: '"k"', ...change }), issuerRules({ requireKid })));

const GUID = '"9188040d-6c67-4c5b-b112-36a304b66dad"';
const kind = (claims: JsonTexts) => checkKind({}, toJsonObject(claims), issuerRules());

describe('the detail of a refusal tells the server', () => {
  it.each<[string, () => unknown]>([
    ['accepted', () => findBearer({ headers: { authorization: 'Bearer abc' } })],
    ['2 Authorization headers', () => findBearer({ headers: { authorization: ['Bearer a', 'Bearer b'] } })],
    ['no Authorization header', () => findBearer({ headers: {} })],
    ['an empty Authorization header', () => findBearer({ headers: { authorization: ' ' } })],
    [
      'an access_token in the query, where none is taken from',
      () => findBearerToken({ headers: {}, url: '/?access_token=a' }, []),
    ],
    [
      '2 tokens in header, query',
      () => findBearer({ headers: { authorization: 'Bearer a' }, url: '/?access_token=a' }),
    ],
    ['the token in the query', () => findBearer({ headers: {}, url: '/?access_token=,' })],
    ['the token in the form', () => findBearer({ method: 'POST', headers: FORM, body: { access_token: {} } })],
    ['more than one word after Bearer', () => findBearer({ headers: { authorization: 'Bearer a,b' } })],
    ['more than one word after Bearer', () => findBearer({ headers: { authorization: 'Bearer  a b' } })],
    ['Bearer without a token', () => findBearer({ headers: { authorization: 'Bearer' } })],
    ['Bearer without a token', () => findBearer({ headers: { authorization: 'Bearer ' } })],
    ['Bearer twice', () => findBearer({ headers: { authorization: 'Bearer Bearer abc' } })],
    ['a token in quotes', () => findBearer({ headers: { authorization: 'Bearer "abc"' } })],
    ['a JSON object where one token belongs', () => findBearer({ headers: { authorization: 'Bearer {"a":1}' } })],
    ['a colon after Bearer', () => findBearer({ headers: { authorization: 'Bearer: abc' } })],
    [
      'Bearer is not followed by spaces and one b64token',
      () => findBearer({ headers: { authorization: 'Bearer café' } }),
    ],
    [
      'Bearer [object Object]: the client put a variable there that holds no token',
      () => findBearer({ headers: { authorization: 'Bearer [object Object]' } }),
    ],
    [
      'Authorization: undefined, of a client that had no token to send',
      () => findBearer({ headers: { authorization: 'undefined' } }),
    ],
    [
      'an Authorization header of another scheme: Basic',
      () => findBearer({ headers: { authorization: 'Basic dXNlcjpwYXNz' } }),
    ],
    [
      'an Authorization header with one word: write Bearer and a space before the token',
      () => findBearer({ headers: { authorization: 'my-secret-key' } }),
    ],
    [
      'an Authorization header of another scheme',
      () => findBearer({ headers: { authorization: `${'Ab3'.repeat(10)} x` } }),
    ],
    [
      'an Authorization header with one word: write Bearer and a space before the token',
      () => findBearer({ headers: { authorization: 'eyJh.eyJp.c2ln' } }),
    ],
    [
      'an Authorization header with one word: write Bearer and a space before the token',
      () => findBearer({ headers: { authorization: 'Ab3'.repeat(10) } }),
    ],
    [
      'an Authorization header with one word: write Bearer and a space before the token',
      () => findBearer({ headers: { authorization: 'BearerAb3Ab3' } }),
    ],
    ['an Authorization header of another scheme', () => findBearer({ headers: { authorization: 'Ab3Ab3 Ab3' } })],
    [
      'a CORS preflight, which never carries a token: put cors() before the guard',
      () => findBearer({ method: 'OPTIONS', headers: { 'access-control-request-method': 'GET' } }),
    ],
    ['no Authorization header', () => findBearer({ method: 'OPTIONS', headers: {} })],
  ])('of the request: %s', (detail, judge) => {
    expect(detailOf(judge())).toBe(detail);
  });

  it.each<[string, () => unknown]>([
    ['accepted', () => at(100)],
    ['exp 1970-01-01T00:03:20.000Z, 5 seconds ago', () => at(205)],
    ['nbf 1970-01-01T00:00:50.000Z, in 6 seconds', () => at(44)],
    [
      'iat 1970-01-01T00:01:45.000Z, in 1 minute: the clocks of the issuer and of this server differ',
      () => at(44, { notBefore: undefined, issuedAt: 105 }),
    ],
    ['iat, which maxTokenAgeSeconds needs', () => at(100, { issuedAt: undefined }, 10)],
    ['iat 1970-01-01T00:00:50.000Z, 50 seconds ago; 10 seconds are allowed', () => at(100, {}, 10)],
    ['client "client"', () => checkClient(FACTS, ['other'])],
    ['a cnf claim', () => checkNotBound({ ...FACTS, isBound: true })],
  ])('of the claims: %s', (detail, judge) => {
    expect(detailOf(judge())).toBe(detail);
  });

  it.each<[string, () => unknown]>([
    ['accepted', () => header({})],
    ['crit', () => header({ crit: '["exp"]' })],
    ['b64', () => header({ b64: 'false' })],
    ['the header has no alg that is a string', () => header({ alg: '1' })],
    ['alg "none"', () => header({ alg: '"none"' })],
    ['the kid in the header is not a string with characters', () => header({ kid: '""' })],
    ['no kid in the header', () => header({ kid: undefined }, true)],
  ])('of the header: %s', (detail, judge) => {
    expect(detailOf(judge())).toBe(detail);
  });

  it.each<[string, () => unknown]>([
    ['accepted', () => kind({})],
    ['the claim token_use "id"', () => kind({ token_use: '"id"' })],
    ['the claim typ "Refresh"', () => kind({ typ: '"Refresh"' })],
    ['an events claim', () => kind({ events: '{}' })],
    ['an at_hash claim, as in an ID token', () => kind({ at_hash: '"x"' })],
    ['a nonce claim, as in an ID token', () => kind({ nonce: '"x"' })],
    ['the claim token_type "refresh"', () => kind({ token_type: '"refresh"' })],
    ['the claim token_type ["refresh"]', () => kind({ token_type: '["refresh"]' })],
    ['a granted_scopes claim', () => kind({ granted_scopes: '[]' })],
    ['accepted', () => kind({ nonce: '"x"', token_type: '"access_token"' })],
    ['a nonce claim, as in an ID token', () => kind({ nonce: '"x"', token_type: '["access_token"]' })],
    ['a nonce claim, as in an ID token', () => kind({ nonce: '"x"', token_type: '"bearer"' })],
    ['no azp or appid, as in an ID token of Entra', () => kind({ tid: GUID, ver: '"2.0"' })],
    ['no azp or appid, as in an ID token of Entra', () => kind({ tid: GUID, ver: '"1.0"' })],
    ['accepted', () => kind({ tid: GUID, ver: '"3.0"' })],
    ['accepted', () => kind({ tid: '"blue"', ver: '"2.0"' })],
    ['accepted', () => kind({ tid: `[${GUID}]`, ver: '"2.0"' })],
    ['accepted', () => kind({ tid: GUID, ver: '"2.0"', azp: '"app"' })],
    ['no azp or appid, as in an ID token of Entra', () => kind({ tfp: '"B2C_1_in"', ver: '"1.0"' })],
    ['no azp or appid, as in an ID token of Entra', () => kind({ acr: '"b2c_1_in"', ver: '"1.0"' })],
    ['accepted', () => kind({ acr: '["b2c_1_in"]', ver: '"1.0"', scope: '"read"' })],
    ['accepted', () => kind({ acr: '"x b2c_1_in"', ver: '"1.0"', scope: '"read"' })],
    ['acr and no client, scope or role, as in an ID token', () => kind({ acr: '"1"' })],
    ['accepted', () => kind({ tfp: '"B2C_1_in"', ver: '"2.0"' })],
    ['accepted', () => kind({ nonce: '"x"', tfp: '"p"', ver: '"1.0"', azp: '"app"', scp: '"read"' })],
    ['accepted', () => kind({ nonce: '"x"', tfp: '"p"', ver: '"1.0"', azp: '"app"' })],
    [
      'no azp or appid, as in an ID token of Entra',
      () => kind({ nonce: '"x"', tfp: '"p"', ver: '"1.0"', scp: '"read"' }),
    ],
    ['azp in aud and no scopes, as in an ID token', () => kind({ azp: '"app"', aud: '"app"' })],
    ['azp in aud and no scopes, as in an ID token', () => kind({ azp: '"app"', aud: '["api","app"]' })],
    ['accepted', () => kind({ azp: '"app"', aud: '"api"' })],
    ['accepted', () => kind({ azp: '["app"]', aud: '["app"]' })],
    ['accepted', () => kind({ azp: '"app"', aud: '"an app"' })],
    ['accepted', () => kind({ azp: '"app"', aud: '"app"', scope: '"read"' })],
  ])('of the kind: %s', (detail, judge) => {
    expect(detailOf(judge())).toBe(detail);
  });

  it('of a schema that gives nonsense, with what came of it as the cause', async () => {
    const issues = { issues: 1 };
    const schema = { '~standard': { version: 1, vendor: 'test', validate: () => issues } } as never;
    const refusal = await applyClaimsSchema(toJsonObject({}), schema);
    expect(detailOf(refusal)).toBe('it gave a result that is not of Standard Schema');
    expect((refusal as Refusal).cause).toBeInstanceOf(TypeError);
  });

  it('of the signature and the issuer', async () => {
    const issuer = new RawIssuer();
    const verify = createVerifyJwt(issuer.verifierOptions);
    expect(detailOf(await verify(issuer.token()))).toBe('accepted');
    const { privateKey } = new RawIssuer().keys;
    expect(detailOf(await verify(issuer.token({ key: privateKey })))).toBe('1 keys tried');
    expect(detailOf(await verify(issuer.token({ payload: { iss: undefined } })))).toBe('iss');
    expect(detailOf(await verify(issuer.token({ payload: { iss: '1' } })))).toBe('iss is not a string');
  });
});
