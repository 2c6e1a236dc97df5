import { createHmac } from 'node:crypto';
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import type { Algorithm } from '../../src/jws/algorithm.js';
import type { VerifiedToken } from '../../src/token/verified-token.js';
import { covers } from '../support/covers.js';
import { generateKeys, type KeyPair, type Mutation, RawIssuer, toJwk } from '../support/raw-issuer.js';
import { toJsonText, toSegment } from '../support/raw-token.js';
import { reasonOf } from '../support/reason-of.js';
import { createVerifyJwt } from '../support/verify-raw.js';

const ec = new RawIssuer({ algorithm: 'ES256' });
const rsa = new RawIssuer({ algorithm: 'RS256' });
const stranger = generateKeys('ES256');

/** Gives `verifyJwt` for an issuer with other keys than its own one. */
function withKeys(raw: RawIssuer, ...keys: readonly JWK[]) {
  return createVerifyJwt({ ...raw.verifierOptions, issuer: { issuer: raw.issuer, jwks: { keys: [...keys] } } });
}

function hmacToken(raw: RawIssuer, alg: string, secret: string | Buffer): string {
  const header = toJsonText({ ...raw.header, alg: JSON.stringify(alg) });
  const input = `${toSegment(header)}.${toSegment(toJsonText(raw.payload))}`;
  return `${input}.${createHmac(`sha${alg.slice(2)}`, secret)
    .update(input)
    .digest('base64url')}`;
}

/** Every way in which a public key was mistaken for a secret so far. */
function spellings(key: KeyPair['publicKey']): Record<string, string | Buffer> {
  const pem = String(key.export({ type: 'spki', format: 'pem' }));
  const jwk = toJwk(key);
  const point = [jwk.n ?? '', jwk.x ?? '', jwk.y ?? ''].map((member) => Buffer.from(member, 'base64url'));
  return {
    'the PEM': pem,
    'the PEM without its last line feed': pem.trimEnd(),
    'the PEM with something before it': ` \n${pem}`,
    'the PEM with CRLF': pem.replaceAll('\n', '\r\n'),
    'the DER': key.export({ type: 'spki', format: 'der' }),
    'the JWK as JSON': JSON.stringify(jwk),
    'the numbers of the key': Buffer.concat(point),
    'an empty key (CVE-2026-44351)': '',
  };
}

