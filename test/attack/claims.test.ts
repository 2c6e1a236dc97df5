import { beforeEach, describe, expect, it } from 'vitest';
import type { RefusalReason } from '../../src/index.js';
import { expectPassed, expectRepelled, mutated, useAttackApi } from '../support/attack-api.js';
import { expectAccepted, expectAnswer, invalidToken } from '../support/expect-answer.js';
import { TOKEN_EXPRESS_VERSIONS } from '../support/express-versions.js';
import type { JsonTexts } from '../support/raw-token.js';

const TOLERANCE = 5;
const LAST_DATE = 253_402_300_799;

const DATES = ['exp', 'nbf', 'iat'] as const;
// Those of RFC 9068, Auth0, Okta and Entra for the client.
const IDENTIFIERS = ['sub', 'jti', 'client_id', 'azp', 'cid', 'appid'] as const;

describe.each(TOKEN_EXPRESS_VERSIONS)('D: the claims of a token on %s', (_, express) => {
  const api = useAttackApi(express);

  /** The detail begins with what the rule was about, so that no other rule passes for it. */
  async function expectRefusal(payload: JsonTexts, reason: RefusalReason, about: string): Promise<void> {
    const token = mutated({ payload });
    const exchanges = await expectRepelled(api, { token, answer: invalidToken(reason) });
    for (const { refusals } of exchanges) expect(refusals[0]?.detail.split(' ')[0]).toBe(about);
  }

  const passed = (payload: JsonTexts) => expectPassed(api, api.issuer.token({ payload }));

  describe.each(DATES)('the date %s', (name) => {
    it.each(['"9999999999"', '""', 'null', 'true', 'false', '[]', '[1800003600]', '{}'])(
      'D5 (RFC 7519 §2, CVE-2026-44459): %s, which is no number, is refused',
      async (value) => {
        await expectRefusal({ [name]: value }, 'claim_malformed', name);
      },
    );

    it.each(['1e400', '-1e400', '1e308', '1e21', String(LAST_DATE + 1), '-1', '-0.5', '-1e-5', '-1800000000'])(
      'D5, K3 (CVE-2026-44459): %s, which no date is, is refused',
      async (value) => {
        await expectRefusal({ [name]: value }, 'claim_malformed', name);
      },
    );

    it.each([
      'NaN',
      'Infinity',
      '-Infinity',
      '.5',
      '5.',
      '+1',
      '0x6b49d200',
      '1_800_003_600',
      '1800003600n',
      'undefined',
    ])('D5, D15: %s, which is no JSON, is refused', async (value) => {
      await expectRefusal({ [name]: value }, 'token_malformed', 'the');
    });

    it('D5 (RFC 7519 §2): a fraction of a second and an exponent are good numbers', async () => {
      const seconds = name === 'exp' ? api.issuer.now + 60 : api.issuer.now - 60;
      expect((await passed({ [name]: `${seconds}.5` }))[name]).toBe(seconds + 0.5);
      expect((await passed({ [name]: `${seconds / 10}e1` }))[name]).toBe(seconds);
    });

    it('D10: milliseconds in place of seconds are refused', async () => {
      await expectRefusal({ [name]: String(api.issuer.clock.now()) }, 'claim_malformed', name);
    });
  });

  it.each(['0', '-0', '1', '0.5'])('D5: an exp of %s is long ago', async (exp) => {
    await expectRefusal({ exp }, 'token_expired', 'exp');
  });

  it.each(['nbf', 'iat'])('D5: a %s of 0 is long ago, which is no fault', async (name) => {
    expect((await passed({ [name]: '0' }))[name]).toBe(0);
  });

  it('D5, D9: an iat of 0 is too long ago where there is a greatest age', async () => {
    await api.restart({ maxTokenAgeSeconds: 3600 });
    await expectRefusal({ iat: '0' }, 'token_too_old', 'iat');
  });

  it('K3: the last second of the year 9999 is a date', async () => {
    expect((await passed({ exp: String(LAST_DATE) }))['exp']).toBe(LAST_DATE);
  });

  it.each(['rfc9068', 'jwt'] as const)(
    'D6 (RFC 9068 §2.2): a token without exp is refused, profile %s',
    async (profile) => {
      await api.restart({ profile });
      await expectRefusal({ exp: undefined }, 'claim_missing', 'exp');
    },
  );

  it.each([
    ['the very end', TOLERANCE],
    ['a second later', TOLERANCE + 1],
    ['half a second later', TOLERANCE + 0.5],
    ['a year later', 31_536_000],
  ])('D7 (RFC 7519 §4.1.4): a token is refused from exp plus the tolerance on: %s', async (_, ago) => {
    await expectRefusal({ exp: String(api.issuer.now - ago) }, 'token_expired', 'exp');
  });

  it.each([
    ['exp itself', 0],
    ['a second before the end', TOLERANCE - 1],
    ['a millisecond before the end', TOLERANCE - 0.001],
  ])('D7 (RFC 7519 §4.1.4): a token passes until exp plus the tolerance: %s', async (_, ago) => {
    const exp = (api.issuer.now - ago).toFixed(3);
    expect((await passed({ exp }))['exp']).toBe(Number(exp));
  });

  it('D7 (RFC 7519 §4.1.4): without tolerance, a token is refused at exp and passes before it', async () => {
    await api.restart({ clockToleranceSeconds: 0 });
    await expectRefusal({ exp: String(api.issuer.now) }, 'token_expired', 'exp');
    await passed({ exp: String(api.issuer.now + 1) });
  });

  it.each([
    ['with iat', {}],
    ['without iat', { iat: undefined }],
    ['with nbf', { nbf: '1800000000' }],
  ])('D7 (RFC 7519 §4.1.4): a token that the cache knows ends at the same second as any other: %s', async (_, more) => {
    await api.restart({ profile: 'jwt' });
    const token = api.issuer.token({ payload: { exp: String(api.issuer.now + 10), ...more } });
    await expectPassed(api, token);
    api.issuer.clock.advance(10 + TOLERANCE - 1);
    await expectAccepted(api, { token });
    api.issuer.clock.advance(1);
    expectAnswer(await api.send({ token }), invalidToken('token_expired'), api.realm);
    await expectAccepted(api);
  });

  describe.each(['nbf', 'iat'] as const)('the beginning %s', (name) => {
    it.each([
      ['half a second', TOLERANCE + 0.5],
      ['a second', TOLERANCE + 1],
      ['an hour', TOLERANCE + 3600],
      ['thousands of years', LAST_DATE - 1_800_000_000],
    ])('D8 (RFC 7519 §4.1.5): %s beyond the tolerance ahead is refused', async (_, ahead) => {
      await expectRefusal({ [name]: String(api.issuer.now + ahead) }, 'token_not_yet_valid', name);
    });

    it('D8 (RFC 7519 §4.1.5): up to the tolerance ahead passes', async () => {
      const date = api.issuer.now + TOLERANCE;
      expect((await passed({ [name]: String(date) }))[name]).toBe(date);
    });

    it('D8: a refusal is forgotten once the time has come', async () => {
      const token = api.issuer.token({ payload: { [name]: String(api.issuer.now + 60) } });
      expectAnswer(await api.send({ token }), invalidToken('token_not_yet_valid'), api.realm);
      api.issuer.clock.advance(60);
      await expectPassed(api, token);
    });
  });

  describe('a token that is made to last for ever', () => {
    beforeEach(() => api.restart({ maxTokenAgeSeconds: 3600, profile: 'jwt' }));
    const forever = { exp: String(LAST_DATE) };

    it('D9, K3: ends at the greatest age, cold and warm', async () => {
      const token = api.issuer.token({ payload: forever });
      await expectPassed(api, token);
      api.issuer.clock.advance(3600 + TOLERANCE);
      await expectAccepted(api, { token });
      api.issuer.clock.advance(1);
      expectAnswer(await api.send({ token }), invalidToken('token_too_old'), api.realm);
      await expectAccepted(api);
      expectAnswer(await api.send({ token }), invalidToken('token_too_old'), api.realm);
    });

    it('D9, K3: is refused without iat, so that its age cannot be hidden', async () => {
      await expectRefusal({ ...forever, iat: undefined }, 'claim_missing', 'iat,');
    });

    it('D9, K3: is refused with an iat that is yet to come, so that it does not stay young', async () => {
      await expectRefusal({ ...forever, iat: String(LAST_DATE - 1) }, 'token_not_yet_valid', 'iat');
    });

    it('D9, K3: is refused with an iat beyond the greatest age', async () => {
      const iat = String(api.issuer.now - 3600 - TOLERANCE - 1);
      await expectRefusal({ ...forever, iat }, 'token_too_old', 'iat');
    });
  });

  describe.each(IDENTIFIERS)('the identifier %s', (name) => {
    it.each(['1', '0', 'true', 'null', '["test-user"]', '[]', '{}', '{"length":1}', '""'])(
      'K6 (RFC 7519 §4.1, RFC 9068 §2.2): %s is refused',
      async (value) => {
        await expectRefusal({ [name]: value }, 'claim_malformed', name);
      },
    );

    it.each(['\\u0000', '\\t', '\\n', '\\r\\n', '\\u001b[2J', '\\u007f', '\\u0080', '\\u0085', '\\u009b2J', '\\u009f'])(
      'K8: the control character in "u%s" is refused, at its end and at its beginning',
      async (character) => {
        await expectRefusal({ [name]: `"u${character}"` }, 'claim_malformed', name);
        await api.restart({});
        await expectRefusal({ [name]: `"${character}u"` }, 'claim_malformed', name);
      },
    );

    it('K8: a control character of the C1 set is refused in UTF-8 too', async () => {
      await expectRefusal({ [name]: '"u\u009bv"' }, 'claim_malformed', name);
    });

    it('K8: letters that stand next to the control characters pass', async () => {
      const text = ' ~\u00a0\u00ff\u2028\u{1f600}';
      expect((await passed({ [name]: JSON.stringify(text) }))[name]).toBe(text);
    });
  });

  it.each(['1', 'true', 'null', '["https://api.test",1]', '[null]', '{}', '""', '["https://api.test",""]'])(
    'K6 (RFC 7519 §4.1.3): the aud %s is refused',
    async (aud) => {
      await expectRefusal({ aud }, 'claim_malformed', 'aud');
    },
  );

  it.each(['\\u0000', '\\n', '\\u007f', '\\u0085'])(
    'K8: an aud with "%s" in it is refused beside the right one too',
    async (character) => {
      const aud = `["https://api.test","https://other.test${character}"]`;
      await expectRefusal({ aud }, 'claim_malformed', 'aud');
    },
  );

  it.each([
    '1',
    'true',
    '{}',
    '[["read"]]',
    '["read",1]',
    '["read",null]',
    '["read admin"]',
    '["read",""]',
    '["read\\u0000"]',
  ])('K6 (RFC 6749 §3.3): the scope %s is refused', async (scope) => {
    await expectRefusal({ scope }, 'claim_malformed', 'scope');
  });

  it.each(['1', 'true', 'null', '{}', '[]', '["https://issuer.test"]'])(
    'K6 (RFC 7519 §4.1.1): the iss %s is refused',
    async (iss) => {
      await expectRefusal({ iss }, 'claim_malformed', 'iss');
    },
  );
});
