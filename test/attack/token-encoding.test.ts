import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../src/index.js';
import {
  type AttackApiOptions,
  expectAttackRefusedBeforeFetch,
  expectTokenAccepted,
  startAttackApi,
} from '../support/attack-api.js';
import { covers } from '../support/covers.js';
import { expectAccepted, invalidRequest, invalidToken } from '../support/expect-answer.js';
import { generateKeys, type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';
import { respell, SEGMENTS, type Segment, withRemainder } from '../support/respelled-token.js';

const MALFORMED = invalidToken('token_malformed');
const NOT_BEARER = invalidRequest('bearer_malformed');
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

type Change = (text: string) => string;

/** Puts characters into a text. */
const PLACES = {
  start: (characters) => (text) => characters + text,
  middle: (characters) => (text) => `${text.slice(0, 8)}${characters}${text.slice(8)}`,
  end: (characters) => (text) => text + characters,
} as const satisfies Record<string, (characters: string) => Change>;
type Place = keyof typeof PLACES;
const ALL_PLACES = Object.keys(PLACES) as readonly Place[];

/** Changes the bits of the last character that no byte uses. */
function flipBits(bits: number): Change {
  return (text) => text.slice(0, -1) + ALPHABET[ALPHABET.indexOf(text.slice(-1)) ^ bits];
}

/** A token all of whose segments have both characters that base64 and base64url spell differently. */
function spicyToken(issuer: RawIssuer): string {
  const hasBoth = (text: string) => /-.*_|_.*-/.test(text);
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const token = issuer.token({ header: { note: '"????>>>>"' }, payload: { note: '"????>>>>"' } });
    if (token.split('.').every(hasBoth)) return token;
  }
  throw new Error('none of 1000 signatures has both characters');
}

function isSameBytes(left: string, right: string): boolean {
  return Buffer.from(left, 'base64url').equals(Buffer.from(right, 'base64url'));
}

