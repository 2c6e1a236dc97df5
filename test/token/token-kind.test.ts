import { describe, expect, it } from 'vitest';
import type { Profile } from '../../src/issuer/shared-rules.js';
import { checkAnswerKind, checkKind, checkType } from '../../src/token/token-kind.js';
import { covers } from '../support/covers.js';
import { issuerRules } from '../support/issuer-rules.js';
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

const type = (typ: string | undefined, profile: Profile) =>
  reasonOf(checkType(toJsonObject({ typ }), issuerRules({ profile })));

function kind(change: JsonTexts, profile: Profile, header: JsonTexts = { typ: AT_JWT }): string {
  return reasonOf(checkKind(toJsonObject(header), toJsonObject({ ...CLAIMS, ...change }), issuerRules({ profile })));
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
    'kb+jwt',
    'sd-jwt',
    'passport',
    'entity-statement+jwt',
    'acme+jwt',
    'id_token',
    'Refresh',
  ])('refuses typ %s', (typ) => {
    covers('G2', '8725-9', '9701-2');
    expect(type(AT_JWT, profile)).toBe('accepted');
    expect(type(JSON.stringify(typ), profile)).toBe('token_type_not_allowed');
  });
});

describe('checkType', () => {
  it.each(['"JWT"', '"jwt"', '"application/jwt"', '"JOSE"', '"JWS"', '"access_token"', '"v1.acme"', undefined])(
    'takes typ %s in profile jwt alone',
    (typ) => {
      covers('G4');
      expect(type(typ, 'jwt')).toBe('accepted');
      expect(type(typ, 'rfc9068')).toBe('token_type_not_allowed');
    },
  );
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

const JWT = { typ: '"JWT"' };
/** What no claim beside it says: no client, no scope, no role. */
const BARE = { client_id: undefined };

describe('checkKind, words', () => {
  function expectForeign(change: JsonTexts): void {
    expect(kind({}, 'jwt', JWT)).toBe('accepted');
    expect([change, kind(change, 'jwt', JWT)]).toEqual([change, 'token_type_not_allowed']);
    expect([change, kind(change, 'jwt', { typ: AT_JWT })]).toEqual([change, 'accepted']);
    expect([change, kind(change, 'rfc9068', { typ: AT_JWT })]).toEqual([change, 'accepted']);
  }

  const claims = ['token_use', 'typ', 'token_type', 'use', 'token_usage', 'tokenName', 'tokenType', 'type', 'tty'];

  it.each([
    ...['id', 'ID', 'id_token', 'IdToken', 'id-token', 'ID Token', 'identity', 'Serialized-ID'],
    ...['refresh', 'refresh_token', 'RefreshToken', 'REFRESH_TOKEN', 'Refresh', 'oauth2_refresh_token', 'Offline'],
    ...['Logout', 'logout_token', 'code', 'authorization_code', 'authorizationCode', 'device_code'],
    ...['registration_access_token', 'mfa', 'verify-email', 'reset-credentials', 'N_A', 'MAC'],
    'urn:ietf:params:oauth:token-type:refresh_token',
    'urn:ietf:params:oauth:token-type:id_token',
  ])('RFC 8725 §3.12: refuses a token that a claim calls %s, unless its header says what it is', (word) => {
    covers('G2');
    for (const claim of claims) {
      expectForeign({ [claim]: JSON.stringify(word) });
      expectForeign({ [claim]: JSON.stringify([word]) });
      expect(kind({ [claim]: JSON.stringify(word), tokenKind: '"access_token"' }, 'jwt', JWT)).not.toBe('accepted');
    }
  });

  it.each([
    ...['access', 'access_token', 'Access', 'accessToken', 'Bearer', 'bearer', 'BEARER', 'Bearer ', 'DPoP', 'at', ''],
    ...['session', 'service', 'user', 'app', 'machine', 'JWT', 'token', 'urn:ietf:params:oauth:token-type:jwt'],
    ...['urn:ietf:params:oauth:token-type:access_token', 'offline_access', 'idp', 'coder', 'constructor'],
  ])('does not refuse a token that a claim calls %j', (word) => {
    covers('G4');
    for (const claim of claims) {
      expect([claim, kind({ [claim]: JSON.stringify(word) }, 'jwt', JWT)]).toEqual([claim, 'accepted']);
    }
  });

  it.each(['null', '1', 'true', '{}', '[]', '["access"]', '[1]', '{"refresh":true}'])('names nothing: %s', (value) => {
    covers('G4');
    for (const claim of claims) expect(kind({ [claim]: value }, 'jwt', JWT)).toBe('accepted');
  });
});

describe('checkKind, marks', () => {
  it.each(['{"http://schemas.openid.net/event/backchannel-logout":{}}', '{}', 'null'])(
    'RFC 8417 §2.2: refuses a token with events %s, whatever a claim calls it',
    (events) => {
      covers('G2');
      for (const claims of [{}, { token_use: '"access"' }]) {
        expect(kind(claims, 'jwt', JWT)).toBe('accepted');
        expect(kind({ ...claims, events }, 'jwt', JWT)).toBe('token_type_not_allowed');
      }
    },
  );

  it.each(['at_hash', 'c_hash', 's_hash'])(
    'refuses a token with %s, unless it says that it is an access token',
    (name) => {
      covers('G1', 'G4');
      const hash = { [name]: '"77QmUPtjPfzWtF2AnpK9RQ"' };
      expect(kind({}, 'jwt', JWT)).toBe('accepted');
      expect(kind(hash, 'jwt', JWT)).toBe('token_type_not_allowed');
      expect(kind({ ...hash, token_use: '"access"' }, 'jwt', JWT)).toBe('accepted');
      expect(kind({ ...hash, type: '"access"' }, 'jwt', JWT)).toBe('accepted');
      expect(kind({ ...hash, type: '"Bearer"' }, 'jwt', JWT)).toBe('token_type_not_allowed');
      expect(kind(hash, 'rfc9068')).toBe('accepted');
    },
  );

  it.each(['"JWT"', undefined])('refuses a nonce without client, scope or role where the typ is %s', (typ) => {
    covers('G1', 'G4');
    const nonce = { nonce: '"n-0S6_WzA2Mj"' };
    expect(kind(BARE, 'jwt', { typ })).toBe('accepted');
    expect(kind({ ...BARE, ...nonce }, 'jwt', { typ })).toBe('token_type_not_allowed');
    expect(kind({ ...BARE, ...nonce, typ: '"Bearer"' }, 'jwt', { typ })).toBe('accepted');
    expect(kind({ ...BARE, ...nonce }, 'jwt')).toBe('accepted');
  });

  it.each([
    ['client_id', '"web"'],
    ['cid', '"web"'],
    ['azp', '"web"'],
    ['appid', '"web"'],
    ['scope', '"read"'],
    ['scp', '["read"]'],
    ['roles', '["admin"]'],
    ['role', '"admin"'],
    ['realm_access', '{"roles":["admin"]}'],
    ['permissions', '["read"]'],
  ])('authentik: a nonce tells nothing beside %s', (name, value) => {
    covers('G4');
    expect(kind({ ...BARE, nonce: '"n-0S6_WzA2Mj"', [name]: value }, 'jwt', JWT)).toBe('accepted');
  });

  it('OpenID Connect Core §2: an ID token for its client is refused beside azp, with a nonce or without', () => {
    covers('G1');
    for (const nonce of [undefined, '"n-0S6_WzA2Mj"']) {
      const idToken = { ...BARE, azp: '"web"', nonce };
      expect(kind({ ...idToken, aud: '"https://api.test"' }, 'jwt', JWT)).toBe('accepted');
      expect(kind({ ...idToken, aud: '"web"' }, 'jwt', JWT)).toBe('token_type_not_allowed');
    }
  });
});

describe('acceptAnyTokenKind', () => {
  const rules = { profile: 'jwt', acceptAnyTokenKind: true } as const;
  const judge = (claims: JsonTexts) =>
    reasonOf(checkKind(toJsonObject(JWT), toJsonObject({ ...CLAIMS, ...claims }), rules));
  const judgeType = (typ: string) => reasonOf(checkType(toJsonObject({ typ: JSON.stringify(typ) }), rules));

  it.each([
    ['at_hash', '"77QmUPtjPfzWtF2AnpK9RQ"'],
    ['token_use', '"id"'],
    ['events', '{}'],
    ['granted_scopes', '["read"]'],
  ])('lets a token with %s pass', (name, value) => {
    covers('G4');
    expect(kind({ [name]: value }, 'jwt', JWT)).toBe('token_type_not_allowed');
    expect(judge({ [name]: value })).toBe('accepted');
  });

  it.each([
    ...['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'token-introspection+jwt', 'statuslist+jwt', 'kb+jwt', 'sd-jwt'],
    ...['application/logout+jwt', 'LOGOUT+JWT', 'oauth-authz-req+jwt', 'entity-statement+jwt', 'passport'],
    ...['client-authentication+jwt', 'oi_reft+jwt', 'refresh+jwt', 'id_token+jwt', 'id_token'],
  ])('RFC 8725 §3.11: leaves typ %s refused', (typ) => {
    covers('G2');
    expect(judgeType('JWT')).toBe('accepted');
    expect(judgeType(typ)).toBe('token_type_not_allowed');
  });

  it.each(['"access"', undefined])(
    'RFC 7662 §2.2: leaves an introspection answer refused that names a refresh token, with the scope %s',
    (scope) => {
      covers('G4');
      const judgeAnswer = (answer: JsonTexts) =>
        reasonOf(checkAnswerKind(toJsonObject({ active: 'true', scope, at_hash: '"x"', ...answer }), rules));
      expect(judgeAnswer({ token_use: '"access_token"' })).toBe('accepted');
      expect(judgeAnswer({ token_use: '"refresh_token"' })).toBe('token_type_not_allowed');
    },
  );

  it('takes a media type that nobody knows', () => {
    covers('G4');
    expect(type('"acme+jwt"', 'jwt')).toBe('token_type_not_allowed');
    expect(judgeType('acme+jwt')).toBe('accepted');
    expect(reasonOf(checkType(toJsonObject({ typ: '1' }), rules))).toBe('token_type_not_allowed');
  });

  it('changes nothing of profile rfc9068', () => {
    covers('G3');
    const strict = { ...rules, profile: 'rfc9068' } as const;
    expect(reasonOf(checkType(toJsonObject(JWT), strict))).toBe('token_type_not_allowed');
    expect(
      reasonOf(checkKind(toJsonObject({ typ: AT_JWT }), toJsonObject({ ...CLAIMS, jti: undefined }), strict)),
    ).toBe('claim_missing');
  });
});
