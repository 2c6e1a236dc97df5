import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { covers } from '../support/covers.js';
import {
  expectAccepted,
  expectRefused,
  insufficientScope,
  invalidRequest,
  invalidToken,
  noCredentials,
} from '../support/expect-answer.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { bearer, type Call, startTestIssuerApi, type TestIssuerApi } from '../support/guarded-api.js';
import { parseWwwAuthenticate } from '../support/www-authenticate.js';

function authorization(value: (token: string) => string): Call {
  return { lines: (token) => [`Authorization: ${value(token)}`] };
}

describe.each(EXPRESS_VERSIONS)('RFC 6750 on %s', (_, express) => {
  let api: TestIssuerApi;

  beforeAll(async () => {
    api = await startTestIssuerApi({
      express,
      routes: (app, { guard, handler }) => {
        app.get('/both', guard('orders:read orders:write'), handler);
        app.post('/orders', guard('orders:read'), handler);
      },
    });
  });
  afterAll(() => api.close());

  it('RFC 6750 §2.1: accepts the token in the Authorization header', async () => {
    covers('6750-1');
    const { response } = await expectAccepted(api, { lines: bearer });
    expect(response.body).toBe('{"subject":"test-user"}');
  });

  it.each<[string, Call]>([
    ['one space', authorization((token) => `Bearer ${token}`)],
    ['many spaces', authorization((token) => `Bearer     ${token}`)],
  ])('RFC 6750 §2.1: accepts %s between scheme and token', async (_, call) => {
    covers('6750-12');
    await expectAccepted(api, call);
  });

  it.each<[string, Call]>([
    ['no token', authorization(() => 'Bearer')],
    ['a tab before the token', authorization((token) => `Bearer\t${token}`)],
    ['a tab after a space', authorization((token) => `Bearer \t${token}`)],
    ['a comma before the token', authorization((token) => `Bearer, ${token}`)],
    ['a comma after the token', authorization((token) => `Bearer ${token},`)],
    ['two words', authorization((token) => `Bearer ${token} ${token}`)],
    ['two credentials in one value', authorization((token) => `Bearer ${token}, Bearer ${token}`)],
    ['a quoted token', authorization((token) => `Bearer "${token}"`)],
    ['a parameter', authorization((token) => `Bearer token="${token}"`)],
    ['a character outside of b64token', authorization((token) => `Bearer ${token}%`)],
    ['padding inside of the token', authorization((token) => `Bearer ${token}=${token}`)],
    ['padding alone', authorization(() => 'Bearer ==')],
  ])('RFC 6750 §2.1: refuses %s as invalid_request', async (_, call) => {
    covers('6750-12');
    await expectRefused(api, call, invalidRequest('bearer_malformed'));
  });

  it('RFC 6750 §2.1: leaves it to the token format to refuse a b64token that is no JWT', async () => {
    await expectRefused(api, { token: 'mF_9.B5f-4.1JqM/~+==' }, invalidToken('token_malformed'));
    await expectRefused(api, { token: 'mF_9-B5f~4+1JqM/==' }, invalidToken('token_opaque'));
  });

  it('RFC 6750 §2: refuses a token in header and query at once, the same one too', async () => {
    covers('6750-2');
    const sameTwice: Call = { target: (token) => `/orders?access_token=${token}` };
    await expectRefused(api, sameTwice, invalidRequest('multiple_tokens'));
    const escapedName: Call = { target: (token) => `/orders?a=b&access%5Ftoken=${token}` };
    await expectRefused(api, escapedName, invalidRequest('multiple_tokens'), { target: '/orders?a=b&access=c' });
  });

  it('RFC 6750 §2.3: takes no token from the query unless told to', async () => {
    covers('6750-4');
    const inQuery: Call = { target: (token) => `/orders?access_token=${token}`, lines: () => [] };
    await expectRefused(api, inQuery, noCredentials);
  });

  it('RFC 6750 §2.2: takes no token from a form unless told to', async () => {
    covers('6750-3');
    const inForm: Call = {
      method: 'POST',
      lines: () => ['Content-Type: application/x-www-form-urlencoded'],
      body: (token) => `access_token=${token}`,
    };
    await expectRefused(api, inForm, noCredentials, { method: 'POST' });
  });

  it('RFC 6750 §3: answers 401 with one Bearer challenge whose parameters come once each', async () => {
    covers('6750-5', '6750-8');
    const { response } = await expectRefused(api, { claims: { expiresInSeconds: -60 } }, invalidToken('token_expired'));
    expect(response.headers.get('www-authenticate')).toHaveLength(1);
    const [challenge, ...others] = parseWwwAuthenticate(response.headers.get('www-authenticate')?.[0] ?? '');
    expect(others).toEqual([]);
    expect(challenge?.scheme).toBe('Bearer');
    expect(Object.keys(challenge?.params ?? {})).toEqual(['realm', 'error', 'error_description']);
  });

  it.each<[string, Call]>([
    ['no Authorization header', { lines: () => [] }],
    ['an empty one', authorization(() => '')],
    ['another scheme', authorization((token) => `Basic ${token}`)],
    ['a scheme that begins like Bearer', authorization((token) => `Bearer${token}`)],
    ['the token without a scheme', authorization((token) => token)],
  ])('RFC 6750 §3.1: sends no error code for %s', async (_, call) => {
    covers('6750-6');
    await expectRefused(api, call, noCredentials);
  });

  it('RFC 6750 §3: sends an error code when a token was sent and failed', async () => {
    covers('6750-7');
    const foreign: Call = { claims: { audience: 'https://other.test' } };
    const { response } = await expectRefused(api, foreign, invalidToken('audience_mismatch'));
    expect(response.headers.get('www-authenticate')?.[0]).toContain('error="invalid_token"');
  });

  it('RFC 6750 §3.1: answers invalid_request with 400', async () => {
    covers('6750-10');
    await expectRefused(
      api,
      authorization(() => 'Bearer a b'),
      invalidRequest('bearer_malformed'),
    );
  });

  it('RFC 6750 §3.1: answers invalid_token with 401', async () => {
    covers('6750-10');
    await expectRefused(api, { claims: { header: { kid: 'unknown' } } }, invalidToken('unknown_key'));
  });

  it('RFC 6750 §3.1: answers insufficient_scope with 403 and the scopes that the route needs', async () => {
    covers('6750-10');
    const both: Call = { target: '/both', claims: { scope: 'orders:read orders:write' } };
    await expectRefused(
      api,
      { ...both, claims: { scope: 'orders:write' } },
      insufficientScope('orders:read orders:write'),
      both,
    );
  });

  it.each([
    ['quotes and a parameter', 'x", error="none', 'audience_mismatch', 'aud'],
    ['a line end', 'x\r\nSet-Cookie: a=b', 'claim_malformed', 'aud'],
    ['a character beyond latin1', 'x\u2713', 'audience_mismatch', 'aud'],
    ['a backslash at the end', 'x\\', 'audience_mismatch', 'aud'],
    ['quotes and a parameter', 'x", error="none', 'claim_malformed', 'scope'],
    ['a line end', 'x\r\nSet-Cookie: a=b', 'claim_malformed', 'scope'],
    ['quotes and a parameter', 'x", error="none', 'issuer_not_trusted', 'iss'],
    ['a line end', 'x\r\nSet-Cookie: a=b', 'issuer_not_trusted', 'iss'],
  ] as const)('RFC 6750 §3: keeps %s in the claim out of the answer (%j: %s, %s)', async (_, text, reason, name) => {
    covers('6750-9', 'F12');
    await expectRefused(api, { claims: { claims: { [name]: text } } }, invalidToken(reason));
  });

  it.each([
    ['kid', 'x", error="none', 'unknown_key'],
    ['kid', 'x\r\nSet-Cookie: a=b', 'unknown_key'],
    ['typ', 'x\u2713"', 'token_type_not_allowed'],
  ] as const)('RFC 6750 §3: keeps the %s header %j out of the answer', async (name, text, reason) => {
    covers('6750-9', 'F12');
    await expectRefused(api, { claims: { header: { [name]: text } } }, invalidToken(reason));
  });

  it.each([
    ['the first audience', ['https://a.test', 'https://b.test'], 'https://a.test'],
    ['"api" where that cannot be quoted', ['urn:"a"', 'https://b.test'], 'api'],
    ['"api" where that has characters beyond ASCII', ['urn:\u2713', 'https://b.test'], 'api'],
  ])('RFC 6750 §3: names %s as the realm', async (_, audience, realm) => {
    covers('6750-9');
    const own = await startTestIssuerApi({ express, verifier: { audience } });
    try {
      const control: Call = { claims: { audience: audience[0] as string } };
      await expectRefused(own, { lines: () => [] }, { ...noCredentials, realm }, control);
      const expired: Call = { claims: { ...control.claims, expiresInSeconds: -60 } };
      await expectRefused(own, expired, { ...invalidToken('token_expired'), realm }, control);
    } finally {
      await own.close();
    }
  });

  it('RFC 6750 §3: names the realm that the guard was given', async () => {
    const own = await startTestIssuerApi({ express, guard: { realm: 'orders (beta)' } });
    try {
      await expectRefused(own, { lines: () => [] }, { ...noCredentials, realm: 'orders (beta)' });
    } finally {
      await own.close();
    }
  });
});

