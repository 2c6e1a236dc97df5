import { afterEach, describe, expect, it } from 'vitest';
import {
  type AttackApi,
  expectAttackRefused,
  expectNoFetch,
  expectTokenAccepted,
  startAttackApi,
} from '../support/attack-api.js';
import { covers } from '../support/covers.js';
import { type Answer, expectAnswer, invalidToken } from '../support/expect-answer.js';

/** The most that the option allows. */
const MOST_BYTES = 1_048_576;

const nested = (levels: number, [open, close]: readonly [string, string]) =>
  `${open.repeat(levels)}1${close.repeat(levels)}`;
const ARRAYS = ['[', ']'] as const;
const OBJECTS = ['{"x":', '}'] as const;

/** An array of objects, with a member of its own name for every number. */
function wide(members: number): string {
  const names = Array.from({ length: 1000 }, (_, i) => `"${i.toString(36)}":0`);
  return `[${Array.from({ length: members / names.length }, () => `{${names.join(',')}}`).join(',')}]`;
}

const HUGE: readonly (readonly [string, string])[] = [
  ['arrays to a depth of 10,000', nested(10_000, ARRAYS)],
  ['arrays to a depth of 200,000', nested(200_000, ARRAYS)],
  ['objects to a depth of 10,000', nested(10_000, OBJECTS)],
  ['objects to a depth of 100,000', nested(100_000, OBJECTS)],
  ['100,000 members', wide(100_000)],
  ['100,000 items', `[${'0,'.repeat(99_999)}0]`],
  ['a string of 1 MB', `"${'x'.repeat(1_000_000)}"`],
  ['a number of 100,000 digits', '1'.repeat(100_000)],
  ['100,000 escapes', `"${'\\u0061'.repeat(100_000)}"`],
];

describe('D: the size of the JSON of a token', () => {
  let api: AttackApi;
  afterEach(() => api.close());

  /** Nobody may be asked on account of it, and the same server goes on as before. */
  async function expectTurnedAway(token: string, answer: Answer, detail: string): Promise<void> {
    expectAnswer(await api.send({ token }), answer, api.realm);
    expectNoFetch(api);
    const exchanges = await expectAttackRefused(api, { token: () => token, answer });
    for (const { refusals } of exchanges) expect(refusals[0]?.detail).toBe(detail);
  }

  describe.each(['header', 'payload'] as const)('in the %s', (part) => {
    it.each(HUGE)('CVE-2025-53864: %s is not looked at', async (_, text) => {
      covers('D13', 'K7');
      api = await startAttackApi();
      const token = api.issuer.token({ [part]: { x: text } });
      await expectTurnedAway(token, invalidToken('token_too_large'), `${token.length} characters, 16384 allowed`);
    });

    it.each(HUGE.filter(([name]) => name.includes('depth')))(
      'CVE-2025-53864: %s is refused for its depth where maxTokenBytes is as high as can be',
      async (_, text) => {
        covers('D13', 'K7');
        api = await startAttackApi({ verifier: { maxTokenBytes: MOST_BYTES } });
        await expectTurnedAway(
          api.issuer.token({ [part]: { x: text } }),
          invalidToken('token_malformed'),
          `the ${part} is nested deeper than 32 levels`,
        );
      },
    );

    it.each([
      ['arrays', ARRAYS],
      ['objects', OBJECTS],
    ])('32 levels of %s are read, the whole object counted, and 33 are not', async (_, brackets) => {
      covers('D13', 'K7');
      api = await startAttackApi();
      const withLevels = (levels: number) => api.issuer.token({ [part]: { x: nested(levels - 1, brackets) } });
      await expectTurnedAway(
        withLevels(33),
        invalidToken('token_malformed'),
        `the ${part} is nested deeper than 32 levels`,
      );
      await expectTokenAccepted(api, withLevels(32));
    });
  });

  it('a string of 1 MB is beyond maxTokenBytes, however high it is', async () => {
    covers('D13');
    api = await startAttackApi({ verifier: { maxTokenBytes: MOST_BYTES } });
    const token = api.issuer.token({ payload: { x: `"${'x'.repeat(1_000_000)}"` } });
    expect(token.length).toBeGreaterThan(MOST_BYTES);
    const detail = `${token.length} characters, ${MOST_BYTES} allowed`;
    await expectTurnedAway(token, invalidToken('token_too_large'), detail);
  });

  it('the depth is that of the JSON, not of brackets in a string', async () => {
    covers('D13');
    api = await startAttackApi();
    const claims = await expectTokenAccepted(api, api.issuer.token({ payload: { x: `"${'[{'.repeat(500)}\\""` } }));
    expect(claims['x']).toBe(`${'[{'.repeat(500)}"`);
  });

  it('100,000 members in a good token are read, every one, where maxTokenBytes lets them in', async () => {
    covers('D13');
    api = await startAttackApi({ verifier: { maxTokenBytes: MOST_BYTES } });
    const claims = await expectTokenAccepted(api, api.issuer.token({ payload: { x: wide(100_000) } }));
    const objects = claims['x'] as readonly object[];
    expect(objects.reduce((sum, object) => sum + Object.keys(object).length, 0)).toBe(100_000);
  });

  it('among 100,000 members one duplicate is found', async () => {
    covers('D13', 'D1');
    api = await startAttackApi({ verifier: { maxTokenBytes: MOST_BYTES } });
    const duplicate = wide(100_000).replace(/\}\]$/, ',"0":1}]');
    const token = api.issuer.token({ payload: { x: duplicate } });
    await expectTurnedAway(token, invalidToken('token_malformed'), 'the payload has duplicate members');
  });

  it('a good token with a string of 785,000 bytes passes where maxTokenBytes lets it in', async () => {
    covers('D13');
    api = await startAttackApi({ verifier: { maxTokenBytes: MOST_BYTES } });
    const text = 'x'.repeat(785_000);
    const claims = await expectTokenAccepted(api, api.issuer.token({ payload: { x: `"${text}"` } }));
    expect(claims['x']).toBe(text);
  });
});
