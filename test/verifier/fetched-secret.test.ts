import { createSecretKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createVerifier, IssuerUnavailableError } from '../../src/index.js';
import { covers } from '../support/covers.js';
import { type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

const FIRST = 'the first of all secrets, hush hush';
const SECOND = 'the one that takes its place, hush!';
const THIRD = 'the one after that, hush hush hush!';

const legacy = new RawIssuer({ issuer: 'urn:example:legacy' });

function tokenOf(secret: string | KeyObject, { header, payload }: Mutation = {}): string {
  const key = typeof secret === 'string' ? createSecretKey(Buffer.from(secret)) : secret;
  const symmetric = { alg: '"HS256"', kid: undefined, ...header };
  return legacy.token({ header: symmetric, key, signWith: 'HS256', ...(payload && { payload }) });
}

/** Secrets with stages, as AWS Secrets Manager keeps them: a rotation moves each of them one stage back. */
class Vault {
  calls = 0;
  isSealed = false;
  #stages: readonly string[];

  constructor(current: string) {
    this.#stages = [current];
  }

  rotate(secret: string): void {
    this.#stages = [secret, ...this.#stages].slice(0, 2);
  }

  readonly fetch = async (): Promise<readonly string[]> => {
    this.calls += 1;
    if (this.isSealed) throw new Error('AccessDeniedException');
    return this.#stages;
  };
}

function createWith(vault: Vault, others: readonly object[] = [], changes: object = {}) {
  const { audience, fetch } = legacy.verifierOptions;
  const clock = new RawIssuer({ keys: legacy.keys }).clock;
  const shared = { issuer: legacy.issuer, secret: vault.fetch, algorithms: ['HS256'] as const };
  const verifier = createVerifier({
    issuer: [shared, ...others] as [typeof shared],
    audience,
    clock: clock.now,
    fetch,
    ...changes,
  });
  return { verifier, clock, reason: (token: string) => reasonOfCall(verifier.verify(token)) };
}

/** Lets a refresh that goes on behind come to its end. */
const settle = () => new Promise(setImmediate);

describe('a verifier whose issuer shares a secret that a function fetches', () => {
  it('lives through rotations without a restart: a token of the last stage is good until the next', async () => {
    const vault = new Vault(FIRST);
    const { reason, clock } = createWith(vault);
    const passTenMinutes = async () => {
      clock.advance(600);
      // The first request sets the question going and is answered as before.
      await reason(tokenOf(FIRST));
      await settle();
    };
    const reasons = async () => [
      await reason(tokenOf(FIRST)),
      await reason(tokenOf(SECOND)),
      await reason(tokenOf(THIRD)),
    ];
    expect(await reasons()).toEqual(['accepted', 'signature_invalid', 'signature_invalid']);
    vault.rotate(SECOND);
    await passTenMinutes();
    expect(await reasons()).toEqual(['accepted', 'accepted', 'signature_invalid']);
    vault.rotate(THIRD);
    await passTenMinutes();
    expect(await reasons()).toEqual(['signature_invalid', 'accepted', 'accepted']);
    expect(vault.calls).toBe(3);
  });

  it('refuses the cached tokens of a secret that is gone at once, and knows those of the others', async () => {
    covers('H19');
    const vault = new Vault(FIRST);
    const { verifier, reason } = createWith(vault);
    const token = tokenOf(FIRST);
    expect(await reason(token)).toBe('accepted');
    expect(await reason(token)).toBe('accepted');
    expect(verifier.status().tokenCache).toMatchObject({ size: 1, hits: 1 });
    vault.rotate(SECOND);
    await verifier.refresh();
    expect(await reason(token)).toBe('accepted');
    vault.rotate(THIRD);
    await verifier.refresh();
    expect(await reason(token)).toBe('signature_invalid');
    expect(await reason(tokenOf(SECOND))).toBe('accepted');
  });

  it('keeps cached tokens through a refresh that brings the same secret', async () => {
    const { verifier, reason } = createWith(new Vault(FIRST));
    const token = tokenOf(FIRST);
    expect(await reason(token)).toBe('accepted');
    await verifier.refresh();
    expect(await reason(token)).toBe('accepted');
    expect(verifier.status().tokenCache).toMatchObject({ hits: 1, misses: 1 });
  });

  it('goes on while the source is down, and then blames the source', async () => {
    covers('H18');
    const vault = new Vault(FIRST);
    const { verifier, reason, clock } = createWith(vault, [], {
      keys: { maxAgeSeconds: 60, staleIfErrorSeconds: 600 },
    });
    const token = tokenOf(FIRST, { payload: { exp: String(legacy.now + 86_400) } });
    expect(await reason(token)).toBe('accepted');
    vault.isSealed = true;
    clock.advance(659);
    expect(await reason(token)).toBe('accepted');
    await settle();
    expect(verifier.status().issuers[0]).toMatchObject({
      state: 'failing',
      lastError: 'the function given as secret failed',
    });
    clock.advance(1);
    const error = await verifier.verify(token).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(IssuerUnavailableError);
    expect(error).toMatchObject({
      reason: 'secret_unavailable',
      status: 503,
      cause: { message: 'AccessDeniedException' },
    });
    expect((error as IssuerUnavailableError).body).not.toContain('AccessDenied');
    vault.isSealed = false;
    clock.advance(60);
    expect(await reason(token)).toBe('accepted');
  });

  it('asks for no secret on account of a token that it could not be about', async () => {
    const vault = new Vault(FIRST);
    const { reason } = createWith(vault);
    expect(await reason('an.opaque.token')).toBe('token_malformed');
    expect(await reason(tokenOf(FIRST, { payload: { iss: '"urn:example:Legacy"' } }))).toBe('issuer_not_trusted');
    expect(await reason(tokenOf(FIRST, { header: { alg: '"HS512"' } }))).toBe('algorithm_not_allowed');
    expect(vault.calls).toBe(0);
    expect(await reason(tokenOf(FIRST))).toBe('accepted');
    expect(vault.calls).toBe(1);
  });

  it('is ready once the secret is at hand, and is not when the source fails', async () => {
    const vault = new Vault(FIRST);
    const { verifier, clock } = createWith(vault);
    vault.isSealed = true;
    expect(await reasonOfCall(verifier.ready())).toBe('secret_unavailable');
    vault.isSealed = false;
    clock.advance(1);
    await expect(verifier.ready()).resolves.toBeUndefined();
    expect(verifier.snapshot()).toEqual({ version: 1, issuers: {} });
  });

  it('comes from a resolver too', async () => {
    const vault = new Vault(FIRST);
    const { audience, clock, fetch } = legacy.verifierOptions;
    const shared = { issuer: legacy.issuer, secret: vault.fetch, algorithms: ['HS256'] as const };
    const issuer = (iss: string) => (iss === legacy.issuer ? shared : undefined);
    const verifier = createVerifier({ issuer, audience, clock, fetch });
    expect(await reasonOfCall(verifier.verify(tokenOf(FIRST)))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(tokenOf(SECOND)))).toBe('signature_invalid');
  });

  it('asks nobody once the verifier is closed', async () => {
    const vault = new Vault(FIRST);
    const { verifier, reason } = createWith(vault);
    verifier.close();
    expect(await reason(tokenOf(FIRST))).toBe('verifier_closed');
    expect(vault.calls).toBe(0);
  });
});