describe('B: the text of a token', () => {
  /** Expects a token to be refused when one of its segments is spelled differently, and signed like that. */
  async function expectSpellingRepelled(segment: Segment, change: Change, answer = MALFORMED, mutation: Mutation = {}) {
    const api = await startAttackApi();
    const good = api.issuer.token(mutation);
    const token = () => respell(api.issuer, good, segment, change);
    await expectAttackRefusedBeforeFetch(api, { token, control: () => good, answer });
  }

  it.each(
    (['header', 'payload'] as const).flatMap((segment) => [
      { segment, remainder: 1, padding: '==' },
      { segment, remainder: 2, padding: '=' },
      { segment, remainder: 0, padding: '=' },
    ]),
  )('RFC 7515 §2, RFC 6750 §2.1: the $segment with $padding at its end is no bearer token', async (row) => {
    covers('B9');
    const { segment, remainder, padding } = row;
    await expectSpellingRepelled(segment, (text) => text + padding, NOT_BEARER, withRemainder(remainder));
  });

  it.each(['==', '=', '===', '===='])('RFC 7515 §2: the signature with %s at its end is refused', async (padding) => {
    covers('B9');
    await expectSpellingRepelled('signature', (text) => {
      expect(isSameBytes(text + padding, text)).toBe(true);
      return text + padding;
    });
  });

  const SPACES = [' ', '\t', '\xa0'];
  const REFUSED_BY_NODE = ['\n', '\r\n ', '\0', '\x7f'];
  const spots = SEGMENTS.flatMap((segment) => ALL_PLACES.map((place) => ({ segment, place })));
  const spotsFor = (characters: readonly string[]) =>
    characters.flatMap((character) => spots.map((spot) => ({ ...spot, character })));

  /** HTTP takes these away: spaces after the scheme (RFC 9110 §11.4), and white space after a value (§5.5). */
  function isOfHttp({ segment, place, character }: { segment: Segment; place: Place; character: string }): boolean {
    const isFirst = segment === 'header' && place === 'start';
    const isLast = segment === 'signature' && place === 'end';
    return (isFirst && character === ' ') || (isLast && /[ \t]/.test(character) && character.length === 1);
  }

  it.each(spotsFor(SPACES).filter((row) => !isOfHttp(row)))(
    'RFC 6750 §2.1: a token with $character at the $place of its $segment is no bearer token',
    async ({ segment, place, character }) => {
      covers('B10');
      await expectSpellingRepelled(segment, PLACES[place](character), NOT_BEARER);
    },
  );

  it.each(spotsFor(SPACES).filter(isOfHttp))(
    'RFC 9110 §5.5, §11.4: white space of HTTP is no part of a token: $character at the $place of its $segment',
    async ({ segment, place, character }) => {
      covers('B10');
      const api = await startAttackApi();
      const good = api.issuer.token();
      const texts = good
        .split('.')
        .map((text, at) => (SEGMENTS[at] === segment ? PLACES[place](character)(text) : text));
      expect(await expectTokenAccepted(api, texts.join('.'))).toMatchObject({ sub: 'test-user', jti: 'token-1' });
      await expectAccepted(api, { token: good });
      expect(api.verifier.status().tokenCache).toMatchObject({ size: 1, hits: 2, misses: 1 });
    },
  );

  it.each(spotsFor(REFUSED_BY_NODE))(
    'RFC 9112 §5, RFC 9110 §5.5: Node.js refuses $character at the $place of the $segment, and no handler runs',
    async ({ segment, place, character }) => {
      covers('B10', 'B14');
      const api = await startAttackApi();
      const good = api.issuer.token();
      const token = respell(api.issuer, good, segment, PLACES[place](character));
      for (const hits of [0, 1]) {
        const { response, refusals, handlerRuns } = await api.send({ token });
        expect({ status: response.status, refusals, handlerRuns }).toEqual({
          status: 400,
          refusals: [],
          handlerRuns: 0,
        });
        await expectAccepted(api, { token: good });
        expect(api.verifier.status().tokenCache).toMatchObject({ size: 1, hits });
      }
    },
  );

  it.each(
    SEGMENTS.flatMap((segment) => [
      { segment, what: '+ in place of -', change: (text: string) => text.replaceAll('-', '+') },
      { segment, what: '/ in place of _', change: (text: string) => text.replaceAll('_', '/') },
      { segment, what: 'both', change: (text: string) => text.replaceAll('-', '+').replaceAll('_', '/') },
    ]),
  )('RFC 7515 §2: base64 in place of base64url is refused in the $segment: $what', async ({ segment, change }) => {
    covers('B11');
    const api = await startAttackApi();
    const good = spicyToken(api.issuer);
    const token = () =>
      respell(api.issuer, good, segment, (text) => {
        expect(isSameBytes(change(text), text)).toBe(true);
        return change(text);
      });
    await expectAttackRefusedBeforeFetch(api, { token, control: () => good, answer: MALFORMED });
  });

  it.each([
    ...(['header', 'payload'] as const).flatMap((segment) => [
      ...[1, 2, 3].map((bits) => ({ segment, remainder: 2, bits })),
      ...[1, 2, 4, 8, 15].map((bits) => ({ segment, remainder: 1, bits })),
    ]),
    // 64 bytes leave one over, too.
    ...[1, 2, 4, 8, 15].map((bits) => ({ segment: 'signature', remainder: 1, bits }) as const),
  ])(
    'RFC 4648 §3.5: bits that no byte uses are refused: $bits in the last character of the $segment, $remainder over',
    async ({ segment, remainder, bits }) => {
      covers('B12');
      const change = (text: string) => {
        expect(isSameBytes(flipBits(bits)(text), text)).toBe(true);
        return flipBits(bits)(text);
      };
      await expectSpellingRepelled(segment, change, MALFORMED, withRemainder(remainder));
    },
  );

  it.each(['header', 'payload'] as const)('RFC 4648 §4: a %s of 4n + 1 characters is refused', async (segment) => {
    covers('B13');
    const change = (text: string) => {
      expect(text.length % 4).toBe(0);
      expect(isSameBytes(`${text}A`, text)).toBe(true);
      return `${text}A`;
    };
    await expectSpellingRepelled(segment, change, MALFORMED, withRemainder(0));
  });

  it('RFC 4648 §4: a signature of 4n + 1 characters is refused, the one too many meaning nothing', async () => {
    covers('B13');
    const keys = generateKeys('ES384');
    const p384 = (issuer: string) => new RawIssuer({ issuer, algorithm: 'ES384', kid: 'p384', keys });
    const jwks: AttackApiOptions['jwks'] = (published) => [...published, p384('https://issuer.test').jwk];
    const api = await startAttackApi({ jwks });
    const good = p384(api.issuer.issuer).token();
    expect(isSameBytes(`${good}A`.split('.')[2] ?? '', good.split('.')[2] ?? '')).toBe(true);
    await expectAttackRefusedBeforeFetch(api, { token: () => `${good}A`, control: () => good, answer: MALFORMED });
  });

  it.each([-1, 3])('a signature of ES256 that is longer by %i characters is refused', async (more) => {
    covers('B13');
    await expectSpellingRepelled('signature', (text) => (more < 0 ? text.slice(0, more) : text + 'A'.repeat(more)));
  });

  it.each([
    ...['?', '%', '"', '{', '}', '\\', '<', '*', '\xe9', '\xc3\xa9', '\xe2\x80\xa8', '\xef\xbb\xbf', '\xff'].map(
      (characters) => [characters, NOT_BEARER] as const,
    ),
    ['~', MALFORMED],
    ['+', MALFORMED],
    ['/', MALFORMED],
  ] as const)('RFC 7515 §2, rfc8725bis §3.14: %j in a segment is refused', async (characters, answer) => {
    covers('B14');
    for (const segment of SEGMENTS) await expectSpellingRepelled(segment, PLACES.middle(characters), answer);
  });
});

