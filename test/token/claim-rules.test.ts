import { describe, expect, it } from 'vitest';
import {
  checkAudience,
  checkClient,
  checkNotBound,
  checkTime,
  parseValidatedClaims,
  type TimeRules,
  type ValidatedClaims,
} from '../../src/token/claim-rules.js';
import { covers } from '../support/covers.js';
import { toJsonObject } from '../support/json-object.js';
import type { JsonTexts } from '../support/raw-token.js';
import { reasonOf } from '../support/reason-of.js';

const NOW = 1_800_000_000;
const CLAIMS = {
  sub: '"test-user"',
  aud: '"https://api.test"',
  client_id: '"test-client"',
  iat: String(NOW),
  nbf: String(NOW),
  exp: String(NOW + 3600),
  jti: '"token-1"',
};

const parse = (change: JsonTexts = {}) => parseValidatedClaims(toJsonObject({ ...CLAIMS, ...change }));
const facts = (change: JsonTexts = {}) => parse(change) as ValidatedClaims;

/** No client but the one under test: the first one that is there counts. */
const NO_CLIENT = { client_id: undefined };

function expectMalformed(name: string, value: string | undefined, base: JsonTexts = {}): void {
  expect(reasonOf(parse(base))).toBe('accepted');
  expect(parse({ ...base, [name]: value })).toMatchObject({ reason: 'claim_malformed', detail: name });
}

describe('parseTokenFacts', () => {
  it('RFC 7519 §4.1: gives the claims that rules are about', () => {
    expect(parse()).toEqual({
      subject: 'test-user',
      clientId: 'test-client',
      audience: ['https://api.test'],
      expiresAt: NOW + 3600,
      notBefore: NOW,
      issuedAt: NOW,
      isBound: false,
    });
  });

  it('refuses a token without exp', () => {
    covers('D6');
    expect(reasonOf(parse())).toBe('accepted');
    expect(parse({ exp: undefined })).toMatchObject({ reason: 'claim_missing', detail: 'exp' });
  });

  it('takes no claim called undefined for the client', () => {
    const facts = parseValidatedClaims(toJsonObject({ exp: '1', undefined: '"admin"' }));
    expect(facts).toMatchObject({ clientId: undefined });
  });

  it('demands no claim but exp', () => {
    expect(parseValidatedClaims(toJsonObject({ exp: '1' }))).toEqual({
      subject: undefined,
      clientId: undefined,
      audience: [],
      expiresAt: 1,
      notBefore: undefined,
      issuedAt: undefined,
      isBound: false,
    });
  });

  it.each(['exp', 'nbf', 'iat'])('takes a fraction of a second in %s', (name) => {
    covers('D5', '7519-5');
    expect(reasonOf(parse({ [name]: `${NOW}.5` }))).toBe('accepted');
  });

  describe.each(['exp', 'nbf', 'iat'])('the date %s', (name) => {
    it.each(['"1800003600"', 'null', 'true', '[]', '[1800003600]', '{}'])('refuses the type of %s', (value) => {
      covers('D5', '7519-5');
      expectMalformed(name, value);
    });

    it.each(['1e400', '-1e400', '1e21', '253402300800', '-1', '-0.5'])(
      'CVE-2026-44459: refuses %s, which no date is',
      (value) => {
        covers('K3', 'D5');
        expectMalformed(name, value);
      },
    );

    it('refuses milliseconds', () => {
      covers('D10');
      expectMalformed(name, String((NOW + 3600) * 1000));
    });
  });

  it.each(['exp', 'nbf', 'iat'])('takes a %s of 0 for a date of long ago', (name) => {
    covers('D5');
    expect(reasonOf(parse({ [name]: '0' }))).toBe('accepted');
  });

  it('takes the last second of the year 9999', () => {
    covers('K3');
    expect(facts({ exp: '253402300799' }).expiresAt).toBe(253_402_300_799);
  });

  it.each(['sub', 'client_id', 'azp', 'cid', 'appid'])('refuses a %s that is no string', (name) => {
    covers('K6', 'D14');
    for (const value of ['1', '9007199254740993', '["u"]', '{}', 'null', 'true'])
      expectMalformed(name, value, NO_CLIENT);
  });

  it.each(['""', undefined])('Cloudflare Access: takes the sub %s for none', (sub) => {
    covers('D14');
    expect(facts({ sub: '"u"' }).subject).toBe('u');
    expect(facts({ sub }).subject).toBeUndefined();
  });

  it.each(['""', undefined])('takes the client_id %s for none, and looks on', (client_id) => {
    covers('D14');
    expect(facts({ client_id, azp: '"web"' }).clientId).toBe('web');
    expect(facts({ client_id, azp: '""', cid: '""', appid: '"app"' }).clientId).toBe('app');
    expect(facts({ client_id }).clientId).toBeUndefined();
  });

  it('has no form for what no rule looks at', () => {
    covers('D14');
    for (const value of ['1', '""', 'null', '[]', '{}', '"u\\u0000"']) {
      expect(facts({ jti: value, azp: value, cid: value, appid: value })).toEqual(facts({}));
    }
  });

  it.each(['sub', 'client_id', 'azp', 'cid', 'appid'])('refuses control characters in %s', (name) => {
    covers('K8', 'D12');
    for (const value of [
      '"u\\u0000"',
      '"\\u0009u"',
      '"u\\r\\nv"',
      '"\\u001b[2J"',
      '"\\u007f"',
      '"\\u0080"',
      '"u\\u009b2J"',
      '"\\u009f"',
    ]) {
      expectMalformed(name, value, NO_CLIENT);
    }
  });

  it.each(['\u0442est-user', '\u202etest-user', 'test-user\u0301'])(
    'keeps %j as it is, code point by code point',
    (sub) => {
      covers('D12');
      expect(facts({ sub: JSON.stringify(sub) }).subject).toBe(sub);
    },
  );

  it.each([
    [['client_id', 'azp', 'cid', 'appid'], 'client_id'],
    [['azp', 'cid', 'appid'], 'azp'],
    [['cid', 'appid'], 'cid'],
    [['appid'], 'appid'],
  ])('reads the client of a token with %j from %s', (present, expected) => {
    const claims = Object.fromEntries(present.map((name) => [name, JSON.stringify(`from ${name}`)]));
    expect(facts({ client_id: undefined, ...claims }).clientId).toBe(`from ${expected}`);
  });

  it.each([
    '""',
    'null',
    '{}',
    '1',
    '[["https://api.test"]]',
    '["https://api.test",1]',
    '["https://api.test",""]',
    '{"0":"https://api.test"}',
  ])('refuses the aud %s', (aud) => {
    covers('E2', 'K6', '7519-2');
    expectMalformed('aud', aud);
  });

  it('freezes the audience, which handlers get to see', () => {
    covers('E2');
    for (const aud of ['"https://api.test"', '["https://api.test"]', undefined]) {
      expect(Object.isFrozen(facts({ aud }).audience)).toBe(true);
    }
  });
});

