import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { covers } from '../support/covers.js';
import { expectAccepted, expectRefused, invalidToken } from '../support/expect-answer.js';
import { startTestIssuerApi, type TestIssuerApi, withClaims, withTokenHeader } from '../support/guarded-api.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { toSegment } from '../support/raw-token.js';

describe("RFC 9068, with profile: 'rfc9068': whatever fails is invalid_token", () => {
  covers('9068-8');
  let api: TestIssuerApi;

  beforeAll(async () => {
    api = await startTestIssuerApi({
      issuer: { algorithms: ['ES256', 'RS256', 'PS256'] },
      verifier: { profile: 'rfc9068', algorithms: ['ES256', 'RS256'] },
    });
  });
  afterAll(() => api.close());

  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'APPLICATION/AT+JWT'])(
    'RFC 9068 §4: accepts the type %s',
    async (typ) => {
      covers('9068-1', 'G3');
      await expectAccepted(api, withTokenHeader({ typ }));
    },
  );

  it.each<[unknown]>([
    [undefined],
    ['JWT'],
    ['jwt'],
    ['at+jwt '],
    [' at+jwt'],
    ['at+jwt;x=y'],
    ['/at+jwt'],
    ['text/at+jwt'],
    ['application/application/at+jwt'],
    ['at jwt'],
    [''],
    [1],
    [null],
    [['at+jwt']],
    [{ 'at+jwt': true }],
    ['dpop+jwt'],
    ['logout+jwt'],
    ['token-introspection+jwt'],
    ['secevent+jwt'],
    ['statuslist+jwt'],
    ['oauth-authz-req+jwt'],
  ])('RFC 9068 §4: refuses the type %j', async (typ) => {
    covers('9068-1', 'G2', 'G3');
    await expectRefused(api, withTokenHeader({ typ }), invalidToken('token_type_not_allowed'));
  });

  it('RFC 9068 §4: refuses an iss that differs from the issuer by a trailing slash', async () => {
    covers('9068-2');
    await expectRefused(api, withClaims({ iss: 'https://issuer.test/' }), invalidToken('issuer_not_trusted'));
  });

  it('RFC 9068 §4: refuses an aud without its identifier', async () => {
    covers('9068-3');
    await expectRefused(api, withClaims({ aud: ['https://other.test'] }), invalidToken('audience_mismatch'));
  });

  it.each(['none', 'None', 'NONE', 'nOnE', 'none ', '', 'HS256', 'es256', '__proto__', 'constructor'])(
    'RFC 9068 §4: refuses the algorithm %j, with a signature and without',
    async (alg) => {
      covers('9068-4', 'A1', 'A2', 'A10');
      const token = await api.issuer.token({ scope: 'orders:read' });
      const [, payload, signature] = token.split('.');
      const header = toSegment(JSON.stringify({ alg, typ: 'at+jwt', kid: 'es256-1' }));
      const signed = { token: `${header}.${payload}.${signature}` };
      await expectRefused(api, signed, invalidToken('algorithm_not_allowed'), { token });
      const reason = /^none$/i.test(alg) ? 'algorithm_not_allowed' : 'token_malformed';
      await expectRefused(api, { token: `${header}.${payload}.` }, invalidToken(reason), { token });
    },
  );

  it('RFC 9068 §4: refuses a real signature by an algorithm that is not accepted', async () => {
    covers('9068-4', 'A7');
    await expectRefused(api, { claims: { algorithm: 'PS256' } }, invalidToken('algorithm_not_allowed'));
  });

  it('RFC 9068 §4: refuses a signature by a key that is not the issuer’s', async () => {
    covers('9068-4');
    const forger = new RawIssuer({ kid: 'es256-1' });
    forger.clock.advance((api.issuer.now() - forger.clock.now()) / 1000);
    const forged = forger.token({ payload: { scope: '"orders:read"' } });
    await expectRefused(api, { token: forged }, invalidToken('signature_invalid'));
  });

  it('RFC 9068 §4: refuses claims that were changed after the signature', async () => {
    covers('9068-4');
    const token = await api.issuer.token({ scope: 'orders:read' });
    const [header, payload = '', signature] = token.split('.');
    const text = Buffer.from(payload, 'base64url').toString().replace('test-user', 'test-root');
    const changed = `${header}.${toSegment(text)}.${signature}`;
    await expectRefused(api, { token: changed }, invalidToken('signature_invalid'), { token });
  });

  it('RFC 9068 §4: refuses a token after exp', async () => {
    covers('9068-5');
    await expectRefused(api, { claims: { expiresInSeconds: -60 } }, invalidToken('token_expired'));
  });

  it.each(['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'])(
    'RFC 9068 §2.2: refuses a token without %s',
    async (name) => {
      covers('9068-6');
      const { refusals } = await expectRefused(api, withClaims({ [name]: undefined }), invalidToken('claim_missing'));
      expect(refusals[0]?.detail).toBe(name);
    },
  );

  it('RFC 9068 §2.1: supports RS256', async () => {
    covers('9068-7');
    await expectAccepted(api, { claims: { algorithm: 'RS256' } });
    await expectRefused(api, { claims: { algorithm: 'RS256', expiresInSeconds: -60 } }, invalidToken('token_expired'), {
      claims: { algorithm: 'RS256' },
    });
  });

  it('RFC 9068 §4: refuses an encrypted token', async () => {
    covers('9068-9', 'B17');
    const header = toSegment(JSON.stringify({ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt' }));
    await expectRefused(api, { token: `${header}..AAAA.AAAA.AAAA` }, invalidToken('token_encrypted'));
  });

  it('RFC 9068 §5: refuses an ID token of the same issuer for the same audience', async () => {
    covers('G1');
    const idToken = { header: { typ: 'JWT' }, claims: { nonce: 'n', at_hash: 'h', scope: 'orders:read' } };
    await expectRefused(api, { claims: idToken }, invalidToken('token_type_not_allowed'));
  });
});

describe("RFC 9068, with profile: 'jwt'", () => {
  let api: TestIssuerApi;

  beforeAll(async () => {
    api = await startTestIssuerApi({});
  });
  afterAll(() => api.close());

  it.each(['sub', 'client_id', 'iat', 'jti'])(
    'RFC 9068 §2.2: the profile for other issuers does without %s',
    async (name) => {
      covers('9068-6');
      await expectAccepted(api, { claims: { claims: { [name]: undefined } } });
    },
  );

  it.each(['iss', 'exp'])('RFC 7519 §4.1: no profile does without %s', async (name) => {
    covers('9068-6');
    const call = { claims: { claims: { [name]: undefined } } };
    await expectRefused(api, call, invalidToken('claim_missing'));
  });

  it.each(['JWT', undefined])('RFC 8725 §3.11: the profile for other issuers accepts the type %s', async (typ) => {
    covers('G4');
    await expectAccepted(api, { claims: { header: { typ } } });
  });

  it.each([
    ['an at_hash', { at_hash: 'h' }],
    ['a c_hash', { c_hash: 'h' }],
    ['events', { events: {} }],
    ['token_use id', { token_use: 'id' }],
    ['typ Refresh', { typ: 'Refresh' }],
  ])('RFC 8725 §3.12: refuses another kind of token by its mark: %s', async (_, claims) => {
    covers('G1', 'G4');
    const control = { claims: { header: { typ: 'JWT' } } };
    const call = { claims: { ...control.claims, claims } };
    await expectRefused(api, call, invalidToken('token_type_not_allowed'), control);
  });
});
