import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../src/index.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { createVerifierWith, expectMisuse } from '../support/configuration-error.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';
import { isRuntimeAlgorithm } from '../support/runtime-algorithms.js';

const ALGORITHMS = ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const;
const HAS_ML_DSA = isRuntimeAlgorithm('ML-DSA-44');

describe.skipIf(!HAS_ML_DSA).each(ALGORITHMS)('RFC 9964: %s, in a Node.js that has it', (algorithm) => {
  it('§4: accepts what jose signed, and refuses it with one bit changed', async () => {
    const issuer = await createTestIssuer({ algorithms: [algorithm] });
    const verifier = createVerifier({ ...issuer.verifierOptions, algorithms: [algorithm] });
    const token = await issuer.token();
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    const signature = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');
    signature[0] = (signature[0] as number) ^ 1;
    const changed = token.replace(/[^.]*$/, signature.toString('base64url'));
    expect(await reasonOfCall(verifier.verify(changed))).toBe('signature_invalid');
    await issuer.close();
  });

  it('§4: accepts what node:crypto signed, by default, and refuses what another key signed', async () => {
    const issuer = new RawIssuer({ algorithm });
    const verifier = createVerifier(issuer.verifierOptions);
    expect(await reasonOfCall(verifier.verify(issuer.token()))).toBe('accepted');
    const { privateKey: key } = new RawIssuer({ algorithm }).keys;
    expect(await reasonOfCall(verifier.verify(issuer.token({ key })))).toBe('signature_invalid');
  });

  it('§3: knows no key for a token of another parameter set', async () => {
    const issuer = new RawIssuer({ algorithm });
    const other = algorithm === 'ML-DSA-44' ? 'ML-DSA-65' : 'ML-DSA-44';
    const verifier = createVerifier(issuer.verifierOptions);
    expect(await reasonOfCall(verifier.verify(issuer.token()))).toBe('accepted');
    expect(await reasonOfCall(verifier.verify(issuer.token({ header: { alg: `"${other}"` } })))).toBe('unknown_key');
  });

  it('§3: refuses a key that does not name its algorithm, which is a part of it', async () => {
    const { issuer, jwk } = new RawIssuer({ algorithm });
    const create = (key: object) => () => createVerifierWith({ issuer: { issuer, jwks: { keys: [key] } } });
    expect(create(jwk)).not.toThrow();
    const misuse = { option: 'issuer.jwks', fix: 'Give a JSON Web Key Set' };
    await expectMisuse(create({ ...jwk, alg: undefined }), { ...misuse, told: 'lacks the member alg' });
    await expectMisuse(create({ ...jwk, alg: 'ES256' }), { ...misuse, told: 'does not fit the key' });
    await expectMisuse(create({ ...jwk, pub: jwk['pub']?.slice(4) }), { ...misuse, told: 'is not a valid key' });
  });

  it('§3: refuses a key that holds its private half', async () => {
    const { issuer, jwk } = new RawIssuer({ algorithm });
    const create = (key: object) => () => createVerifierWith({ issuer: { issuer, jwks: { keys: [key] } } });
    expect(create(jwk)).not.toThrow();
    const misuse = { option: 'issuer.jwks', told: 'holds private', fix: 'Give a JSON Web Key Set' };
    await expectMisuse(create({ ...jwk, priv: 'AAAA' }), misuse);
  });
});

describe.skipIf(HAS_ML_DSA).each(ALGORITHMS)('RFC 9964: %s, in a Node.js without it', (algorithm) => {
  it('refuses at start to be told of it', async () => {
    expect(() => createVerifierWith({ algorithms: ['ES256'] })).not.toThrow();
    const told = `holds "${algorithm}", which this Node.js does not support.`;
    const call = () => createVerifierWith({ algorithms: ['ES256', algorithm] });
    await expectMisuse(call, { option: 'algorithms', told, fix: 'Give some of RS256' });
  });

  it('RFC 7517 §5: skips a key for it that stands beside one that can be used', async () => {
    const issuer = new RawIssuer();
    const keys = [{ kty: 'AKP', alg: algorithm, pub: Buffer.alloc(1312).toString('base64url') }, issuer.jwk];
    const verifier = createVerifier({ ...issuer.verifierOptions, issuer: { issuer: issuer.issuer, jwks: { keys } } });
    expect(await reasonOfCall(verifier.verify(issuer.token()))).toBe('accepted');
    const why = 'is not a valid key, such as a point off its curve, or this Node.js does not support it';
    expect(verifier.status().issuers).toMatchObject([{ skippedKeys: [{ index: 0, why }] }]);
  });
});
