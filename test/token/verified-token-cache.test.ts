import { describe, expect, it } from 'vitest';
import type { IssuerRegistry } from '../../src/issuer/issuer-registry.js';
import { ListedIssuers } from '../../src/issuer/issuer-registry.js';
import type { AccessToken } from '../../src/protocol/access-token.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { type HandlerToken, toAccessToken } from '../../src/token/to-access-token.js';
import type { VerifiedToken } from '../../src/token/verified-token.js';
import { VerifiedTokenCache } from '../../src/token/verified-token-cache.js';
import type { VerifierOptions } from '../../src/verifier/options.js';
import { covers } from '../support/covers.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { createVerifyJwt } from '../support/verify-raw.js';

const issuer = new RawIssuer();
/** Listed issuers stay trusted. */
const TRUSTING = new ListedIssuers([]);

interface Genuine {
  readonly verified: VerifiedToken;
  readonly accessToken: AccessToken;
}

async function verified(token: string, options: VerifierOptions = issuer.verifierOptions): Promise<Genuine> {
  const genuine = (await createVerifyJwt(options)(token)) as VerifiedToken;
  const { accessToken } = (await toAccessToken(token, genuine, { schema: undefined })) as HandlerToken;
  return { verified: genuine, accessToken };
}

interface StoreOptions {
  readonly tailLength?: number;
  readonly clock?: () => number;
}

/** The cache, as a request uses it. */
class TokenStore {
  readonly #cache: VerifiedTokenCache;

  constructor(max: number, issuers: IssuerRegistry, { tailLength, clock = issuer.clock.now }: StoreOptions = {}) {
    const options = { max, issuers, clock };
    this.#cache = new VerifiedTokenCache(tailLength === undefined ? options : { ...options, tailLength });
  }

  get(token: string): AccessToken | undefined {
    return this.#cache.find(token)?.accessToken;
  }

  set(token: string, { verified, accessToken }: Genuine): void {
    this.#cache.store(token, verified, accessToken);
  }

  clear = () => this.#cache.clear();
  status = () => this.#cache.status();
}

