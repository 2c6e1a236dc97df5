import { describe, expect, it } from 'vitest';
import { createVerifier, isRefusal } from '../../src/index.js';
import { OutageWarnings } from '../../src/platform/outage-warnings.js';
import { describeTime } from '../../src/token/describe-time.js';
import { covers } from '../support/covers.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

/** The detail of the refusal of a call. */
async function detailOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'accepted';
  } catch (error) {
    if (isRefusal(error)) return error.detail;
    throw error;
  }
}

describe('the detail of a refusal names both sides', () => {
  const raw = new RawIssuer();
  const { verify } = createVerifier(raw.verifierOptions);

  it.each<[string, () => string, string]>([
    [
      'another issuer',
      () => raw.token({ payload: { iss: '"https://x.test"' } }),
      'iss "https://x.test"; trusted: "https://issuer.test"',
    ],
    [
      'another key',
      () => raw.token({ header: { kid: '"k"' } }),
      'kid "k", alg ES256; known are "key-1" (ES256), from the options',
    ],
    [
      'another audience',
      () => raw.token({ payload: { aud: '"https://x.test"' } }),
      'aud ["https://x.test"], accepted ["https://api.test"]',
    ],
    [
      'an ID token, by its audience',
      () => raw.token({ payload: { aud: '"test-client"' } }),
      'aud ["test-client"], accepted ["https://api.test"]; "test-client" is a client, so that it looks like an ID token',
    ],
    [
      'another hour',
      () => raw.token({ payload: { exp: String(raw.now - 185) } }),
      'exp 2027-01-15T07:56:55.000Z, 3 minutes ago',
    ],
    [
      'another clock',
      () => raw.token({ payload: { iat: String(raw.now + 3600) } }),
      'iat 2027-01-15T09:00:00.000Z, in 1 hour: the clocks of the issuer and of this server differ',
    ],
    ['no token', () => 'undefined', 'Bearer undefined: the client put a variable there that holds no token'],
    ['no token either', () => 'null', 'Bearer null: the client put a variable there that holds no token'],
  ])('%s', async (_, token, detail) => {
    covers('F14');
    expect(await detailOf(verify(token()))).toBe(detail);
  });
});

it('asks no issuer about the word undefined, which no issuer ever issued', async () => {
  const asked: unknown[] = [];
  const verifier = createVerifier({
    issuer: {
      issuer: 'https://as.test',
      introspection: { endpoint: 'https://as.test/introspect', clientId: 'api', clientSecret: 'secret' },
    },
    audience: 'https://api.test',
    fetch: async (url) => {
      asked.push(url);
      return Response.json({ active: true, aud: 'https://api.test' });
    },
  });
  expect(await reasonOfCall(verifier.verify('undefined'))).toBe('token_malformed');
  expect(asked).toEqual([]);
  expect(await reasonOfCall(verifier.verify('b4d455be'))).toBe('accepted');
});

describe('describeTime', () => {
  it.each([
    [0, '0 seconds ago'],
    [1.9, '1 second ago'],
    [59, '59 seconds ago'],
    [180, '3 minutes ago'],
    [7200, '2 hours ago'],
    [172_800, '2 days ago'],
    [-61, 'in 1 minute'],
  ])('tells a distance of %d s as "%s"', (distance, told) => {
    expect(describeTime('exp', 1000, 1000 + distance)).toBe(`exp 1970-01-01T00:16:40.000Z, ${told}`);
  });

  it('tells of a clock that gives no time, and of no end', () => {
    expect(describeTime('exp', 0, Number.NaN)).toBe('exp 1970-01-01T00:00:00.000Z, and the clock gives no time');
    expect(describeTime('exp', Number.POSITIVE_INFINITY, 0)).toBe('exp Infinity, and the clock gives no time');
  });
});

/** Collects the warnings of scopegate during a call. They are emitted in a later turn of the event loop. */
async function warningsDuring(
  run: () => unknown,
): Promise<readonly (readonly [code: string | undefined, text: string])[]> {
  const warnings: [string | undefined, string][] = [];
  const onWarning = (warning: Error & { code?: string }) => void warnings.push([warning.code, warning.message]);
  process.on('warning', onWarning);
  try {
    await run();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('warning', onWarning);
  }
  return warnings.filter(([code]) => code?.startsWith('SCOPEGATE_'));
}

describe('process.emitWarning', () => {
  it('tells once that keys cannot be had, and once that they can be had again', async () => {
    covers('F14');
    const raw = new RawIssuer();
    let isDown = true;
    const fetchKeys: typeof fetch = async () => {
      if (isDown) throw new TypeError('connection refused');
      return Response.json({ keys: [raw.jwk] });
    };
    const issuer = { issuer: raw.issuer, jwksUri: `${raw.issuer}/jwks` };
    const verifier = createVerifier({ ...raw.verifierOptions, issuer, fetch: fetchKeys });
    const token = raw.token();

    const warnings = await warningsDuring(async () => {
      for (const _ of [1, 2]) {
        expect(await detailOf(verifier.verify(token))).not.toBe('accepted');
        raw.clock.advance(60);
      }
      isDown = false;
      for (const _ of [1, 2]) expect(await detailOf(verifier.verify(raw.token()))).toBe('accepted');
    });
    verifier.close();
    expect(warnings.map(([code]) => code)).toEqual(['SCOPEGATE_KEYS_UNAVAILABLE', 'SCOPEGATE_KEYS_AVAILABLE']);
    expect(warnings[0]?.[1]).toContain('keys of the issuer https://issuer.test cannot be had: ');
    expect(JSON.stringify(warnings)).not.toContain(token.slice(-24));
  });

  it('is one line, whatever the issuer is called', async () => {
    const warnings = await warningsDuring(() => new OutageWarnings('secret', 'a\r\nb').failed('c\u001b[2J'));
    expect(warnings).toEqual([
      ['SCOPEGATE_SECRET_UNAVAILABLE', 'scopegate: secret of the issuer a\\u000d\\u000ab cannot be had: c\\u001b[2J'],
    ]);
  });

  it('tells nothing of what was never away', async () => {
    expect(await warningsDuring(() => new OutageWarnings('introspection', 'a').recovered())).toEqual([]);
  });
});
