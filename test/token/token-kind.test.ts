import { describe, expect, it } from 'vitest';
import type { Profile } from '../../src/issuer/shared-rules.js';
import { checkKind, checkType } from '../../src/token/token-kind.js';
import { covers } from '../support/covers.js';
import { toJsonObject } from '../support/json-object.js';
import type { JsonTexts } from '../support/raw-token.js';
import { reasonOf } from '../support/reason-of.js';

const PROFILES: readonly Profile[] = ['jwt', 'rfc9068'];
const AT_JWT = '"at+jwt"';
const CLAIMS = {
  iss: '"https://issuer.test"',
  aud: '"https://api.test"',
  sub: '"test-user"',
  client_id: '"test-client"',
  iat: '1800000000',
  exp: '1800003600',
  jti: '"token-1"',
};

const type = (typ: string | undefined, profile: Profile) => reasonOf(checkType(toJsonObject({ typ }), profile));

function kind(change: JsonTexts, profile: Profile, header: JsonTexts = { typ: AT_JWT }): string {
  return reasonOf(checkKind(toJsonObject(header), toJsonObject({ ...CLAIMS, ...change }), profile));
}

describe.each(PROFILES)('checkType, profile %s', (profile) => {
  it.each(['at+jwt', 'AT+JWT', 'At+Jwt', 'application/at+jwt', 'APPLICATION/AT+JWT'])(
    'takes typ %s for an access token',
    (typ) => {
      covers('G3', '9068-1');
      expect(type(JSON.stringify(typ), profile)).toBe('accepted');
    },
  );

  it.each([
    'at+jwt ',
    ' at+jwt',
    'at+jwt;x',
    'at+jwt\n',
    '/at+jwt',
    'application/',
    'application//at+jwt',
    'text/at+jwt',
    'at jwt',
    'at+jwt+jwt',
    '',
  ])('refuses typ %j', (typ) => {
    covers('G3');
    expect(type(AT_JWT, profile)).toBe('accepted');
    expect(type(JSON.stringify(typ), profile)).toBe('token_type_not_allowed');
  });

  it.each(['["at+jwt"]', '["JWT"]', '1', 'null', 'true', '{}'])('refuses a typ that is no string: %s', (typ) => {
    covers('G3');
    expect(type(AT_JWT, profile)).toBe('accepted');
    expect(type(typ, profile)).toBe('token_type_not_allowed');
  });

  it.each([
    'dpop+jwt',
    'logout+jwt',
    'token-introspection+jwt',
    'secevent+jwt',
    'statuslist+jwt',
    'oauth-authz-req+jwt',
    'id_token+jwt',
    'refresh+jwt',
    'client-authentication+jwt',
    'application/logout+jwt',
    'JOSE',
  ])('refuses typ %s', (typ) => {
    covers('G2', '8725-9', '9701-2');
    expect(type(AT_JWT, profile)).toBe('accepted');
    expect(type(JSON.stringify(typ), profile)).toBe('token_type_not_allowed');
  });
});

describe('checkType', () => {
  it.each(['"JWT"', '"jwt"', '"application/jwt"', undefined])('takes typ %s in profile jwt alone', (typ) => {
    covers('G4');
    expect(type(typ, 'jwt')).toBe('accepted');
    expect(type(typ, 'rfc9068')).toBe('token_type_not_allowed');
  });
});

