import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVerifier, type Verifier } from '../../src/index.js';
import { createTestIssuer, type Outage, type TestIssuer, type TestIssuerOptions } from '../../src/testing/index.js';
import { catchWarnings } from '../support/caught-warnings.js';
import { expectMisuse } from '../support/configuration-error.js';
import { reasonOfCall } from '../support/reason-of.js';

const OPEN: { close(): unknown }[] = [];

afterEach(async () => {
  for (const resource of OPEN.splice(0)) await resource.close();
});

async function createIssuer(options?: TestIssuerOptions): Promise<TestIssuer> {
  const issuer = await createTestIssuer(options);
  OPEN.push(issuer);
  return issuer;
}

function verifierFor(issuer: TestIssuer): Verifier {
  const verifier = createVerifier(issuer.verifierOptions);
  OPEN.push(verifier);
  return verifier;
}

const TRANSPORTS = [
  ['over the network', { network: true }],
  ['without any network', {}],
] as const;

describe.each(TRANSPORTS)('a test issuer, reached %s', (_, options) => {
  it('issues tokens that a verifier with its options accepts', async () => {
    const issuer = await createIssuer(options);
    const accessToken = await verifierFor(issuer).verify(await issuer.token({ scope: 'read write' }));
    expect(accessToken).toMatchObject({
      issuer: issuer.issuer,
      audience: [issuer.audience],
      subject: 'test-user',
      clientId: 'test-client',
      scopes: ['read', 'write'],
    });
  });

  it('counts how often its documents were asked for', async () => {
    const issuer = await createIssuer(options);
    const verifier = verifierFor(issuer);
    await verifier.verify(await issuer.token());
    await verifier.verify(await issuer.token());
    expect(issuer.hits).toEqual({ metadata: 1, jwks: 1 });
    issuer.resetHits();
    expect(issuer.hits).toEqual({ metadata: 0, jwks: 0 });
  });

  it('signs with a new key after a rotation, and publishes both', async () => {
    const issuer = await createIssuer(options);
    const verifier = verifierFor(issuer);
    const before = await issuer.token();
    const kid = await issuer.rotate();
    const token = await issuer.token();
    expect(decodeProtectedHeader(token).kid).toBe(kid);
    expect(issuer.jwks.keys.map((key) => key.kid)).toEqual([decodeProtectedHeader(before).kid, kid]);
    await expect(verifier.verify(before)).resolves.toBeDefined();
    await expect(verifier.verify(token)).resolves.toBeDefined();
  });

  it('publishes a key no longer once it is withdrawn', async () => {
    const issuer = await createIssuer(options);
    const verifier = verifierFor(issuer);
    const token = await issuer.token();
    await issuer.rotate();
    await expect(verifier.verify(token)).resolves.toBeDefined();
    issuer.withdraw(decodeProtectedHeader(token).kid as string);
    await verifier.refresh();
    await expect(reasonOfCall(verifier.verify(token))).resolves.toBe('unknown_key');
  });

  it.each<[Outage]>([['refuse'], ['hang'], ['reset'], ['error'], ['html']])(
    'cannot be had while the outage is "%s", and can again when it has recovered',
    async (outage) => {
      const issuer = await createIssuer(options);
      const token = await issuer.token();
      await issuer.outage(outage);
      const cut = createVerifier({ ...issuer.verifierOptions, keys: { fetchTimeoutSeconds: 0.1 } });
      OPEN.push(cut);
      await expect(reasonOfCall(cut.verify(token))).resolves.toBe('metadata_unavailable');

      await issuer.recover();
      await expect(reasonOfCall(verifierFor(issuer).verify(token))).resolves.toBe('accepted');
    },
  );

  it('changes from one outage to another', async () => {
    const issuer = await createIssuer(options);
    await issuer.outage('refuse');
    await issuer.outage('error');
    const ask = issuer.verifierOptions.fetch ?? fetch;
    expect((await ask(issuer.jwksUri)).status).toBe(500);
  });

  it('moves its clock, and with it that of its verifier', async () => {
    const issuer = await createIssuer({ ...options, startAt: 1_800_000_000_000 });
    const verifier = verifierFor(issuer);
    const token = await issuer.token({ expiresInSeconds: 60 });
    expect(decodeJwt(token)).toMatchObject({ iat: 1_800_000_000, exp: 1_800_000_060 });
    await expect(reasonOfCall(verifier.verify(token))).resolves.toBe('accepted');
    issuer.advance(66);
    expect(issuer.now()).toBe(1_800_000_066_000);
    await expect(reasonOfCall(verifier.verify(token))).resolves.toBe('token_expired');
    issuer.advance(-66);
    await expect(reasonOfCall(verifier.verify(token))).resolves.toBe('accepted');
  });
});

describe('a test issuer on the network', () => {
  it('has its port in its identifier, and the path that was given', async () => {
    const issuer = await createIssuer({ network: true, path: '/tenant1' });
    expect(issuer.issuer).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/tenant1$/);
    expect(issuer.jwksUri).toBe(`${issuer.issuer}/jwks`);
    await expect(reasonOfCall(verifierFor(issuer).verify(await issuer.token()))).resolves.toBe('accepted');
  });

  it('refuses connections once it is closed', async () => {
    const issuer = await createIssuer({ network: true });
    expect((await fetch(issuer.jwksUri)).status).toBe(200);
    await issuer.close();
    await expect(fetch(issuer.jwksUri)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });
});