describe('checkTime', () => {
  const at = (now: number, change: JsonTexts = {}, rules: Partial<TimeRules> = {}) =>
    reasonOf(checkTime(facts(change), { now, clockToleranceSeconds: 5, maxTokenAgeSeconds: undefined, ...rules }));

  it('RFC 7519 §4.1.4: lets exp pass by less than the tolerance', () => {
    covers('D7');
    expect(at(NOW + 3600)).toBe('accepted');
    expect(at(NOW + 3604.999)).toBe('accepted');
    expect(at(NOW + 3605)).toBe('token_expired');
  });

  it('refuses a token on exp, not only after it, where there is no tolerance', () => {
    covers('D7', '7519-3');
    expect(at(NOW + 3599.999, {}, { clockToleranceSeconds: 0 })).toBe('accepted');
    expect(at(NOW + 3600, {}, { clockToleranceSeconds: 0 })).toBe('token_expired');
  });

  it('expires a token without iat and nbf all the same', () => {
    covers('H21');
    expect(at(NOW + 3604, { iat: undefined, nbf: undefined })).toBe('accepted');
    expect(at(NOW + 3605, { iat: undefined, nbf: undefined })).toBe('token_expired');
  });

  it('refuses a token whose nbf lies in the future by more than the tolerance', () => {
    covers('D8', '7519-4');
    expect(at(NOW, { nbf: String(NOW + 5) })).toBe('accepted');
    expect(at(NOW, { nbf: String(NOW + 5.001) })).toBe('token_not_yet_valid');
  });

  it('refuses a token whose iat lies in the future by more than a minute, and more than the tolerance', () => {
    covers('D8', '7519-4');
    expect(at(NOW, { iat: String(NOW + 60) })).toBe('accepted');
    expect(at(NOW, { iat: String(NOW + 60.001) })).toBe('token_not_yet_valid');
    expect(at(NOW, { iat: String(NOW + 200) }, { clockToleranceSeconds: 200 })).toBe('accepted');
    expect(at(NOW, { iat: String(NOW + 200.001) }, { clockToleranceSeconds: 200 })).toBe('token_not_yet_valid');
    expect(at(NOW, { iat: String(NOW + 60) }, { maxTokenAgeSeconds: 10 })).toBe('accepted');
  });

  it('refuses a token that is older than maxTokenAgeSeconds and the tolerance', () => {
    covers('D9');
    expect(at(NOW + 65, {}, { maxTokenAgeSeconds: 60 })).toBe('accepted');
    expect(at(NOW + 65.001, {}, { maxTokenAgeSeconds: 60 })).toBe('token_too_old');
    expect(at(NOW + 65.001)).toBe('accepted');
  });

  it('demands iat where there is maxTokenAgeSeconds', () => {
    covers('D9');
    expect(at(NOW, {}, { maxTokenAgeSeconds: 60 })).toBe('accepted');
    expect(at(NOW, { iat: undefined }, { maxTokenAgeSeconds: 60 })).toBe('claim_missing');
    expect(at(NOW, { iat: undefined })).toBe('accepted');
  });
});

