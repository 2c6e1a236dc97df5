import type { RawIssuer } from './raw-issuer.js';

/** Every text and byte string that somebody could take the public key of an issuer for, and no secret at all. */
export function spellPublicKey({
  keys: { publicKey },
  jwk,
}: RawIssuer): readonly (readonly [form: string, key: string | Buffer])[] {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const bytes = (name: 'n' | 'x' | 'y') => Buffer.from(jwk[name] ?? '', 'base64url');
  return [
    ['PEM', pem],
    ['PEM without its last newline', pem.trimEnd()],
    ['PEM with CRLF', pem.replaceAll('\n', '\r\n')],
    ['PEM without its lines', pem.replace(/-----[^-]+-----|\n/g, '')],
    ['DER', publicKey.export({ type: 'spki', format: 'der' })],
    ['JWK', JSON.stringify(jwk)],
    ['bare JWK', JSON.stringify(publicKey.export({ format: 'jwk' }))],
    ['key set', JSON.stringify({ keys: [jwk] })],
    ['kid', jwk.kid ?? ''],
    ...(jwk.kty === 'RSA'
      ? ([
          ['modulus', bytes('n')],
          ['modulus as text', jwk.n ?? ''],
          ['PKCS #1 PEM', publicKey.export({ type: 'pkcs1', format: 'pem' }) as string],
          ['PKCS #1 DER', publicKey.export({ type: 'pkcs1', format: 'der' })],
        ] as const)
      : ([
          ['x and y', Buffer.concat([bytes('x'), bytes('y')])],
          ['point', Buffer.concat([Buffer.of(4), bytes('x'), bytes('y')])],
        ] as const)),
    ['empty text (CVE-2026-44351, CVE-2019-20933)', ''],
    ['zero byte', Buffer.alloc(1)],
  ];
}
