import { describe, expect, it } from 'vitest';
import {
  type Attack,
  type AttackApiOptions,
  expectAttackRefused,
  expectTokenAccepted,
  startAttackApi,
} from '../support/attack-api.js';
import { NO_HITS } from '../support/authorization-server.js';
import { covers } from '../support/covers.js';
import { invalidToken } from '../support/expect-answer.js';
import { type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { respell, SEGMENTS, withRemainder } from '../support/respelled-token.js';

const MALFORMED = invalidToken('token_malformed');
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('RFC 7515', () => {
  const refuse = async (attack: Attack, options: Omit<AttackApiOptions, 'express'> = {}) =>
    expectAttackRefused(await startAttackApi({ ...options }), attack);
  const refuseMutation = (mutation: Mutation, answer = MALFORMED) =>
    refuse({ token: ({ issuer }) => issuer.token(mutation), answer });

  it.each([
    ['no alg', undefined, 'token_malformed'],
    ['an alg that is a number', '256', 'token_malformed'],
    ['an alg in a list', '["ES256"]', 'token_malformed'],
    ['an alg in lower case', '"es256"', 'algorithm_not_allowed'],
    ['an alg that nobody knows', '"XS256"', 'algorithm_not_allowed'],
  ] as const)('RFC 7515 §4.1.1: refuses %s', async (_name, alg, reason) => {
    covers('7515-1');
    await refuseMutation({ header: { alg } }, invalidToken(reason));
  });

  it.each(['alg', 'kid', 'typ'])('RFC 7515 §4: refuses a header with a second %s', async (name) => {
    covers('7515-2');
    await refuseMutation({ rewriteHeader: (text) => text.replace(`"${name}"`, `"${name}":"x","${name}"`) });
  });

  it.each([
    ['an empty list', { crit: '[]' }],
    ['a list with a name of the specification', { crit: '["alg"]' }],
    ['a list with a name that is not in the header', { crit: '["x"]' }],
    ['a list with a name that nobody knows', { crit: '["x"]', x: '1' }],
    ['no list', { crit: '"x"', x: '1' }],
    ['null', { crit: 'null' }],
  ] as const)('RFC 7515 §4.1.11: refuses a crit that is %s', async (_name, header) => {
    covers('7515-3');
    await refuseMutation({ header }, invalidToken('critical_header_unsupported'));
  });

  describe.each(SEGMENTS)('the %s', (segment) => {
    const refuseSpelling = async (change: (text: string) => string, mutation: Mutation = {}) => {
      const api = await startAttackApi();
      const good = api.issuer.token(mutation);
      const token = () => respell(api.issuer, good, segment, change);
      await expectAttackRefused(api, { token, control: () => good, answer: MALFORMED });
    };

    // Decoders that are lenient drop the character, so that the bytes stay the same.
    it.each(['+', '/', '~'])('RFC 7515 §2, §5.2: is refused with %s after it', async (character) => {
      covers('7515-4');
      await refuseSpelling((text) => text + character, withRemainder(0));
    });

    it('RFC 7515 §2, §5.2: is refused in another spelling of the same bytes', async () => {
      covers('7515-4');
      const flipUnusedBit = (text: string) => text.slice(0, -1) + ALPHABET[ALPHABET.indexOf(text.slice(-1)) ^ 1];
      await refuseSpelling(flipUnusedBit, withRemainder(1));
    });
  });

  it('RFC 7515 §2, §5.2: refuses the padding of base64 after the signature', async () => {
    covers('7515-4');
    await refuse({ token: ({ issuer }) => `${issuer.token()}==`, answer: MALFORMED });
  });

  it.each<[string, (text: string) => string | Buffer]>([
    ['an array', (text) => `[${text}]`],
    ['a string', (text) => JSON.stringify(text)],
    ['null', () => 'null'],
    ['not UTF-8', (text) => Buffer.from(text.replace('}', ',"x":"\u00e9"}'), 'latin1')],
    ['followed by more', (text) => `${text}{}`],
  ])('RFC 7515 §5.2: refuses a header that is %s', async (_name, rewriteHeader) => {
    covers('7515-5');
    await refuseMutation({ rewriteHeader });
  });

  it.each([
    ['a number', '1', 'token_malformed'],
    ['null', 'null', 'token_malformed'],
    ['in another case', '"EC"', 'unknown_key'],
  ] as const)('RFC 7515 §4.1.4: refuses a kid that is %s', async (_name, kid, reason) => {
    covers('7515-6');
    await refuseMutation({ header: { kid } }, invalidToken(reason));
  });

  it('RFC 7515 §5.2: refuses a good signature by an algorithm that is not allowed', async () => {
    covers('7515-7');
    const jwks: AttackApiOptions['jwks'] = (keys) => keys.map((key) => ({ ...key, alg: undefined }));
    const attack: Attack = {
      token: ({ rsaIssuer }) => rsaIssuer.token({ header: { alg: '"RS384"' }, signWith: 'RS384' }),
      control: ({ rsaIssuer }) => rsaIssuer.token(),
      answer: invalidToken('algorithm_not_allowed'),
    };
    await refuse(attack, { jwks, verifier: { algorithms: ['RS256'] } });
    const api = await startAttackApi({ jwks });
    await expectTokenAccepted(api, attack.token(api));
  });

  it.each(['jku', 'x5u'])(
    'RFC 7515 §4.1.2, §4.1.5: asks nobody at a %s, and reads a good token as if it were not there',
    async (name) => {
      covers('7515-8');
      const api = await startAttackApi();
      const url = JSON.stringify(`${api.sink.origin}/keys`);
      const claims = await expectTokenAccepted(api, api.issuer.token({ header: { [name]: url } }));
      expect(claims).toEqual(await expectTokenAccepted(api, api.issuer.token()));
      expect(api.hits).toEqual({ ...NO_HITS, metadata: 1, jwks: 1 });
      expect(api.sink.paths).toEqual([]);
    },
  );

  it.each(['jwk', 'x5c'])('RFC 7515 §4.1.3, §4.1.6: does not verify with a %s', async (name) => {
    covers('7515-8');
    const forger = new RawIssuer({ kid: 'ec' });
    const header = { [name]: JSON.stringify(name === 'jwk' ? forger.jwk : ['MIIB']) };
    const key = forger.keys.privateKey;
    await refuseMutation({ header, key }, invalidToken('signature_invalid'));
  });
});