describe('checkAudience', () => {
  const check = (aud: string | undefined, accepted: readonly string[] = ['https://api.test']) =>
    reasonOf(checkAudience(facts({ aud }), accepted));

  it.each(['"https://api.test"', '["https://api.test"]', '["https://other.test","https://api.test"]'])(
    'accepts a token that names this server: %s',
    (aud) => {
      covers('7519-2');
      expect(check(aud)).toBe('accepted');
    },
  );

  it.each([
    undefined,
    '[]',
    '"https://other.test"',
    '"https://API.test"',
    '"https://api.test/"',
    '"https://api.tes"',
    '"https://api.test.evil"',
    '"https://other.test https://api.test"',
    '"https://api.test:443"',
    '" https://api.test"',
    '"https://api%2Etest"',
    '["https://other.test"]',
  ])('CVE-2020-26160: refuses the aud %s', (aud) => {
    covers('E2', 'E4', '7519-7');
    expect(check('"https://api.test"')).toBe('accepted');
    expect(check(aud)).toBe('audience_mismatch');
  });

  it('compares by code point, without Unicode normalization', () => {
    covers('E2');
    expect(check('"\u00e9"', ['\u00e9'])).toBe('accepted');
    expect(check('"e\u0301"', ['\u00e9'])).toBe('audience_mismatch');
  });

  it('finds this server among a hundred thousand audiences', () => {
    covers('E2');
    const many = JSON.stringify([...Array.from({ length: 100_000 }, (_, i) => `a${i}`), 'https://api.test']);
    expect(check(many)).toBe('accepted');
    expect(check(many, ['https://absent.test'])).toBe('audience_mismatch');
  });

  it('accepts any one of several audiences of this server', () => {
    expect(check('"b"', ['a', 'b'])).toBe('accepted');
    expect(check('"c"', ['a', 'b'])).toBe('audience_mismatch');
  });
});

describe('checkClient', () => {
  it('accepts the clients that are named, to the letter', () => {
    expect(reasonOf(checkClient(facts(), ['other', 'test-client']))).toBe('accepted');
    expect(reasonOf(checkClient(facts(), ['Test-Client']))).toBe('client_not_allowed');
  });

  it('refuses a token that names no client', () => {
    expect(reasonOf(checkClient(facts(), ['test-client']))).toBe('accepted');
    expect(reasonOf(checkClient(facts({ client_id: undefined }), ['test-client']))).toBe('client_not_allowed');
  });
});

describe('checkNotBound', () => {
  it.each([
    '{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}',
    '{"x5t#S256":"a"}',
    '{"kid":"k"}',
    '{}',
    'null',
    '[]',
    '"x"',
  ])('refuses a token with cnf %s under the Bearer scheme', (cnf) => {
    covers('9449-11', '8705-2');
    expect(reasonOf(checkNotBound(facts()))).toBe('accepted');
    expect(reasonOf(checkNotBound(facts({ cnf })))).toBe('binding_not_proven');
  });
});
