import { describe, expect, it } from 'vitest';
import {
  type Attack,
  type AttackApiOptions,
  expectPassed,
  expectRepelled,
  withAttackApi,
} from '../support/attack-api.js';
import { invalidToken } from '../support/expect-answer.js';
import { TOKEN_EXPRESS_VERSIONS } from '../support/express-versions.js';
import { type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { respell, SEGMENTS, withRemainder } from '../support/respelled-token.js';

const MALFORMED = invalidToken('token_malformed');
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe.each(TOKEN_EXPRESS_VERSIONS)('RFC 7515 on %s', (_, express) => {
  const refuse = (attack: Attack, options: Omit<AttackApiOptions, 'express'> = {}) =>
    withAttackApi({ express, ...options }, (api) => expectRepelled(api, attack));
  const refuseMutation = (mutation: Mutation, answer = MALFORMED) =>
    refuse({ token: ({ issuer }) => issuer.token(mutation), answer });

  it.each([
    ['no alg', undefined, 'token_malformed'],
    ['an alg that is a number', '256', 'token_malformed'],
    ['an alg in a list', '["ES256"]', 'token_malformed'],
    ['an alg in lower case', '"es256"', 'algorithm_not_allowed'],
    ['an alg that nobody knows', '"XS256"', 'algorithm_not_allowed'],
  ] as const)('RFC 7515 §4.1.1 (7515-1): refuses %s', async (_name, alg, reason) => {
    await refuseMutation({ header: { alg } }, invalidToken(reason));
  });

  it.each(['alg', 'kid', 'typ'])('RFC 7515 §4 (7515-2): refuses a header with a second %s', async (name) => {
    await refuseMutation({ rewriteHeader: (text) => text.replace(`"${name}"`, `"${name}":"x","${name}"`) });
  });

  it.each([
    ['an empty list', { crit: '[]' }],
    ['a list with a name of the specification', { crit: '["alg"]' }],
    ['a list with a name that is not in the header', { crit: '["x"]' }],
    ['a list with a name that nobody knows', { crit: '["x"]', x: '1' }],
    ['no list', { crit: '"x"', x: '1' }],
    ['null', { crit: 'null' }],
  ] as const)('RFC 7515 §4.1.11 (7515-3): refuses a crit that is %s', async (_name, header) => {
    await refuseMutation({ header }, invalidToken('critical_header_unsupported'));
  });

  describe.each(SEGMENTS)('the %s', (segment) => {
    const refuseSpelling = (change: (text: string) => string, mutation: Mutation = {}) =>
      withAttackApi({ express }, async (api) => {
        const good = api.issuer.token(mutation);
        const token = () => respell(api.issuer, good, segment, change);
        await expectRepelled(api, { token, control: () => good, answer: MALFORMED });
      });

    // Decoders that are lenient drop the character, so that the bytes stay the same.
    it.each(['+', '/', '~'])('RFC 7515 §2, §5.2 (7515-4): is refused with %s after it', async (character) => {
      await refuseSpelling((text) => text + character, withRemainder(0));
    });

    it('RFC 7515 §2, §5.2 (7515-4): is refused in another spelling of the same bytes', async () => {
      const flipUnusedBit = (text: string) => text.slice(0, -1) + ALPHABET[ALPHABET.indexOf(text.slice(-1)) ^ 1];
      await refuseSpelling(flipUnusedBit, withRemainder(1));
    });
  });

  it('RFC 7515 §2, §5.2 (7515-4): refuses the padding of base64 after the signature', async () => {
    await refuse({ token: ({ issuer }) => `${issuer.token()}==`, answer: MALFORMED });
  });

  it.each<[string, (text: string) => string | Buffer]>([
    ['an array', (text) => `[${text}]`],
    ['a string', (text) => JSON.stringify(text)],
    ['null', () => 'null'],
    ['not UTF-8', (text) => Buffer.from(text.replace('}', ',"x":"\u00e9"}'), 'latin1')],
    ['followed by more', (text) => `${text}{}`],
  ])('RFC 7515 §5.2 (7515-5): refuses a header that is %s', async (_name, rewriteHeader) => {
    await refuseMutation({ rewriteHeader });
  });

  it.each([
    ['a number', '1', 'token_malformed'],
    ['null', 'null', 'token_malformed'],
    ['in another case', '"EC"', 'unknown_key'],
  ] as const)('RFC 7515 §4.1.4 (7515-6): refuses a kid that is %s', async (_name, kid, reason) => {
    await refuseMutation({ header: { kid } }, invalidToken(reason));
  });

  it('RFC 7515 §5.2 (7515-7): refuses a good signature by an algorithm that is not allowed', async () => {
    const jwks: AttackApiOptions['jwks'] = (keys) => keys.map((key) => ({ ...key, alg: undefined }));
    const attack: Attack = {
      token: ({ rsaIssuer }) => rsaIssuer.token({ header: { alg: '"RS384"' }, signWith: 'RS384' }),
      control: ({ rsaIssuer }) => rsaIssuer.token(),
      answer: invalidToken('algorithm_not_allowed'),
    };
    await refuse(attack, { jwks, verifier: { algorithms: ['RS256'] } });
    await withAttackApi({ express, jwks }, (api) => expectPassed(api, attack.token(api)));
  });

  it.each(['jku', 'x5u'])(
    'RFC 7515 §4.1.2, §4.1.5 (7515-8): asks nobody at a %s, and reads a good token as if it were not there',
    async (name) => {
      await withAttackApi({ express }, async (api) => {
        const url = JSON.stringify(`${api.sinkOrigin}/keys`);
        const claims = await expectPassed(api, api.issuer.token({ header: { [name]: url } }));
        expect(claims).toEqual(await expectPassed(api, api.issuer.token()));
        expect(api.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0, sink: 0 });
      });
    },
  );

  it.each(['jwk', 'x5c'])('RFC 7515 §4.1.3, §4.1.6 (7515-8): does not verify with a %s', async (name) => {
    const forger = new RawIssuer({ kid: 'ec' });
    const header = { [name]: JSON.stringify(name === 'jwk' ? forger.jwk : ['MIIB']) };
    const key = forger.keys.privateKey;
    await refuseMutation({ header, key }, invalidToken('signature_invalid'));
  });
});
