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

function expectMalformed(name: string, value: string | undefined): void {
  expect(reasonOf(parse())).toBe('accepted');
  expect(parse({ [name]: value })).toMatchObject({ reason: 'claim_malformed', detail: name });
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

  it('D6: refuses a token without exp', () => {
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

  it.each(['exp', 'nbf', 'iat'])('D5, 7519-5: takes a fraction of a second in %s', (name) => {
    expect(reasonOf(parse({ [name]: `${NOW}.5` }))).toBe('accepted');
  });

  describe.each(['exp', 'nbf', 'iat'])('the date %s', (name) => {
    it.each(['"1800003600"', 'null', 'true', '[]', '[1800003600]', '{}'])(
      'D5, 7519-5: refuses the type of %s',
      (value) => {
        expectMalformed(name, value);
      },
    );

    it.each(['1e400', '-1e400', '1e21', '253402300800', '-1', '-0.5'])(
      'K3, D5, CVE-2026-44459: refuses %s, which no date is',
      (value) => {
        expectMalformed(name, value);
      },
    );

    it('D10: refuses milliseconds', () => {
      expectMalformed(name, String((NOW + 3600) * 1000));
    });
  });

  it.each(['exp', 'nbf', 'iat'])('D5: takes a %s of 0 for a date of long ago', (name) => {
    expect(reasonOf(parse({ [name]: '0' }))).toBe('accepted');
  });

  it('K3: takes the last second of the year 9999', () => {
    expect(facts({ exp: '253402300799' }).expiresAt).toBe(253_402_300_799);
  });

  it.each(['sub', 'jti', 'client_id', 'azp', 'cid', 'appid'])('K6, D14: refuses a %s that is no string', (name) => {
    for (const value of ['1', '9007199254740993', '["u"]', '{}', 'null', 'true', '""']) expectMalformed(name, value);
  });

  it.each(['sub', 'jti', 'client_id', 'azp', 'cid', 'appid'])('K8, D12: refuses control characters in %s', (name) => {
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
      expectMalformed(name, value);
    }
  });

  it.each(['\u0442est-user', '\u202etest-user', 'test-user\u0301'])(
    'D12: keeps %j as it is, code point by code point',
    (sub) => {
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
  ])('E2, K6, 7519-2: refuses the aud %s', (aud) => {
    expectMalformed('aud', aud);
  });

  it('E2: freezes the audience, which handlers get to see', () => {
    for (const aud of ['"https://api.test"', '["https://api.test"]', undefined]) {
      expect(Object.isFrozen(facts({ aud }).audience)).toBe(true);
    }
  });
});

describe('checkTime', () => {
  const at = (now: number, change: JsonTexts = {}, rules: Partial<TimeRules> = {}) =>
    reasonOf(checkTime(facts(change), { now, clockToleranceSeconds: 5, maxTokenAgeSeconds: undefined, ...rules }));

  it('D7, RFC 7519 §4.1.4: lets exp pass by less than the tolerance', () => {
    expect(at(NOW + 3600)).toBe('accepted');
    expect(at(NOW + 3604.999)).toBe('accepted');
    expect(at(NOW + 3605)).toBe('token_expired');
  });

  it('D7, 7519-3: refuses a token on exp, not only after it, where there is no tolerance', () => {
    expect(at(NOW + 3599.999, {}, { clockToleranceSeconds: 0 })).toBe('accepted');
    expect(at(NOW + 3600, {}, { clockToleranceSeconds: 0 })).toBe('token_expired');
  });

  it('H21: expires a token without iat and nbf all the same', () => {
    expect(at(NOW + 3604, { iat: undefined, nbf: undefined })).toBe('accepted');
    expect(at(NOW + 3605, { iat: undefined, nbf: undefined })).toBe('token_expired');
  });

  it.each(['nbf', 'iat'])(
    'D8, 7519-4: refuses a token whose %s lies in the future by more than the tolerance',
    (name) => {
      expect(at(NOW, { [name]: String(NOW + 5) })).toBe('accepted');
      expect(at(NOW, { [name]: String(NOW + 5.001) })).toBe('token_not_yet_valid');
    },
  );

  it('D9: refuses a token that is older than maxTokenAgeSeconds and the tolerance', () => {
    expect(at(NOW + 65, {}, { maxTokenAgeSeconds: 60 })).toBe('accepted');
    expect(at(NOW + 65.001, {}, { maxTokenAgeSeconds: 60 })).toBe('token_too_old');
    expect(at(NOW + 65.001)).toBe('accepted');
  });

  it('D9: demands iat where there is maxTokenAgeSeconds', () => {
    expect(at(NOW, {}, { maxTokenAgeSeconds: 60 })).toBe('accepted');
    expect(at(NOW, { iat: undefined }, { maxTokenAgeSeconds: 60 })).toBe('claim_missing');
    expect(at(NOW, { iat: undefined })).toBe('accepted');
  });
});

describe('checkAudience', () => {
  const check = (aud: string | undefined, accepted: readonly string[] = ['https://api.test']) =>
    reasonOf(checkAudience(facts({ aud }), accepted));

  it.each(['"https://api.test"', '["https://api.test"]', '["https://other.test","https://api.test"]'])(
    '7519-2: accepts a token that names this server: %s',
    (aud) => {
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
  ])('E2, E4, 7519-7, CVE-2020-26160: refuses the aud %s', (aud) => {
    expect(check('"https://api.test"')).toBe('accepted');
    expect(check(aud)).toBe('audience_mismatch');
  });

  it('E2: compares by code point, without Unicode normalization', () => {
    expect(check('"\u00e9"', ['\u00e9'])).toBe('accepted');
    expect(check('"e\u0301"', ['\u00e9'])).toBe('audience_mismatch');
  });

  it('E2: finds this server among a hundred thousand audiences', () => {
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
  ])('I19, I21, 9449-11, 8705-2: refuses a token with cnf %s under the Bearer scheme', (cnf) => {
    expect(reasonOf(checkNotBound(facts()))).toBe('accepted');
    expect(reasonOf(checkNotBound(facts({ cnf })))).toBe('binding_not_proven');
  });
});