describe.each(EXPRESS_VERSIONS)('RFC 6750 on %s, form and query being read too', (_, express) => {
  const FORM = 'Content-Type: application/x-www-form-urlencoded';
  const inForm: Call = { method: 'POST', lines: () => [FORM], body: (token) => `access_token=${token}` };
  const inQuery: Call = { target: (token) => `/orders?access_token=${token}`, lines: () => [] };
  let api: TestIssuerApi;

  beforeAll(async () => {
    api = await startTestIssuerApi({
      express,
      guard: { extraTokenLocations: ['form', 'query'] },
      routes: (app, { guard, handler }) => {
        app.use(express.urlencoded({ extended: true }), express.json());
        app.all('/parsed', guard('orders:read'), handler);
      },
    });
  });
  afterAll(() => api.close());

  const parsed = (call: Call): Call => ({ target: '/parsed', ...call });

  it('RFC 6750 §2.3: marks the answer to a token in the query as private', async () => {
    covers('6750-4');
    const { response } = await expectAccepted(api, inQuery);
    expect(response.headers.get('cache-control')).toEqual(['private']);
  });

  it('RFC 6750 §2.3: judges a token in the query like one in the header', async () => {
    covers('6750-4');
    await expectRefused(api, { ...inQuery, claims: { expiresInSeconds: -60 } }, invalidToken('token_expired'), inQuery);
  });

  it('RFC 6750 §2.2: accepts a token in a form', async () => {
    covers('6750-3');
    await expectAccepted(api, parsed(inForm));
    const withCharset: Call = { ...inForm, lines: () => [`${FORM}; charset=utf-8`] };
    await expectAccepted(api, parsed(withCharset));
  });

  it.each<[string, Call]>([
    ['of a GET request', { ...inForm, method: 'GET' }],
    [
      'in JSON',
      {
        ...inForm,
        lines: () => ['Content-Type: application/json'],
        body: (token) => JSON.stringify({ access_token: token }),
      },
    ],
    [
      'in several parts',
      {
        ...inForm,
        lines: () => ['Content-Type: multipart/form-data; boundary=b'],
        body: (token) => `--b\r\nContent-Disposition: form-data; name="access_token"\r\n\r\n${token}\r\n--b--`,
      },
    ],
    ['of another type', { ...inForm, lines: () => ['Content-Type: application/x-www-form-urlencoded-v2'] }],
  ])('RFC 6750 §2.2: takes no token from a body %s', async (_, call) => {
    covers('6750-3');
    const answer = call.body?.('').includes('[]') ? invalidRequest('bearer_malformed') : noCredentials;
    await expectRefused(api, parsed(call), answer, parsed(inForm));
  });

  it.each<[string, Call, Call]>([
    ['header and query', { ...inQuery, lines: bearer }, inQuery],
    ['header and form', parsed({ ...inForm, lines: (token) => [FORM, ...bearer(token)] }), parsed(inForm)],
    ['query and form', { ...inForm, target: (token) => `/parsed?access_token=${token}` }, parsed(inForm)],
    [
      'the query twice',
      { ...inQuery, target: (token) => `/orders?access_token=${token}&access_token=${token}` },
      inQuery,
    ],
    [
      'the form twice',
      parsed({ ...inForm, body: (token) => `access_token=${token}&access_token=${token}` }),
      parsed(inForm),
    ],
  ])('RFC 6750 §2: refuses a token in %s', async (_, call, control) => {
    covers('6750-2');
    await expectRefused(api, call, invalidRequest('multiple_tokens'), control);
  });

  it('RFC 6750 §2.2: refuses a form whose parameter is named access_token[]', async () => {
    covers('F8');
    const call = parsed({ ...inForm, body: (token) => `access_token[]=${token}` });
    await expectRefused(api, call, invalidRequest('bearer_malformed'), parsed(inForm));
  });

  it('RFC 6750 §2.2: refuses a form whose token has characters beyond ASCII', async () => {
    const call = parsed({ ...inForm, body: (token) => `access_token=${token}\u00e9` });
    await expectRefused(api, call, invalidRequest('bearer_malformed'), parsed(inForm));
  });

  it('RFC 6750 §2.3: refuses a query whose token is empty', async () => {
    await expectRefused(
      api,
      { ...inQuery, target: '/orders?access_token=' },
      invalidRequest('bearer_malformed'),
      inQuery,
    );
  });

  it('RFC 6750 §3.1: sends no error code where none of the places holds a token', async () => {
    await expectRefused(api, { lines: () => [] }, noCredentials, inQuery);
  });
});