describe('verifyJwt, algorithm', () => {
  it.each(
    [rsa, ec].flatMap((raw) =>
      Object.entries(spellings(raw.keys.publicKey)).map(([name, secret]) => ({
        name,
        secret,
        raw,
        alg: raw.algorithm,
      })),
    ),
  )('CVE-2015-9235, CVE-2023-48223: refuses HS256 keyed with $name of an $alg key', async ({ raw, secret }) => {
    covers('A4');
    if (secret === '') covers('A5');
    const verify = createVerifyJwt(raw.verifierOptions);
    expect(reasonOf(await verify(raw.token()))).toBe('accepted');
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      expect(reasonOf(await verify(hmacToken(raw, alg, secret)))).toBe('algorithm_not_allowed');
    }
  });

  it('refuses an HMAC under the algorithm of the key', async () => {
    covers('A4');
    const verify = createVerifyJwt(rsa.verifierOptions);
    const [header, payload] = rsa.token().split('.') as [string, string];
    const pem = rsa.keys.publicKey.export({ type: 'spki', format: 'pem' });
    const mac = createHmac('sha256', pem).update(`${header}.${payload}`).digest('base64url');
    expect(reasonOf(await verify(rsa.token()))).toBe('accepted');
    expect(reasonOf(await verify(`${header}.${payload}.${mac}`))).toBe('signature_invalid');
  });

  it('never uses a symmetric key of the key set', async () => {
    covers('H11', 'DISC-1');
    const secret = Buffer.alloc(32, 7);
    const oct: JWK = { kty: 'oct', k: secret.toString('base64url'), kid: 'key-1', alg: 'HS256' };
    const verify = withKeys(ec, oct, ec.jwk);
    expect(reasonOf(await verify(ec.token()))).toBe('accepted');
    expect(reasonOf(await verify(hmacToken(ec, 'HS256', secret)))).toBe('algorithm_not_allowed');
  });

  it('CVE-2026-48523: uses a key that names its algorithm with no other', async () => {
    covers('A6', '7517-4');
    const verify = withKeys(rsa, { ...rsa.jwk, alg: 'PS256' });
    const asPs256: Mutation = { header: { alg: '"PS256"' }, signWith: 'PS256' };
    expect(reasonOf(await verify(rsa.token(asPs256)))).toBe('accepted');
    expect(reasonOf(await verify(rsa.token()))).toBe('unknown_key');
  });

  it.each<Algorithm>(['RS512', 'PS384'])(
    'CVE-2026-22817: refuses a real %s signature where the key names no algorithm and the options another',
    async (algorithm) => {
      covers('A7', 'bis-1');
      const { alg: _, ...jwk } = rsa.jwk;
      const issuer = { issuer: rsa.issuer, jwks: { keys: [jwk] } };
      const verify = createVerifyJwt({ ...rsa.verifierOptions, issuer, algorithms: ['RS256'] });
      const token = rsa.token({ header: { alg: JSON.stringify(algorithm) }, signWith: algorithm });
      expect(reasonOf(await verify(rsa.token()))).toBe('accepted');
      expect(reasonOf(await verify(token))).toBe('algorithm_not_allowed');
      const wider = createVerifyJwt({ ...rsa.verifierOptions, issuer, algorithms: ['RS256', algorithm] });
      expect(reasonOf(await wider(token))).toBe('accepted');
    },
  );

  it.each<[Algorithm, Algorithm]>([
    ['ES256', 'ES384'],
    ['ES384', 'ES256'],
    ['ES512', 'ES256'],
    ['RS256', 'ES256'],
    ['ES256', 'RS256'],
    ['EdDSA', 'ES256'],
  ])('CVE-2022-23539: does not try a key for %s on a token that says %s', async (ofKey, ofToken) => {
    covers('A8', 'A9');
    const raw = new RawIssuer({ algorithm: ofKey });
    const { alg: _, ...jwk } = raw.jwk;
    const verify = withKeys(raw, jwk);
    expect(reasonOf(await verify(raw.token()))).toBe('accepted');
    expect(reasonOf(await verify(raw.token({ header: { alg: JSON.stringify(ofToken) } })))).toBe('unknown_key');
  });

  it('does not use a key whose kty belongs to other members', async () => {
    covers('A9');
    const mixed = { ...ec.jwk, kty: 'RSA' } as JWK;
    const verify = withKeys(ec, mixed, { ...ec.jwk, kid: 'key-2' });
    expect(reasonOf(await verify(ec.token({ header: { kid: '"key-2"' } })))).toBe('accepted');
    expect(reasonOf(await verify(ec.token()))).toBe('unknown_key');
  });

  it('does not use a key whose point is off its curve', async () => {
    covers('8725-4');
    const { x } = toJwk(stranger.publicKey);
    const off = { ...ec.jwk, x } as JWK;
    const verify = withKeys(ec, off, { ...ec.jwk, kid: 'key-2' });
    expect(reasonOf(await verify(ec.token({ header: { kid: '"key-2"' } })))).toBe('accepted');
    expect(reasonOf(await verify(ec.token()))).toBe('unknown_key');
  });
});

describe('verifyJwt, keys from the header', () => {
  const verify = createVerifyJwt(ec.verifierOptions);
  const embedded = JSON.stringify(toJwk(stranger.publicKey));

  it.each<[string, string | undefined, string]>([
    ['the kid of a real key', '"key-1"', 'signature_invalid'],
    ['an unknown kid', '"evil"', 'unknown_key'],
    ['no kid', undefined, 'signature_invalid'],
  ])('CVE-2018-0114: does not trust the jwk of the header, with %s', async (_, kid, reason) => {
    covers('C1');
    const header = { jwk: embedded, kid };
    expect(reasonOf(await verify(ec.token({ header: { jwk: embedded } })))).toBe('accepted');
    expect(reasonOf(await verify(ec.token({ header, key: stranger.privateKey })))).toBe(reason);
  });

  it.each(['jku', 'x5u'])('CVE-2024-21643: fetches nothing that %s names', async (name) => {
    covers('C2', '7515-8');
    for (const url of [
      'https://evil.test/jwks',
      'http://127.0.0.1:1/',
      'file:///etc/passwd',
      'http://169.254.169.254/',
    ]) {
      const header = { [name]: JSON.stringify(url), kid: '"evil"' };
      expect(reasonOf(await verify(ec.token({ header: { ...header, kid: '"key-1"' } })))).toBe('accepted');
      expect(reasonOf(await verify(ec.token({ header, key: stranger.privateKey })))).toBe('unknown_key');
    }
    expect(ec.requests).toEqual([]);
  });

  it('does not trust the certificate of the header', async () => {
    covers('C3');
    const der = stranger.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const header = { x5c: JSON.stringify([der]), x5t: '"AA"' };
    expect(reasonOf(await verify(ec.token({ header })))).toBe('accepted');
    expect(reasonOf(await verify(ec.token({ header, key: stranger.privateKey })))).toBe('signature_invalid');
  });

  it('reads a token with a good signature as if the hostile members of its header were not there', async () => {
    covers('C4', 'K9');
    const header = {
      jwk: embedded,
      jku: '"https://evil.test/jwks"',
      x5u: '"https://evil.test/cert"',
      x5c: '["AA=="]',
      zip: '"DEF"',
      enc: '"A256GCM"',
      cty: '"JWT"',
    };
    const plain = (await verify(ec.token())) as VerifiedToken;
    const hostile = (await verify(ec.token({ header }))) as VerifiedToken;
    expect(hostile.payload).toEqual(plain.payload);
    expect(hostile.key).toBe(plain.key);
    expect(ec.requests).toEqual([]);
  });
});