describe('a verifier with a secret that a function fetches, beside an issuer with public keys', () => {
  const modern = new RawIssuer({ issuer: 'https://modern.test', algorithm: 'RS256' });
  const beside = () => createWith(new Vault(FIRST), [modern.verifierOptions.issuer]);
  const spellings = (): readonly [what: string, key: KeyObject][] => {
    const pem = modern.keys.publicKey.export({ type: 'spki', format: 'pem' });
    const der = modern.keys.publicKey.export({ type: 'spki', format: 'der' });
    const jwk = JSON.stringify(modern.jwk);
    return [
      ['PEM', createSecretKey(Buffer.from(pem))],
      ['PEM without its last line break', createSecretKey(Buffer.from(pem.toString().trimEnd()))],
      ['DER', createSecretKey(der)],
      ['its JWK', createSecretKey(Buffer.from(jwk))],
      ['its modulus', createSecretKey(Buffer.from(modern.jwk.n as string, 'base64url'))],
    ];
  };

  it('accepts the old tokens and the new ones, each by its own issuer', async () => {
    const { reason } = beside();
    expect(await reason(tokenOf(FIRST))).toBe('accepted');
    expect(await reason(modern.token())).toBe('accepted');
    expect(await reason(tokenOf(FIRST, { payload: { iss: '"https://modern.test"' } }))).toBe('algorithm_not_allowed');
    expect(await reason(modern.token({ payload: { iss: '"urn:example:legacy"' } }))).toBe('algorithm_not_allowed');
  });

  it.each(spellings())('CVE-2015-9235: an HS256 token never meets a public key, given as %s', async (_, key) => {
    covers('A4');
    const { reason } = beside();
    expect(await reason(modern.token())).toBe('accepted');
    expect(await reason(tokenOf(FIRST))).toBe('accepted');
    const kid = JSON.stringify(modern.jwk.kid);
    for (const header of [{}, { kid }]) {
      const forModern = { header, payload: { iss: '"https://modern.test"' } };
      expect(await reason(tokenOf(key, forModern))).toBe('algorithm_not_allowed');
      expect(await reason(tokenOf(key, { header }))).toBe('signature_invalid');
    }
  });

  it('goes on with the one issuer while the other is down', async () => {
    const vault = new Vault(FIRST);
    const { reason } = createWith(vault, [modern.verifierOptions.issuer]);
    vault.isSealed = true;
    expect(await reason(tokenOf(FIRST))).toBe('secret_unavailable');
    expect(await reason(modern.token())).toBe('accepted');
  });
});