describe('VerifiedTokenCache', () => {
  it('finds a token again, and counts hits and misses', async () => {
    const cache = new TokenStore(10, TRUSTING);
    const token = issuer.token();
    expect(cache.get(token)).toBeUndefined();
    const entry = await verified(token);
    cache.set(token, entry);
    expect(cache.get(token)).toBe(entry.accessToken);
    expect(cache.get(token)).toBe(entry.accessToken);
    expect(cache.status()).toEqual({ size: 1, max: 10, hits: 2, misses: 1 });
  });

  it('CVE-2026-35039: tells tokens apart that agree in all but one character', async () => {
    covers('H23');
    const cache = new TokenStore(10, TRUSTING);
    const token = issuer.token();
    cache.set(token, await verified(token));
    expect(cache.get(token)).toBeDefined();
    for (const index of [0, token.length >> 1, token.length - 1]) {
      const other = token.slice(0, index) + (token[index] === 'A' ? 'B' : 'A') + token.slice(index + 1);
      expect(cache.get(other)).toBeUndefined();
    }
    expect(cache.get(token.slice(0, -1))).toBeUndefined();
    expect(cache.get(`${token}A`)).toBeUndefined();
  });

  it('keeps tokens with one sub, aud and jti apart', async () => {
    covers('H23');
    const cache = new TokenStore(10, TRUSTING);
    const tokens = ['"blue"', '"red"'].map((tenant) => issuer.token({ payload: { tenant } }));
    for (const token of tokens) cache.set(token, await verified(token));
    expect(tokens.map((token) => cache.get(token)?.claims['tenant'])).toEqual(['blue', 'red']);
  });

  it('is pushed out by no token that comes once, once it is full', async () => {
    covers('H27');
    const cache = new TokenStore(2, TRUSTING);
    const [a = '', b = '', ...once] = Array.from({ length: 50 }, (_, i) =>
      issuer.token({ payload: { sub: `"${i}"` } }),
    );
    for (const token of [a, b, ...once]) cache.set(token, await verified(token));
    expect([a, b].map((token) => cache.get(token) !== undefined)).toEqual([true, true]);
    expect(once.filter((token) => cache.get(token) !== undefined)).toEqual([]);
    expect(cache.status().size).toBe(2);
  });

  it('takes a token of its own in again, full or not', async () => {
    covers('H27');
    const cache = new TokenStore(1, TRUSTING);
    const token = issuer.token();
    const [first, second] = [await verified(token), await verified(token)];
    cache.set(token, first);
    cache.set(token, second);
    expect(cache.get(token)).toBe(second.accessToken);
  });

  it('holds no more tokens than it may, and drops the one that was not used for longest', async () => {
    covers('H27');
    const cache = new TokenStore(2, TRUSTING);
    const [a = '', b = '', c = ''] = ['"a"', '"b"', '"c"'].map((sub) => issuer.token({ payload: { sub } }));
    cache.set(a, await verified(a));
    cache.set(b, await verified(b));
    expect(cache.get(a)).toBeDefined();
    cache.set(c, await verified(c));
    expect(cache.get(c)).toBeUndefined();
    cache.set(c, await verified(c));
    expect([a, b, c].map((token) => cache.get(token) !== undefined)).toEqual([true, false, true]);
    expect(cache.status().size).toBe(2);
  });

  it('lets a newcomer in at once where the one that would leave has expired', async () => {
    covers('H27');
    const cache = new TokenStore(1, TRUSTING);
    const [old = '', fresh = ''] = ['"old"', '"new"'].map((sub) => issuer.token({ payload: { sub } }));
    const [first, second] = [await verified(old), await verified(fresh)];
    cache.set(old, first);
    cache.set(fresh, second);
    expect(cache.get(fresh)).toBeUndefined();

    const expired = { ...first.verified.validated, expiresAt: issuer.now };
    cache.set(old, { ...first, verified: { ...first.verified, validated: expired } });
    cache.set(fresh, second);
    expect(cache.get(fresh)).toBe(second.accessToken);
  });

  it('forgets a token whose key the issuer does not hold any more', async () => {
    covers('H17');
    const online = await createTestIssuer();
    const cache = new TokenStore(10, TRUSTING, { clock: online.now });
    const token = await online.token();
    const entry = await verified(token, online.verifierOptions);
    cache.set(token, entry);
    expect(cache.get(token)).toBe(entry.accessToken);

    const [old] = online.jwks.keys;
    await online.rotate();
    await entry.verified.issuer.keys.refresh();
    expect(cache.get(token)).toBe(entry.accessToken);

    online.withdraw(String(old?.kid));
    await entry.verified.issuer.keys.refresh();
    expect(cache.get(token)).toBeUndefined();
    expect(cache.status()).toEqual({ size: 0, max: 10, hits: 2, misses: 1 });
  });

  it('CVE-2021-32701: knows no token that another verifier verified', async () => {
    covers('H24');
    const token = issuer.token();
    const [own, others] = [new TokenStore(10, TRUSTING), new TokenStore(10, TRUSTING)];
    own.set(token, await verified(token));
    expect(own.get(token)).toBeDefined();
    expect(others.get(token)).toBeUndefined();
  });

  it('of two good tokens with one end the later is found, and never in place of the other', async () => {
    covers('H23');
    const cache = new TokenStore(10, TRUSTING, { tailLength: 4 });
    const [first, second] = [await verified(issuer.token()), await verified(issuer.token())];
    cache.set('opaque-1.tail', first);
    expect(cache.get('opaque-1.tail')).toBe(first.accessToken);
    cache.set('opaque-2.tail', second);
    expect(cache.get('opaque-2.tail')).toBe(second.accessToken);
    expect(cache.get('opaque-1.tail')).toBeUndefined();
    expect(cache.get('opaque-3.tail')).toBeUndefined();
    expect(cache.get('tail')).toBeUndefined();
    expect(cache.status().size).toBe(1);
  });

  it.each(['', 'a', 'ab', 'abc', 'abcde'])('finds a token that is as short as "%s"', async (token) => {
    const cache = new TokenStore(10, TRUSTING);
    expect(cache.get(token)).toBeUndefined();
    cache.set(token, await verified(issuer.token()));
    expect(cache.get(token)).toBeDefined();
  });

  it('forgets all tokens when it is cleared', async () => {
    const cache = new TokenStore(10, TRUSTING);
    const token = issuer.token();
    cache.set(token, await verified(token));
    cache.clear();
    expect(cache.get(token)).toBeUndefined();
    expect(cache.status().size).toBe(0);
  });
});
