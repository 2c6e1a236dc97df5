import { beforeEach, describe, expect, it } from 'vitest';
import type { RefusalReason } from '../../src/index.js';
import {
  type AttackApi,
  expectAttackRefused,
  expectTokenAccepted,
  mutated,
  startAttackApi,
} from '../support/attack-api.js';
import { covers } from '../support/covers.js';
import { expectAccepted, expectAnswer, invalidToken } from '../support/expect-answer.js';
import type { JsonTexts } from '../support/raw-token.js';

const TOLERANCE = 5;
const LAST_DATE = 253_402_300_799;

const DATES = ['exp', 'nbf', 'iat'] as const;
// Those of RFC 9068, Auth0, Okta and Entra for the client.
const IDENTIFIERS = ['sub', 'client_id', 'azp', 'cid', 'appid'] as const;

describe('D: the claims of a token', () => {
  let api: AttackApi;

  beforeEach(async () => {
    api = await startAttackApi();
  });

  /** The detail begins with what the rule was about, so that no other rule passes for it. */
  async function expectRefusal(
    payload: JsonTexts,
    reason: RefusalReason,
    about: string,
    base: JsonTexts = {},
  ): Promise<void> {
    const [token, control] = [mutated({ payload: { ...base, ...payload } }), mutated({ payload: base })];
    const exchanges = await expectAttackRefused(api, { token, control, answer: invalidToken(reason) });
    for (const { refusals } of exchanges) expect(refusals[0]?.detail.split(' ')[0]).toBe(about);
  }

  const passed = (payload: JsonTexts) => expectTokenAccepted(api, api.issuer.token({ payload }));

  describe.each(DATES)('the date %s', (name) => {
    it.each(['"9999999999"', '""', 'null', 'true', 'false', '[]', '[1800003600]', '{}'])(
      'RFC 7519 §2, CVE-2026-44459: %s, which is no number, is refused',
      async (value) => {
        covers('D5');
        await expectRefusal({ [name]: value }, 'claim_malformed', name);
      },
    );

    it.each(['1e400', '-1e400', '1e308', '1e21', String(LAST_DATE + 1), '-1', '-0.5', '-1e-5', '-1800000000'])(
      'CVE-2026-44459: %s, which no date is, is refused',
      async (value) => {
        covers('D5', 'K3');
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
    ])('%s, which is no JSON, is refused', async (value) => {
      covers('D5', 'D15');
      await expectRefusal({ [name]: value }, 'token_malformed', 'the');
    });

    it('RFC 7519 §2: a fraction of a second and an exponent are good numbers', async () => {
      covers('D5');
      const seconds = name === 'exp' ? api.issuer.now + 60 : api.issuer.now - 60;
      expect((await passed({ [name]: `${seconds}.5` }))[name]).toBe(seconds + 0.5);
      expect((await passed({ [name]: `${seconds / 10}e1` }))[name]).toBe(seconds);
    });

    it('milliseconds in place of seconds are refused', async () => {
      covers('D10');
      await expectRefusal({ [name]: String(api.issuer.clock.now()) }, 'claim_malformed', name);
    });
  });

  it.each(['0', '-0', '1', '0.5'])('an exp of %s is long ago', async (exp) => {
    covers('D5');
    await expectRefusal({ exp }, 'token_expired', 'exp');
  });

  it.each(['nbf', 'iat'])('a %s of 0 is long ago, which is no fault', async (name) => {
    covers('D5');
    expect((await passed({ [name]: '0' }))[name]).toBe(0);
  });

  it('an iat of 0 is too long ago where there is a greatest age', async () => {
    covers('D5', 'D9');
    api = await startAttackApi({ verifier: { maxTokenAgeSeconds: 3600 } });
    await expectRefusal({ iat: '0' }, 'token_too_old', 'iat');
  });

  it('the last second of the year 9999 is a date', async () => {
    covers('K3');
    expect((await passed({ exp: String(LAST_DATE) }))['exp']).toBe(LAST_DATE);
  });

  it.each(['rfc9068', 'jwt'] as const)('RFC 9068 §2.2: a token without exp is refused, profile %s', async (profile) => {
    covers('D6');
    api = await startAttackApi({ verifier: { profile } });
    await expectRefusal({ exp: undefined }, 'claim_missing', 'exp');
  });

  it.each([
    ['the very end', TOLERANCE],
    ['a second later', TOLERANCE + 1],
    ['half a second later', TOLERANCE + 0.5],
    ['a year later', 31_536_000],
  ])('RFC 7519 §4.1.4: a token is refused from exp plus the tolerance on: %s', async (_, ago) => {
    covers('D7');
    await expectRefusal({ exp: String(api.issuer.now - ago) }, 'token_expired', 'exp');
  });

  it.each([
    ['exp itself', 0],
    ['a second before the end', TOLERANCE - 1],
    ['a millisecond before the end', TOLERANCE - 0.001],
  ])('RFC 7519 §4.1.4: a token passes until exp plus the tolerance: %s', async (_, ago) => {
    covers('D7');
    const exp = (api.issuer.now - ago).toFixed(3);
    expect((await passed({ exp }))['exp']).toBe(Number(exp));
  });

  it('RFC 7519 §4.1.4: without tolerance, a token is refused at exp and passes before it', async () => {
    covers('D7');
    api = await startAttackApi({ verifier: { clockToleranceSeconds: 0 } });
    await expectRefusal({ exp: String(api.issuer.now) }, 'token_expired', 'exp');
    await passed({ exp: String(api.issuer.now + 1) });
  });

  it.each([
    ['with iat', {}],
    ['without iat', { iat: undefined }],
    ['with nbf', { nbf: '1800000000' }],
  ])('RFC 7519 §4.1.4: a token that the cache knows ends at the same second as any other: %s', async (_, more) => {
    covers('D7');
    api = await startAttackApi({ verifier: { profile: 'jwt' } });
    const token = api.issuer.token({ payload: { exp: String(api.issuer.now + 10), ...more } });
    await expectTokenAccepted(api, token);
    api.issuer.clock.advance(10 + TOLERANCE - 1);
    await expectAccepted(api, { token });
    api.issuer.clock.advance(1);
    expectAnswer(await api.send({ token }), invalidToken('token_expired'), api.realm);
    await expectAccepted(api);
  });

  describe.each([
    ['nbf', TOLERANCE],
    // No RFC asks to refuse it: clocks that differ by less than a minute turn nobody away.
    ['iat', 60],
  ] as const)('the beginning %s', (name, most) => {
    it.each([
      ['half a second', 0.5],
      ['a second', 1],
      ['an hour', 3600],
      ['thousands of years', LAST_DATE - 1_800_000_000 - 60],
    ])('RFC 7519 §4.1.5, §4.1.6: %s more than may be ahead is refused', async (_, more) => {
      covers('D8');
      await expectRefusal({ [name]: String(api.issuer.now + most + more) }, 'token_not_yet_valid', name);
    });

    it('RFC 7519 §4.1.5, §4.1.6: what may be ahead passes', async () => {
      covers('D8');
      const date = api.issuer.now + most;
      expect((await passed({ [name]: String(date) }))[name]).toBe(date);
    });

    it('a refusal is forgotten once the time has come', async () => {
      covers('D8');
      const token = api.issuer.token({ payload: { [name]: String(api.issuer.now + 120) } });
      expectAnswer(await api.send({ token }), invalidToken('token_not_yet_valid'), api.realm);
      api.issuer.clock.advance(120);
      await expectTokenAccepted(api, token);
    });
  });

  describe('a token that is made to last for ever', () => {
    beforeEach(async () => {
      api = await startAttackApi({ verifier: { maxTokenAgeSeconds: 3600, profile: 'jwt' } });
    });
    const forever = { exp: String(LAST_DATE) };

    it('ends at the greatest age, cold and warm', async () => {
      covers('D9', 'K3');
      const token = api.issuer.token({ payload: forever });
      await expectTokenAccepted(api, token);
      api.issuer.clock.advance(3600 + TOLERANCE);
      await expectAccepted(api, { token });
      api.issuer.clock.advance(1);
      expectAnswer(await api.send({ token }), invalidToken('token_too_old'), api.realm);
      await expectAccepted(api);
      expectAnswer(await api.send({ token }), invalidToken('token_too_old'), api.realm);
    });

    it('is refused without iat, so that its age cannot be hidden', async () => {
      covers('D9', 'K3');
      await expectRefusal({ ...forever, iat: undefined }, 'claim_missing', 'iat,');
    });

    it('is refused with an iat that is yet to come, so that it does not stay young', async () => {
      covers('D9', 'K3');
      await expectRefusal({ ...forever, iat: String(LAST_DATE - 1) }, 'token_not_yet_valid', 'iat');
    });

    it('is refused with an iat beyond the greatest age', async () => {
      covers('D9', 'K3');
      const iat = String(api.issuer.now - 3600 - TOLERANCE - 1);
      await expectRefusal({ ...forever, iat }, 'token_too_old', 'iat');
    });
  });

  describe.each(IDENTIFIERS)('the identifier %s', (name) => {
    // No client but the one under test.
    const bare = name === 'sub' ? {} : { client_id: undefined };

    beforeEach(async () => {
      api = await startAttackApi({ verifier: { profile: 'jwt' } });
    });

    it.each(['1', '0', 'true', 'null', '["test-user"]', '[]', '{}', '{"length":1}'])(
      'RFC 7519 §4.1, RFC 9068 §2.2: %s, which a handler could take for another, is refused',
      async (value) => {
        covers('K6');
        await expectRefusal({ [name]: value }, 'claim_malformed', name, bare);
      },
    );

    it('Cloudflare Access: an empty text counts as none', async () => {
      covers('K6');
      await passed({ ...bare, [name]: '""' });
    });

    it.each(['\\u0000', '\\t', '\\n', '\\r\\n', '\\u001b[2J', '\\u007f', '\\u0080', '\\u0085', '\\u009b2J', '\\u009f'])(
      'the control character in "u%s" is refused, at its end and at its beginning',
      async (character) => {
        covers('K8');
        await expectRefusal({ [name]: `"u${character}"` }, 'claim_malformed', name, bare);
        api = await startAttackApi({ verifier: { profile: 'jwt' } });
        await expectRefusal({ [name]: `"${character}u"` }, 'claim_malformed', name, bare);
      },
    );

    it('a control character of the C1 set is refused in UTF-8 too', async () => {
      covers('K8');
      await expectRefusal({ [name]: '"u\u009bv"' }, 'claim_malformed', name, bare);
    });

    it('letters that stand next to the control characters pass', async () => {
      covers('K8');
      const text = ' ~\u00a0\u00ff\u2028\u{1f600}';
      expect((await passed({ [name]: JSON.stringify(text) }))[name]).toBe(text);
    });
  });

  it.each(['1', 'true', 'null', '["https://api.test",1]', '[null]', '{}', '""', '["https://api.test",""]'])(
    'RFC 7519 §4.1.3: the aud %s is refused',
    async (aud) => {
      covers('K6');
      await expectRefusal({ aud }, 'claim_malformed', 'aud');
    },
  );

  it.each(['\\u0000', '\\n', '\\u007f', '\\u0085'])(
    'an aud with "%s" in it is refused beside the right one too',
    async (character) => {
      covers('K8');
      const aud = `["https://api.test","https://other.test${character}"]`;
      await expectRefusal({ aud }, 'claim_malformed', 'aud');
    },
  );

  it.each(['1', 'true', '{}', '[["read"]]', '["read",1]', '["read",null]', '["read admin"]', '["read\\u0000"]'])(
    'RFC 6749 §3.3: the scope %s is refused',
    async (scope) => {
      covers('K6');
      await expectRefusal({ scope }, 'claim_malformed', 'scope');
    },
  );

  it.each(['1', 'true', 'null', '{}', '[]', '["https://issuer.test"]'])(
    'RFC 7519 §4.1.1: the iss %s is refused',
    async (iss) => {
      covers('K6');
      await expectRefusal({ iss }, 'claim_malformed', 'iss');
    },
  );
});
