import { describe, expect, it } from 'vitest';
import { parseJoseHeader } from '../../src/jws/jose-header.js';
import { covers } from '../support/covers.js';
import { issuerRules } from '../support/issuer-rules.js';
import { toJsonObject } from '../support/json-object.js';
import type { JsonTexts } from '../support/raw-token.js';
import { reasonOf } from '../support/reason-of.js';
import { refused } from '../support/refused.js';

const rules = issuerRules({ algorithms: ['ES256', 'RS256'] });
const control = { alg: '"ES256"', typ: '"at+jwt"', kid: '"key-1"' };

const parse = (change: JsonTexts = {}) => refused(parseJoseHeader(toJsonObject({ ...control, ...change }), rules));

function expectRefusal(change: JsonTexts, reason: string): void {
  expect(reasonOf(parse())).toBe('accepted');
  expect(reasonOf(parse(change))).toBe(reason);
}

describe('parseJoseHeader', () => {
  it('RFC 7515 §4.1: gives the algorithm and the kid', () => {
    expect(parse()).toEqual({ algorithm: 'ES256', kid: 'key-1' });
  });

  it.each(['none', 'None', 'NONE', 'nOnE', 'none ', ''])('refuses the algorithm %j', (alg) => {
    covers('A1', 'A2');
    expectRefusal({ alg: JSON.stringify(alg) }, 'algorithm_not_allowed');
  });

  it.each([undefined, 'null', '1', 'true', '["none"]', '["ES256"]', '{"alg":"ES256"}'])(
    'refuses an alg that is no string: %s',
    (alg) => {
      covers('A2', '7515-1');
      expectRefusal({ alg }, 'token_malformed');
    },
  );

  it.each(['es256', 'Es256', 'ES256 ', ' ES256', 'ES256\u0000'])('compares alg to the letter: %j', (alg) => {
    covers('7515-1');
    expectRefusal({ alg: JSON.stringify(alg) }, 'algorithm_not_allowed');
  });

  it.each(['HS256', 'HS384', 'HS512'])('CVE-2015-9235: refuses the symmetric %s', (alg) => {
    covers('A4');
    expectRefusal({ alg: JSON.stringify(alg) }, 'algorithm_not_allowed');
  });

  it.each(['PS384', 'RS512', 'ES384', 'EdDSA'])('CVE-2026-22817: refuses %s, which the options do not name', (alg) => {
    covers('A7');
    expectRefusal({ alg: JSON.stringify(alg) }, 'algorithm_not_allowed');
    const wider = issuerRules({ algorithms: [alg] });
    expect(reasonOf(parseJoseHeader(toJsonObject({ ...control, alg: JSON.stringify(alg) }), wider))).toBe('accepted');
  });

  it.each([
    ['EdDSA', 'Ed25519'],
    ['Ed25519', 'EdDSA'],
  ])('RFC 9864: does not take %s where the options name %s', (sent, configured) => {
    covers('A11');
    const only = issuerRules({ algorithms: [configured] });
    const parseAlg = (alg: string) =>
      refused(parseJoseHeader(toJsonObject({ ...control, alg: JSON.stringify(alg) }), only));
    expect(reasonOf(parseAlg(configured))).toBe('accepted');
    expect(reasonOf(parseAlg(sent))).toBe('algorithm_not_allowed');
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('refuses the algorithm %j', (alg) => {
    covers('A10');
    expectRefusal({ alg: JSON.stringify(alg) }, 'algorithm_not_allowed');
  });

  it.each(['ES256K', 'ES521', 'RSA-OAEP', 'dir', 'ML-DSA-44'])('refuses %s, which it does not know', (alg) => {
    covers('8725-2');
    expectRefusal({ alg: JSON.stringify(alg) }, 'algorithm_not_allowed');
  });

  it.each(['1', 'null', 'true', '[]', '{}', '""', '"key-1"'])(
    'does not look at the kid %s of a shared secret',
    (kid) => {
      const rules = { algorithms: new Set(['HS256'] as const), requireKid: true, ignoreKid: false };
      const of = (header: JsonTexts) => parseJoseHeader(toJsonObject({ alg: '"HS256"', ...header }), rules);
      expect(of({ kid })).toEqual({ algorithm: 'HS256', kid: undefined });
      expect(reasonOf(refused(of({})))).toBe('kid_missing');
    },
  );

  it.each(['1', 'null', 'true', '[]', '["key-1"]', '{}', '""'])('refuses the kid %s', (kid) => {
    covers('C7', '7515-6');
    expectRefusal({ kid }, 'token_malformed');
  });

  it.each([
    '[]',
    '"exp"',
    'null',
    '[1]',
    '[""]',
    '["alg"]',
    '["exp"]',
    '["x"]',
    '["x","x"]',
    '["__proto__"]',
    '["b64"]',
    '["cnf"]',
    'false',
  ])('refuses crit %s, since no extension is supported', (crit) => {
    covers('C11', 'C13', '7515-3');
    expectRefusal({ crit }, 'critical_header_unsupported');
  });

  it('CVE-2026-35042: refuses a crit whose extension is there', () => {
    covers('C11');
    expect(reasonOf(parse({ x: '1' }))).toBe('accepted');
    expectRefusal({ x: '1', crit: '["x"]' }, 'critical_header_unsupported');
  });

  it.each(['false', 'true', 'null', '"false"'])('RFC 7797 §6: refuses b64 %s without crit', (b64) => {
    covers('C12');
    expectRefusal({ b64 }, 'critical_header_unsupported');
  });

  it('takes a header without kid, unless requireKid is set', () => {
    covers('K10', 'C8');
    expect(parse({ kid: undefined })).toEqual({ algorithm: 'ES256', kid: undefined });
    const strict = issuerRules({ requireKid: true });
    expect(reasonOf(refused(parseJoseHeader(toJsonObject({ alg: '"ES256"', kid: '"key-1"' }), strict)))).toBe(
      'accepted',
    );
    expect(reasonOf(refused(parseJoseHeader(toJsonObject({ alg: '"ES256"' }), strict)))).toBe('kid_missing');
  });

  it.each([
    { jwk: '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}' },
    { jku: '"https://evil.test/jwks"' },
    { x5u: '"http://169.254.169.254/"' },
    { x5c: '["not base64"]' },
    { x5t: '1' },
    { zip: '"DEF"' },
    { enc: '"A256GCM"' },
    { cty: '"JWT"' },
    { iss: '"https://evil.test"' },
  ])('reads nothing of the header member %j', (member) => {
    covers('K9', 'C2', 'C3', '7515-8');
    expect(parse(member)).toEqual(parse());
  });
});
