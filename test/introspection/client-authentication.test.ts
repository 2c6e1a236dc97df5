import { jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  authenticateClient,
  type ClientAuthentication,
  explainRefusal,
} from '../../src/introspection/client-authentication.js';
import { parseIntrospection } from '../../src/issuer/introspection-options.js';
import { DEFAULT_ALGORITHMS } from '../../src/jws/algorithm.js';
import { FetchFailure } from '../../src/platform/fetch-json.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { covers } from '../support/covers.js';
import { generateKeys, sharedKeys, toJwk } from '../support/raw-issuer.js';
import { isRuntimeAlgorithm, LACKS_IT } from '../support/runtime-algorithms.js';

const ISSUER = 'https://login.example.com';
const clock = new TestClock(1_800_000_000_000);

/** Authenticates with what options of `introspection` say. */
function authenticate(options: object): Promise<ClientAuthentication> {
  return authenticateClient(parseIntrospection(options, 'introspection', false).credentials, ISSUER, clock.now);
}

async function basicPair(clientId: string, clientSecret: unknown): Promise<string> {
  const { headers, fields } = await authenticate({ clientId, clientSecret });
  expect({ names: Object.keys(headers), fields }).toEqual({ names: ['authorization'], fields: {} });
  const [scheme, encoded = ''] = (headers['authorization'] as string).split(' ');
  expect(scheme).toBe('Basic');
  return Buffer.from(encoded, 'base64').toString();
}

describe('authenticateClient, client_secret_basic', () => {
  it.each<[what: string, id: string, secret: string, pair: string]>([
    ['nothing that needs it', 'orders-api', 's3cr3t_.*', 'orders-api:s3cr3t_.*'],
    ['a colon', 'a:b', 'c:d', 'a%3Ab:c%3Ad'],
    ['a plus', 'a+b', 'c+d', 'a%2Bb:c%2Bd'],
    ['a percent sign', 'a%b', 'c%20d', 'a%25b:c%2520d'],
    ['a space', 'a b', ' c ', 'a+b:+c+'],
    ['an ampersand and an equals sign', 'a&b', 'c=d', 'a%26b:c%3Dd'],
    ['what a URI may hold', 'a~b', "c!'()/?#", 'a%7Eb:c%21%27%28%29%2F%3F%23'],
    ['what is not ASCII', 'é', '£ €', '%C3%A9:%C2%A3+%E2%82%AC'],
    ['what is beyond the BMP', '😀', '😀', '%F0%9F%98%80:%F0%9F%98%80'],
    ['a line break', 'a', 'b\r\nc', 'a:b%0D%0Ac'],
  ])(
    'RFC 6749 §2.3.1, appendix B: form-encodes id and secret before they are joined: %s',
    async (_, id, secret, pair) => {
      const sent = await basicPair(id, secret);
      expect(sent).toBe(pair);
      const decode = (part: string) => decodeURIComponent(part.replaceAll('+', ' '));
      expect(sent.split(':').map(decode)).toEqual([id, secret]);
    },
  );
});

describe('authenticateClient, client_secret_post', () => {
  it('RFC 6749 §2.3.1: gives id and secret as fields, for the form to encode', async () => {
    const options = { clientId: 'a:b', clientSecret: 'c+d %é', authMethod: 'client_secret_post' };
    const sent = await authenticate(options);
    expect(sent).toEqual({ headers: {}, fields: { client_id: 'a:b', client_secret: 'c+d %é' } });
  });
});