describe('a test issuer without a network', () => {
  it('has the identifier that was given', async () => {
    const issuer = await createIssuer({ issuer: 'https://login.example.com/', audience: 'https://orders.example.com' });
    expect(issuer.issuer).toBe('https://login.example.com/');
    const accessToken = await verifierFor(issuer).verify(await issuer.token());
    expect(accessToken).toMatchObject({ issuer: issuer.issuer, audience: ['https://orders.example.com'] });
  });

  it('is never asked for over the network by a verifier with its options', async () => {
    const { verifierOptions } = await createIssuer();
    expect(verifierOptions).toEqual({
      issuer: 'https://issuer.test',
      audience: 'https://api.test',
      clock: expect.any(Function),
      fetch: expect.any(Function),
    });
    expect(verifierOptions.fetch).not.toBe(globalThis.fetch);
  });
});

describe('a token of a test issuer', () => {
  it('RFC 9068 §2.1, §2.2: has the type and every claim that are required, unless told otherwise', async () => {
    const issuer = await createIssuer({ startAt: 1_800_000_000_500 });
    const token = await issuer.token();
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: issuer.jwks.keys[0]?.kid });
    expect(decodeJwt(token)).toEqual({
      iss: issuer.issuer,
      sub: 'test-user',
      aud: issuer.audience,
      client_id: 'test-client',
      iat: 1_800_000_000,
      exp: 1_800_003_600,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('RFC 7519 §4.1.7: has a jti of its own', async () => {
    const issuer = await createIssuer();
    const jtis = [decodeJwt(await issuer.token()).jti, decodeJwt(await issuer.token()).jti];
    expect(new Set(jtis).size).toBe(2);
  });

  it('says what it is told to say', async () => {
    const issuer = await createIssuer({ startAt: 1_800_000_000_000 });
    const token = await issuer.token({
      scope: ['a', 'b'],
      audience: ['https://one.test', 'https://two.test'],
      subject: 'alice',
      clientId: 'app',
      expiresInSeconds: -60,
      claims: { tenant: 't', jti: undefined },
      header: { typ: 'JWT' },
    });
    expect(decodeProtectedHeader(token).typ).toBe('JWT');
    expect(decodeJwt(token)).toEqual({
      iss: issuer.issuer,
      sub: 'alice',
      aud: ['https://one.test', 'https://two.test'],
      client_id: 'app',
      iat: 1_800_000_000,
      exp: 1_799_999_940,
      scope: 'a b',
      tenant: 't',
    });
  });

  it('is signed with the first algorithm, or with the one that is named', async () => {
    const issuer = await createIssuer({ algorithms: ['ES384', 'EdDSA'] });
    const verifier = verifierFor(issuer);
    for (const [options, alg] of [
      [{}, 'ES384'],
      [{ algorithm: 'EdDSA' }, 'EdDSA'],
    ] as const) {
      const token = await issuer.token(options);
      expect(decodeProtectedHeader(token).alg).toBe(alg);
      await expect(reasonOfCall(verifier.verify(token))).resolves.toBe('accepted');
    }
  });

  it('can be signed with an algorithm that came by rotation', async () => {
    const issuer = await createIssuer();
    await issuer.rotate('RS256');
    const token = await issuer.token({ algorithm: 'RS256' });
    await expect(reasonOfCall(verifierFor(issuer).verify(token))).resolves.toBe('accepted');
    expect(decodeProtectedHeader(await issuer.token()).alg).toBe('ES256');
  });

  it('is no good at another issuer of the same name', async () => {
    const issuer = await createIssuer();
    const other = await createIssuer();
    const verifier = verifierFor(issuer);
    await expect(reasonOfCall(verifier.verify(await issuer.token()))).resolves.toBe('accepted');
    await expect(reasonOfCall(verifier.verify(await other.token()))).resolves.toBe('signature_invalid');
  });
});

describe('a test issuer, told what makes no sense,', () => {
  let issuer: TestIssuer;

  beforeEach(async () => {
    issuer = await createIssuer();
  });

  it.each<[what: string, call: () => unknown, option: string, told: string, fix: string]>([
    ['null in place of a token', () => issuer.token(null as never), 'options', 'null', 'Give an object'],
    ['a misspelt name', () => issuer.token({ scopes: 'a' } as never), 'scopes', 'no', 'Did you mean scope?'],
    [
      'an unknown name',
      () => issuer.token({ lifetime: 60 } as never),
      'lifetime',
      'no',
      'Options are: scope, audience,',
    ],
    ['an algorithm without a key', () => issuer.token({ algorithm: 'RS256' }), 'algorithm', 'no RS256 key', 'ES256'],
    ['to rotate to HS256', () => issuer.rotate('HS256' as never), 'algorithms', 'holds "HS256".', 'such as ES256'],
    [
      'to withdraw an unknown key',
      () => issuer.withdraw('x'),
      'kid',
      '"x" is not published.',
      'Published are: es256-1.',
    ],
    ['an unknown outage', () => issuer.outage('down' as never), 'outage', 'is "down".', 'Give one of refuse, hang,'],
    ['to move its clock by NaN', () => issuer.advance(Number.NaN), 'seconds', 'NaN', 'number'],
  ])('refuses %s', async (_, call, option, told, fix) => {
    await expectMisuse(call, { option, told, fix });
    await expect(issuer.token()).resolves.toMatch(/^\S+\.\S+\.\S+$/);
  });
});

describe('createTestIssuer on a server that people use', () => {
  it.each([
    ['production', ['SCOPEGATE_TEST_ISSUER']],
    ['test', []],
    [undefined, []],
  ])('with NODE_ENV=%s warns of itself: %j', async (environment, codes) => {
    vi.stubEnv('NODE_ENV', environment);
    const warnings = catchWarnings();
    await createTestIssuer();
    await new Promise((resolve) => setImmediate(resolve));
    vi.unstubAllEnvs();
    expect(warnings.map(({ code }) => code)).toEqual(codes);
  });
});