describe('checkKind, tokens that nothing names, RFC 8725 §3.12', () => {
  const idToken = { client_id: undefined, jti: undefined };

  it.each([
    ['auth_time', '1799999999'],
    ['amr', '["pwd"]'],
    ['acr', '"1"'],
  ])('OpenID Connect Core §2: takes %s without client, scope or role for the mark of an ID token', (name, value) => {
    covers('G1');
    const header = { typ: '"JWT"' };
    expect(kind(idToken, 'jwt', header)).toBe('accepted');
    expect(kind({ ...idToken, [name]: value }, 'jwt', header)).toBe('token_type_not_allowed');
    for (const [claim, grant] of [
      ['client_id', '"test-client"'],
      ['azp', '"test-client"'],
      ['scope', '"read"'],
      ['roles', '["admin"]'],
      ['role', '"admin"'],
      ['realm_access', '{"roles":["admin"]}'],
    ] as const) {
      expect([claim, kind({ ...idToken, [name]: value, [claim]: grant }, 'jwt', header)]).toEqual([claim, 'accepted']);
    }
    expect(kind({ ...idToken, [name]: value }, 'jwt', { typ: AT_JWT })).toBe('accepted');
  });

  it.each([
    'code',
    'authorization_code',
    'auth_code',
    'logout',
    'logout_token',
    'password_reset',
    'email_verification',
    'invite',
  ])('refuses a token that says it is for one step alone: %s', (word) => {
    covers('G2');
    for (const claim of ['token_type', 'type', 'purpose', 'tokenType', 'tokenName']) {
      expect(kind({ [claim]: '"access_token"' }, 'jwt', { typ: '"JWT"' })).toBe('accepted');
      expect([claim, kind({ [claim]: JSON.stringify(word) }, 'jwt', { typ: '"JWT"' })]).toEqual([
        claim,
        'token_type_not_allowed',
      ]);
    }
  });
});

describe('checkKind', () => {
  it.each(['aud', 'sub', 'client_id', 'iat', 'jti'])('demands the claim %s in profile rfc9068 alone', (name) => {
    covers('9068-6');
    expect(kind({}, 'rfc9068')).toBe('accepted');
    expect(kind({ [name]: undefined }, 'rfc9068')).toBe('claim_missing');
    expect(kind({ [name]: undefined }, 'jwt')).toBe('accepted');
  });
});

describe.each(PROFILES)('checkKind, profile %s', (profile) => {
  function expectForeign(change: JsonTexts): void {
    expect(kind({}, profile)).toBe('accepted');
    expect(kind(change, profile)).toBe('token_type_not_allowed');
  }

  it.each(['"id"', '"refresh"', '"Access"', 'null', '["access"]'])('refuses the token_use %s', (token_use) => {
    covers('G2');
    expectForeign({ token_use });
    expect(kind({ token_use: '"access"' }, profile)).toBe('accepted');
  });

  it.each(['"ID"', '"Refresh"', '"Offline"', '"Logout"', '"bearer"', 'null', '["Bearer"]'])(
    'refuses the claim typ %s',
    (typ) => {
      covers('G2');
      expectForeign({ typ });
      expect(kind({ typ: '"Bearer"' }, profile)).toBe('accepted');
      expect(kind({ typ: '"DPoP"' }, profile)).toBe('accepted');
    },
  );

  it.each(['{"http://schemas.openid.net/event/backchannel-logout":{}}', '{}', 'null'])(
    'RFC 8417 §2.2: refuses a token with events %s',
    (events) => {
      covers('G2');
      expectForeign({ events });
    },
  );

  it.each(['at_hash', 'c_hash', 's_hash'])('refuses a token with %s, as ID tokens have it', (name) => {
    covers('G1', 'G4');
    expectForeign({ [name]: '"77QmUPtjPfzWtF2AnpK9RQ"' });
  });

  it.each(['"JWT"', undefined])('refuses a nonce where the typ is %s', (typ) => {
    covers('G1', 'G4');
    expect(kind({}, profile, { typ })).toBe('accepted');
    expect(kind({ nonce: '"n-0S6_WzA2Mj"' }, profile, { typ })).toBe('token_type_not_allowed');
  });

  it('takes a nonce where the header says that it is an access token', () => {
    covers('G4');
    expect(kind({ nonce: '"n-0S6_WzA2Mj"' }, profile, { typ: '"application/at+jwt"' })).toBe('accepted');
  });

  it('takes a nonce where the claim typ says that it is an access token', () => {
    covers('G4');
    expect(kind({ nonce: '"n-0S6_WzA2Mj"', typ: '"Bearer"' }, profile, { typ: '"JWT"' })).toBe('accepted');
  });
});
