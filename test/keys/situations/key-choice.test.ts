import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../../src/index.js';
import { TOKEN_CACHES, verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { KeyServer } from '../../support/key-server.js';
import { type AnyJwk, OwnKey } from '../../support/own-key.js';

const [A, B, C] = ['same', 'same', 'same'].map((kid) => new OwnKey('ES256', kid)) as [OwnKey, OwnKey, OwnKey];
const RSA = new OwnKey('RS256', 'same');
const NAMELESS_A = new OwnKey('ES256', undefined);
const NAMELESS_B = new OwnKey('ES256', undefined);
const STRANGER = new OwnKey('ES256', 'same');
const NAMED_1 = new OwnKey('ES256', 'one');
const NAMED_2 = new OwnKey('ES256', 'two');

describe.each(TOKEN_CACHES)('which keys are tried, %s', (_, tokenCache) => {
  /** A key set with these keys alone. */
  async function open(keys: readonly AnyJwk[]) {
    const server = await KeyServer.create();
    server.answer('jwks', () => Response.json({ keys }));
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    const ask = (key: OwnKey, header: object = {}) => verdictOf(verifier.verify(key.token(server.issuer, header)));
    const detail = async (key: OwnKey, header: object = {}) => {
      const error = await verifier.verify(key.token(server.issuer, header)).catch((reason) => reason);
      return `${error.reason}: ${error.detail}`;
    };
    return { server, ask, detail };
  }

  describe('two keys with one kid', () => {
    it('both are tried, so that tokens of either are accepted, in whatever order they stand', async () => {
      covers('C9');
      for (const keys of [
        [A.jwk, B.jwk],
        [B.jwk, A.jwk],
      ]) {
        const { ask } = await open(keys);
        expect(await ask(A)).toBe('accepted');
        expect(await ask(B)).toBe('accepted');
      }
    });

    it('a token of neither costs two verifications', async () => {
      covers('C9');
      const { ask, detail } = await open([A.jwk, B.jwk]);
      expect(await ask(A)).toBe('accepted');
      expect(await detail(STRANGER)).toBe('signature_invalid: 2 keys tried');
    });

    it('of three the first two of the document are tried, and no more', async () => {
      covers('C9');
      const { ask, detail } = await open([A.jwk, B.jwk, C.jwk]);
      expect(await ask(A)).toBe('accepted');
      expect(await ask(B)).toBe('accepted');
      expect(await detail(C)).toBe('signature_invalid: 2 keys tried');
    });

    it('one key that is listed many times counts once', async () => {
      covers('C9');
      const { ask } = await open([A.jwk, A.jwk, A.jwk, B.jwk]);
      expect(await ask(B)).toBe('accepted');
    });

    it('of two types, the alg of the token picks one', async () => {
      covers('C9');
      const { ask, detail } = await open([A.jwk, RSA.jwk]);
      expect(await ask(A)).toBe('accepted');
      expect(await ask(RSA)).toBe('accepted');
      expect(await detail(STRANGER)).toBe('signature_invalid: 1 keys tried');
    });

    it('one that names another alg is not tried', async () => {
      covers('A6');
      const { ask, detail } = await open([
        { ...RSA.jwk, alg: 'RS512' },
        { ...A.jwk, alg: 'ES256' },
      ]);
      expect(await ask(A)).toBe('accepted');
      expect(await detail(RSA)).toMatch(/^unknown_key: kid "same", alg RS256; known are "same"/);
    });

    it('one that cannot be used does not count', async () => {
      const { ask } = await open([{ ...C.jwk, use: 'enc' }, A.jwk, B.jwk]);
      expect(await ask(B)).toBe('accepted');
    });
  });

  describe('keys and tokens without kid', () => {
    it('a token without kid is accepted by the one key that fits its alg', async () => {
      covers('C8');
      const { ask } = await open([RSA.jwk, NAMED_1.jwk]);
      expect(await ask(NAMED_1, { kid: undefined })).toBe('accepted');
      expect(await ask(RSA, { kid: undefined })).toBe('accepted');
    });

    it('of two keys that fit both are tried', async () => {
      covers('C8');
      const { ask, detail } = await open([NAMED_1.jwk, NAMED_2.jwk]);
      expect(await ask(NAMED_1, { kid: undefined })).toBe('accepted');
      expect(await ask(NAMED_2, { kid: undefined })).toBe('accepted');
      expect(await detail(STRANGER, { kid: undefined })).toBe('signature_invalid: 2 keys tried');
    });

    it('of three the first two of the document are tried, and no more', async () => {
      covers('C8');
      const { ask, detail } = await open([NAMELESS_A.jwk, NAMED_1.jwk, NAMED_2.jwk]);
      expect(await ask(NAMELESS_A)).toBe('accepted');
      expect(await ask(NAMED_1, { kid: undefined })).toBe('accepted');
      expect(await detail(NAMED_2, { kid: undefined })).toBe('signature_invalid: 2 keys tried');
      expect(await ask(NAMED_2)).toBe('accepted');
    });

    it('keys without kid serve tokens without kid', async () => {
      const { ask } = await open([NAMELESS_A.jwk, NAMELESS_B.jwk]);
      expect(await ask(NAMELESS_A)).toBe('accepted');
      expect(await ask(NAMELESS_B)).toBe('accepted');
    });

    it('RFC 7515 §4.1.4: a token with a kid is never tried on a key without', async () => {
      const { server, ask } = await open([NAMELESS_A.jwk]);
      expect(await ask(NAMELESS_A)).toBe('accepted');
      expect(await ask(NAMELESS_A, { kid: 'some' })).toBe('unknown_key');
      expect(server.hits.jwks).toBe(2);
    });

    it('jwks-rsa #294: tokens without kid that no key fits cost one fetch, not one each', async () => {
      const { server, ask } = await open([NAMED_1.jwk]);
      expect(await ask(NAMED_1)).toBe('accepted');
      for (let i = 0; i < 20; i += 1) expect(await ask(RSA, { kid: undefined })).toBe('unknown_key');
      expect(server.hits.jwks).toBe(2);
    });
  });

  describe('one key for one kid', () => {
    it('RFC 7515 §4.1.4: kids differ by case and by white space', async () => {
      const { ask } = await open([NAMED_1.jwk]);
      expect(await ask(NAMED_1)).toBe('accepted');
      for (const kid of ['ONE', 'one ', ' one', 'one\u0000', 'о\u006ee']) {
        expect(await ask(NAMED_1, { kid })).toBe('unknown_key');
      }
    });

    it('a key is not tried for an alg of another curve', async () => {
      covers('A8');
      const p384 = new OwnKey('ES384', 'one');
      const { ask } = await open([p384.jwk]);
      expect(await ask(p384)).toBe('accepted');
      expect(await ask(NAMED_1)).toBe('unknown_key');
    });

    it('a signature by another key with the same kid is refused', async () => {
      const { ask, detail } = await open([A.jwk]);
      expect(await ask(A)).toBe('accepted');
      expect(await detail(STRANGER)).toBe('signature_invalid: 1 keys tried');
    });
  });
});
