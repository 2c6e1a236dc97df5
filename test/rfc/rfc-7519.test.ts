import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RefusalReason } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { expectAccepted, expectAnswer, expectRefused, invalidToken } from '../support/expect-answer.js';
import { startTestIssuerApi, type TestIssuerApi } from '../support/guarded-api.js';
import { type Mutation, RawIssuer } from '../support/raw-issuer.js';

const TOLERANCE = 5;

describe('RFC 7519', () => {
  const issuer = new RawIssuer();
  let api: TestIssuerApi;

  beforeAll(async () => {
    api = await startTestIssuerApi({
      verifier: issuer.verifierOptions,
      routes: (app, { guard, handler }) => app.get('/read', guard('read'), handler),
    });
  });
  afterAll(() => api.close());

  const call = (mutation: Mutation = {}) => ({ target: '/read', token: issuer.token(mutation) });
  const accept = (mutation: Mutation) => expectAccepted(api, call(mutation));
  const refuse = (mutation: Mutation, reason: RefusalReason) =>
    expectRefused(api, call(mutation), invalidToken(reason), call());

  it.each<[string, Mutation]>([
    ['exp twice', { rewritePayload: (text) => text.replace('"exp"', '"exp":1,"exp"') }],
    ['exp twice, once in escapes', { rewritePayload: (text) => text.replace('"exp"', '"\\u0065xp":1,"exp"') }],
    ['sub twice, the same', { rewritePayload: (text) => text.replace('"sub"', '"sub":"test-user","sub"') }],
    ['a member twice, further down', { payload: { address: '{"a":1,"b":[{"c":1,"c":2}]}' } }],
    ['alg twice', { rewriteHeader: (text) => text.replace('"alg"', '"alg":"none","alg"') }],
    ['kid twice, the same', { rewriteHeader: (text) => text.replace('"kid"', '"kid":"key-1","kid"') }],
  ])('RFC 7519 §4: refuses %s', async (_, mutation) => {
    covers('7519-1', 'D1');
    await refuse(mutation, 'token_malformed');
  });

  it.each<[string, string]>([
    ['a string', '"https://api.test"'],
    ['an array of one', '["https://api.test"]'],
    ['an array with others', '["https://other.test","https://api.test"]'],
  ])('RFC 7519 §4.1.3: accepts its audience in %s', async (_, aud) => {
    covers('7519-2', 'E2');
    await accept({ payload: { aud } });
  });

  it.each<[string, string | undefined, RefusalReason]>([
    ['no aud', undefined, 'audience_mismatch'],
    ['an empty aud', '""', 'claim_malformed'],
    ['an empty array', '[]', 'audience_mismatch'],
    ['null', 'null', 'claim_malformed'],
    ['an object', '{"0":"https://api.test"}', 'claim_malformed'],
    ['a nested array', '[["https://api.test"]]', 'claim_malformed'],
    ['an array with a number', '["https://api.test",1]', 'claim_malformed'],
    ['an array with an empty string', '["https://api.test",""]', 'claim_malformed'],
    ['another audience', '"https://other.test"', 'audience_mismatch'],
    ['another case', '"https://API.test"', 'audience_mismatch'],
    ['a trailing slash', '"https://api.test/"', 'audience_mismatch'],
    ['a longer name', '"https://api.test.evil.example"', 'audience_mismatch'],
    ['a shorter name', '"https://api.tes"', 'audience_mismatch'],
    ['names joined by a space', '"https://other.test https://api.test"', 'audience_mismatch'],
    ['a space around it', '" https://api.test"', 'audience_mismatch'],
    ['the same name in other code points', '"https://\uff41pi.test"', 'audience_mismatch'],
    ['a percent-encoded letter', '"https://%61pi.test"', 'audience_mismatch'],
    ['an explicit default port', '"https://api.test:443"', 'audience_mismatch'],
  ])('RFC 7519 §4.1.3, §7.3: refuses %s as the audience', async (_, aud, reason) => {
    covers('7519-2', 'E2');
    await refuse({ payload: { aud } }, reason);
  });

  it('RFC 7519 §4.1.4: accepts a token until exp plus the clock tolerance, and not from then on', async () => {
    covers('7519-3', 'D7');
    const { now } = issuer;
    await accept({ payload: { exp: String(now - TOLERANCE + 1) } });
    await accept({ payload: { exp: `${now - TOLERANCE}.5` } });
    await refuse({ payload: { exp: String(now - TOLERANCE) } }, 'token_expired');
    await refuse({ payload: { exp: String(now - TOLERANCE - 1) } }, 'token_expired');
  });

  it('RFC 7519 §4.1.4: refuses a token after exp that it accepted before', async () => {
    covers('7519-3', 'H21');
    const expiring = call({ payload: { exp: String(issuer.now + 10), iat: undefined } });
    await expectAccepted(api, expiring);
    issuer.clock.advance(10 + TOLERANCE);
    expectAnswer(await api.send(expiring), invalidToken('token_expired'), api.realm);
    issuer.clock.advance(-(10 + TOLERANCE));
    await expectAccepted(api, expiring);
  });

  it('RFC 7519 §4.1.4: refuses a token without exp', async () => {
    covers('D6');
    await refuse({ payload: { exp: undefined } }, 'claim_missing');
  });

  it.each([
    ['nbf', TOLERANCE],
    ['iat', 60],
  ])('RFC 7519 §4.1.5, §4.1.6: accepts %s up to %i s ahead, and no further', async (name, ahead) => {
    covers('7519-4', 'D8');
    await accept({ payload: { [name]: String(issuer.now + ahead) } });
    await refuse({ payload: { [name]: `${issuer.now + ahead}.5` } }, 'token_not_yet_valid');
    await refuse({ payload: { [name]: String(issuer.now + ahead + 1) } }, 'token_not_yet_valid');
  });

  describe.each(['exp', 'nbf', 'iat'])('RFC 7519 §2 on %s', (name) => {
    it('RFC 7519 §2: accepts a NumericDate with a fraction', async () => {
      covers('7519-5', 'D5');
      const seconds = name === 'exp' ? issuer.now + 60 : issuer.now - 60;
      await accept({ payload: { [name]: `${seconds}.5` } });
      await accept({ payload: { [name]: `${seconds / 10}e1` } });
    });

    it.each(['"9999999999"', 'null', 'true', '[1]', '{}', '1e400', '-1e400', '1e21', '-1', '253402300800'])(
      'RFC 7519 §2: refuses %s as a NumericDate',
      async (value) => {
        covers('7519-5', 'D5', 'D10');
        await refuse({ payload: { [name]: value } }, 'claim_malformed');
      },
    );

    it('RFC 7519 §2: refuses NaN, which is no JSON', async () => {
      covers('7519-5', 'D5');
      await refuse({ payload: { [name]: 'NaN' } }, 'token_malformed');
    });
  });

  it.each<[string, (text: string) => string | Buffer]>([
    ['an array', (text) => `[${text}]`],
    ['a string', (text) => JSON.stringify(text)],
    ['a number', () => '1'],
    ['null', () => 'null'],
    ['not UTF-8', (text) => Buffer.from(text.replace('test-user', 'test-us\u00e9r'), 'latin1')],
    ['in UTF-16', (text) => Buffer.from(text, 'utf16le')],
    ['preceded by a byte order mark', (text) => `\ufeff${text}`],
    ['followed by more', (text) => `${text}{}`],
    ['not JSON', (text) => text.replace('}', ',}')],
  ])('RFC 7519 §7.2: refuses a payload that is %s', async (_, rewritePayload) => {
    covers('7519-6', 'D4', 'D11', 'D15');
    await refuse({ rewritePayload }, 'token_malformed');
  });

  it('RFC 7519 §7.2: refuses a nested token', async () => {
    covers('7519-6', 'B18');
    const inner = issuer.token();
    await refuse({ header: { cty: '"JWT"' }, rewritePayload: () => inner }, 'token_malformed');
  });

  it.each<[string, string | undefined, RefusalReason]>([
    ['no iss', undefined, 'claim_missing'],
    ['an empty iss', '""', 'issuer_not_trusted'],
    ['an array', '["https://issuer.test"]', 'claim_malformed'],
    ['another case of the scheme', '"HTTPS://issuer.test"', 'issuer_not_trusted'],
    ['another case of the host', '"https://ISSUER.test"', 'issuer_not_trusted'],
    ['a trailing slash', '"https://issuer.test/"', 'issuer_not_trusted'],
    ['an encoded slash', '"https://issuer.test%2F"', 'issuer_not_trusted'],
    ['an encoded letter', '"https://%69ssuer.test"', 'issuer_not_trusted'],
    ['an explicit default port', '"https://issuer.test:443"', 'issuer_not_trusted'],
    ['user information', '"https://@issuer.test"', 'issuer_not_trusted'],
    ['a dot segment', '"https://issuer.test/."', 'issuer_not_trusted'],
    ['a longer host', '"https://issuer.test.evil.example"', 'issuer_not_trusted'],
    ['a part of it', '"https://issuer"', 'issuer_not_trusted'],
    ['a letter of another script', '"https://\u0456ssuer.test"', 'issuer_not_trusted'],
    ['a space after it', '"https://issuer.test "', 'issuer_not_trusted'],
  ])('RFC 7519 §4.1.1, §7.3: refuses %s as the issuer', async (_, iss, reason) => {
    covers('7519-7', 'E1');
    await refuse({ payload: { iss } }, reason);
    expect(issuer.requests).toEqual([]);
  });

  it('RFC 7519 §7.3: takes an escaped spelling of the same code points for the same issuer', async () => {
    covers('7519-7');
    await accept({ payload: { iss: '"https:\\/\\/\\u0069ssuer.test"' } });
  });
});