describe('verifyJwt, kid', () => {
  const verify = createVerifyJwt(ec.verifierOptions);

  it.each([
    '../../dev/null',
    "' OR 1=1--",
    '|id',
    '$(id)',
    'KEY-1',
    'key-1 ',
    'key-1\u0000',
    'k\r\nx',
    '__proto__',
    'constructor',
  ])('finds no key for the kid %j, and keeps it out of the log', async (kid) => {
    covers('C5', 'C7', 'C10', '7515-6');
    expect(reasonOf(await verify(ec.token()))).toBe('accepted');
    const refusal = await verify(ec.token({ header: { kid: JSON.stringify(kid) } }));
    expect(refusal).toMatchObject({
      reason: 'unknown_key',
      detail: `kid ${JSON.stringify(kid)}, alg ES256; known are "key-1" (ES256), from the options`,
    });
    expect((refusal as { detail: string }).detail).toMatch(/^[\x20-\x7e]+$/);
  });

  it('cuts a long kid in what the log sees', async () => {
    covers('C6');
    const refusal = await verify(ec.token({ header: { kid: `"${'k'.repeat(4000)}"` } }));
    expect(reasonOf(refusal)).toBe('unknown_key');
    expect((refusal as { detail: string }).detail.length).toBeLessThan(200);
  });

  const others = [generateKeys('ES256'), generateKeys('ES256')];
  const jwkOf = ({ publicKey }: KeyPair, kid?: string): JWK => ({ ...toJwk(publicKey), ...(kid && { kid }) });

  it('tries two keys at most for a token without kid', async () => {
    covers('C8', 'K10');
    const header = { kid: undefined };
    const [first, second] = others as [KeyPair, KeyPair];
    const verifySecond = withKeys(ec, jwkOf(first, 'a'), ec.jwk, jwkOf(second, 'b'));
    const verifyThird = withKeys(ec, jwkOf(first, 'a'), jwkOf(second, 'b'), ec.jwk);
    expect(reasonOf(await verify(ec.token({ header })))).toBe('accepted');
    expect(reasonOf(await verifySecond(ec.token({ header })))).toBe('accepted');
    expect(reasonOf(await verifyThird(ec.token({ header })))).toBe('signature_invalid');
    expect(reasonOf(await verifyThird(ec.token()))).toBe('accepted');
  });

  it('does not count keys for other algorithms', async () => {
    covers('C8');
    const verifyMixed = withKeys(ec, jwkOf(generateKeys('ES384')), rsa.jwk, { ...ec.jwk });
    expect(reasonOf(await verifyMixed(ec.token({ header: { kid: undefined } })))).toBe('accepted');
  });

  it('does not find a key without kid by a kid', async () => {
    covers('C8');
    const { kid: _, ...anonymous } = ec.jwk;
    const verifyAnonymous = withKeys(ec, anonymous);
    expect(reasonOf(await verifyAnonymous(ec.token({ header: { kid: undefined } })))).toBe('accepted');
    expect(reasonOf(await verifyAnonymous(ec.token()))).toBe('unknown_key');
  });

  it('tries the first two of the keys that share a kid', async () => {
    covers('C9');
    const [first, second] = others as [KeyPair, KeyPair];
    const verifySecond = withKeys(ec, jwkOf(first, 'key-1'), ec.jwk, jwkOf(second, 'key-1'));
    const verifyThird = withKeys(ec, jwkOf(first, 'key-1'), jwkOf(second, 'key-1'), ec.jwk);
    expect(reasonOf(await verifySecond(ec.token()))).toBe('accepted');
    expect(reasonOf(await verifyThird(ec.token()))).toBe('signature_invalid');
  });

  it('chooses by the algorithm among keys of several types that share a kid', async () => {
    covers('C9');
    const verifyShared = withKeys(ec, rsa.jwk, jwkOf(generateKeys('ES384'), 'key-1'), ec.jwk);
    expect(reasonOf(await verifyShared(ec.token()))).toBe('accepted');
    expect(reasonOf(await verifyShared(rsa.token()))).toBe('accepted');
  });

  it('takes the twin of a token, which has another spelling and the same jti', async () => {
    covers('K2', 'B5');
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
    const token = ec.token();
    const [header, payload, signature = ''] = token.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
    bytes.write(s.toString(16).padStart(64, '0'), 32, 'hex');
    const twin = `${header}.${payload}.${bytes.toString('base64url')}`;
    expect(twin).not.toBe(token);
    expect(((await verify(twin)) as VerifiedToken).payload['jti']).toBe('token-1');
  });
});
