import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto';

/** The signing keys. The oldest one signs for as long as it is there; a new one is published before it signs. */
export function createKeys() {
  const keys = [];
  const all = {
    create() {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const pem = privateKey.export({ type: 'pkcs1', format: 'pem' });
      const { n, e } = publicKey.export({ format: 'jwk' });
      const kid = createHash('md5').update(pem).digest('hex');
      keys.push({ privateKey, jwk: { kty: 'RSA', alg: 'RS256', use: 'sig', kid, n, e } });
    },
    deleteOldest: () => void keys.shift(),
    published: () => keys.map(({ jwk }) => jwk),
    /** An ID token: without typ, and without kid where the secret of the client signs. */
    sign(payload, { alg, secret }) {
      const [oldest] = keys;
      const header = alg === 'HS256' ? { alg } : { alg, kid: oldest.jwk.kid };
      const input = [header, payload].map((part) => encode(JSON.stringify(part))).join('.');
      const signature =
        alg === 'HS256'
          ? createHmac('sha256', secret).update(input).digest()
          : sign('sha256', Buffer.from(input), oldest.privateKey);
      return `${input}.${encode(signature)}`;
    },
  };
  all.create();
  return all;
}

/** OpenID Connect Core §3.1.3.6. */
export function hashOf(accessToken) {
  return encode(createHash('sha256').update(accessToken).digest().subarray(0, 16));
}

function encode(bytes) {
  return Buffer.from(bytes).toString('base64url');
}