describe('authenticateClient, private_key_jwt', () => {
  const assertionOf = async (options: object) => {
    const { headers, fields } = await authenticate({ clientId: 'orders-api', ...options });
    const { client_assertion: assertion, ...others } = fields;
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    expect({ headers, others }).toEqual({
      headers: {},
      others: { client_id: 'orders-api', client_assertion_type: type },
    });
    return assertion as string;
  };
  const rules = { issuer: 'orders-api', subject: 'orders-api', audience: ISSUER, currentDate: new Date(clock.now()) };

  it.for(DEFAULT_ALGORITHMS)(
    'RFC 7523 §2.2, §3: signs an assertion for the issuer with %s',
    async (algorithm, { skip }) => {
      skip(!isRuntimeAlgorithm(algorithm), LACKS_IT);
      const { privateKey, publicKey } = sharedKeys(algorithm);
      const jwk = { ...toJwk(privateKey), kid: 'key-1' };
      for (const key of [privateKey, jwk]) {
        const assertion = await assertionOf({ privateKey: key, algorithm });
        const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, {
          ...rules,
          algorithms: [algorithm],
        });
        const kid = key === jwk ? { kid: 'key-1' } : {};
        expect(protectedHeader).toEqual({ alg: algorithm, ...kid });
        const [now, jti] = [1_800_000_000, expect.stringMatching(/^[0-9a-f-]{36}$/)];
        expect(payload).toEqual({ iss: 'orders-api', sub: 'orders-api', aud: ISSUER, jti, iat: now, exp: now + 60 });
      }
    },
  );

  it('RFC 7523 §3: makes an assertion that nobody else can be shown, and nobody for long', async () => {
    const { privateKey, publicKey } = generateKeys('ES256');
    const assertion = await assertionOf({ privateKey });
    await expect(jwtVerify(assertion, publicKey, rules)).resolves.toBeDefined();
    const elsewhere = { ...rules, audience: 'https://evil.test' };
    await expect(jwtVerify(assertion, publicKey, elsewhere)).rejects.toThrow(/unexpected "aud"/);
    const [last, late] = [new Date(clock.now() + 59_000), new Date(clock.now() + 60_000)];
    await expect(jwtVerify(assertion, publicKey, { ...rules, currentDate: last })).resolves.toBeDefined();
    await expect(jwtVerify(assertion, publicKey, { ...rules, currentDate: late })).rejects.toThrow(/"exp"/);
    const other = generateKeys('ES256').publicKey;
    await expect(jwtVerify(assertion, other, rules)).rejects.toThrow(/signature verification failed/);
  });

  it('RFC 7523 §3: makes another assertion for each question, within one second too', async () => {
    const { privateKey, publicKey } = generateKeys('EdDSA');
    const assertions = await Promise.all(Array.from({ length: 5 }, () => assertionOf({ privateKey })));
    const verified = await Promise.all(assertions.map((assertion) => jwtVerify(assertion, publicKey, rules)));
    expect(new Set(verified.map(({ payload }) => payload.jti)).size).toBe(5);
  });

  it('names the key as the options do, before the JWK', async () => {
    const { privateKey, publicKey } = generateKeys('ES256');
    const assertion = await assertionOf({ privateKey: { ...toJwk(privateKey), kid: 'key-1' }, keyId: 'key-2' });
    expect((await jwtVerify(assertion, publicKey, rules)).protectedHeader).toEqual({ alg: 'ES256', kid: 'key-2' });
  });
});