describe('B: the text of a token that is given to verify()', () => {
  const issuer = new RawIssuer();

  /** Expects a spelling to be refused by a verifier that knows nothing yet, and by one that knows the token. */
  async function expectSpellingRefused(segment: Segment, change: Change, mutation: Mutation = {}): Promise<void> {
    const verifier = createVerifier(issuer.verifierOptions);
    const good = issuer.token(mutation);
    const changed = respell(issuer, good, segment, change);
    expect(changed).not.toBe(good);
    for (const hits of [0, 1]) {
      expect(await reasonOfCall(verifier.verify(changed))).toBe('token_malformed');
      expect(await reasonOfCall(verifier.verify(good))).toBe('accepted');
      expect(verifier.status().tokenCache).toMatchObject({ size: 1, hits });
    }
  }

  it.each(
    SEGMENTS.flatMap((segment) => [
      { segment, remainder: 1, padding: '==' },
      { segment, remainder: 1, padding: '=' },
      ...(segment === 'signature' ? [] : [{ segment, remainder: 2, padding: '=' }]),
      ...(segment === 'signature' ? [] : [{ segment, remainder: 0, padding: '=' }]),
    ]),
  )('RFC 7515 §2: the $segment with $padding at its end is refused', async ({ segment, remainder, padding }) => {
    covers('B9');
    const change = (text: string) => {
      expect(isSameBytes(text + padding, text)).toBe(true);
      return text + padding;
    };
    await expectSpellingRefused(segment, change, withRemainder(remainder));
  });

  it.each(
    SEGMENTS.flatMap((segment) =>
      ALL_PLACES.flatMap((place) =>
        [' ', '\t', '\n', '\r', '\r\n', '\v', '\f', '\xa0', '\u2028', '\u3000', '\ufeff'].map((space) => ({
          segment,
          place,
          space,
        })),
      ),
    ),
  )('CVE-2022-25898: $space at the $place of the $segment is refused', async ({ segment, place, space }) => {
    covers('B10');
    await expectSpellingRefused(segment, (text) => {
      const changed = PLACES[place](space)(text);
      expect(isSameBytes(changed, text)).toBe(true);
      return changed;
    });
  });

  it.each(['?', '%', '"', '{', '}', '~', '+', '/', '=', ',', '\0', '\x7f', '\xe9', '\u2028', '\ud800', '\u{1f600}'])(
    'RFC 7515 §2, rfc8725bis §3.14: %j in a segment is refused',
    async (character) => {
      covers('B14');
      for (const segment of SEGMENTS) {
        for (const place of Object.values(PLACES)) await expectSpellingRefused(segment, place(character));
      }
    },
  );

  it.each([0x100, 0x1000, 0xff00])(
    'a character that is %i beyond the right one, and looks like it in its low byte, is refused',
    async (distance) => {
      covers('B14');
      for (const segment of SEGMENTS) {
        await expectSpellingRefused(segment, (text) => {
          const changed = text.slice(0, 8) + String.fromCharCode(text.charCodeAt(8) + distance) + text.slice(9);
          expect(Buffer.from(changed, 'latin1').toString('latin1')).toBe(text);
          return changed;
        });
      }
    },
  );

  it.each(['start', 'end'] as const)(
    'white space at the %s of the whole token is refused, not trimmed',
    async (place) => {
      covers('B10');
      const verifier = createVerifier(issuer.verifierOptions);
      const good = issuer.token();
      for (const space of [' ', '\n', '\t']) {
        expect(await reasonOfCall(verifier.verify(PLACES[place](space)(good)))).toBe('token_malformed');
        expect(await reasonOfCall(verifier.verify(good))).toBe('accepted');
      }
    },
  );
});