describe('authenticateClient, bearer', () => {
  it('RFC 6750 §2.1: gives the token in the Authorization header', async () => {
    const sent = await authenticate({ bearerToken: 'abc-._~+/123==' });
    expect(sent).toEqual({ headers: { authorization: 'Bearer abc-._~+/123==' }, fields: {} });
  });

  it.each(['hush hush', 'hush\n', 'hush\r\nx-evil: 1', 'hüsh', 'hush\u0000', 'Bearer hush', '='])(
    'RFC 6750 §2.1: does not take %j of a function for a token, and does not show it',
    async (given) => {
      await expect(authenticate({ bearerToken: () => 'hush' })).resolves.toBeDefined();
      const error = await authenticate({ bearerToken: () => given }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toBe('TypeError: the function gave characters that no bearer token has');
    },
  );
});

describe.each<[method: string, options: (source: unknown) => object]>([
  ['client_secret_basic', (clientSecret) => ({ clientId: 'api', clientSecret })],
  ['client_secret_post', (clientSecret) => ({ clientId: 'api', clientSecret, authMethod: 'client_secret_post' })],
  ['bearer', (bearerToken) => ({ bearerToken })],
])('authenticateClient, %s by a function', (_, options) => {
  it('asks it for each question, so that a secret can be replaced', async () => {
    let calls = 0;
    const source = () => {
      calls += 1;
      return `hush-${calls}`;
    };
    expect(await authenticate(options(source))).toEqual(await authenticate(options('hush-1')));
    expect(await authenticate(options(source))).toEqual(await authenticate(options('hush-2')));
    expect(calls).toBe(2);
  });

  it('waits for a function that is asynchronous', async () => {
    expect(await authenticate(options(async () => 'hush'))).toEqual(await authenticate(options('hush')));
  });

  it.each<[what: string, source: () => unknown]>([
    [
      'throws',
      () => {
        throw new RangeError('the vault is sealed');
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('the vault is sealed'))],
  ])('rejects with what it %s', async (_what, source) => {
    covers('J20');
    await expect(authenticate(options(() => 'hush'))).resolves.toBeDefined();
    await expect(authenticate(options(source))).rejects.toEqual(new RangeError('the vault is sealed'));
  });

  it.each([[undefined], [null], [''], [7], [['hush']], [Buffer.from('hush')], [{ secret: 'hush' }]])(
    'rejects where it gives %j, without showing it',
    async (given) => {
      await expect(authenticate(options(() => 'hush'))).resolves.toBeDefined();
      for (const source of [() => given, async () => given]) {
        const error = await authenticate(options(source)).catch((thrown: unknown) => thrown);
        expect(String(error)).toBe('TypeError: the function gave no text');
      }
    },
  );
});

describe('authenticateClient, none', () => {
  it('sends no credentials, and the client id where there is one', async () => {
    expect(await authenticate({ authMethod: 'none' })).toEqual({ headers: {}, fields: {} });
    const named = await authenticate({ authMethod: 'none', clientId: 'orders-api' });
    expect(named).toEqual({ headers: {}, fields: { client_id: 'orders-api' } });
  });

  it.each(['clientSecret', 'bearerToken', 'privateKey', 'algorithm', 'keyId'])('refuses %s beside it', (name) => {
    const call = () => parseIntrospection({ authMethod: 'none', [name]: 'x' }, 'introspection', false);
    expect(call).toThrow(`introspection.authMethod: is 'none', beside ${name}. Leave one of them out.`);
  });
});

describe('explainRefusal', () => {
  const ODD = { clientId: 'orders-api', clientSecret: '100% a+b' };
  const refused = new FetchFailure('https://login.example.com answered 401', { status: 401 });

  it('RFC 6749 §2.3.1: names the cause where a server may not have decoded the secret', async () => {
    const explained = explainRefusal(refused, await authenticate(ODD));
    expect(explained).toMatchObject({ status: 401, cause: refused });
    expect(explained.message).toMatch(
      /^https:\/\/login\.example\.com answered 401: .*Basic encodes.*client_secret_post'$/,
    );
    expect(explained.message).not.toContain('100%');
  });

  it.each<[what: string, options: object]>([
    ['a secret that needs no encoding', { ...ODD, clientSecret: 'plain-secret_1.*' }],
    ['a secret in the form', { ...ODD, authMethod: 'client_secret_post' }],
    ['a bearer token', { bearerToken: 'a+b' }],
    ['no credentials', { authMethod: 'none' }],
  ])('says nothing of the kind with %s', async (_, options) => {
    expect(explainRefusal(refused, await authenticate(ODD))).not.toBe(refused);
    expect(explainRefusal(refused, await authenticate(options))).toBe(refused);
  });

  it.each([undefined, 404, 500, 503])('says nothing of the kind of the status %s', async (status) => {
    const other = new FetchFailure('no answer', status === undefined ? {} : { status });
    expect(explainRefusal(other, await authenticate(ODD))).toBe(other);
  });
});
