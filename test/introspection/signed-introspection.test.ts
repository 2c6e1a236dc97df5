import { describe, expect, it } from 'vitest';
import { type SignedAnswerOptions, verifySignedAnswer } from '../../src/introspection/signed-introspection.js';

import { createIssuerRegistry } from '../../src/issuer/create-issuer-registry.js';
import type { Issuer } from '../../src/issuer/issuer.js';
import { Malformed } from '../../src/jws/malformed.js';
import { SignatureQueue } from '../../src/jws/signature-queue.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { parseVerifierOptions, type VerifierOptions } from '../../src/verifier/options.js';
import { covers } from '../support/covers.js';
import { generateKeys, type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { reasonOf } from '../support/reason-of.js';

const raw = new RawIssuer();
const stranger = generateKeys('ES256');

function issuerOf(options: VerifierOptions): Issuer {
  const config = parseVerifierOptions(options);
  return createIssuerRegistry(config.issuers, { ...config, signal: new AbortController().signal }).all()[0] as Issuer;
}

const RULES: SignedAnswerOptions = {
  issuer: issuerOf(raw.verifierOptions),
  clientId: 'api',
  now: raw.now,
  clockToleranceSeconds: 5,
  maxBytes: 4096,
  signatures: new SignatureQueue(),
  deadline: new AbortController().signal,
};

function sign({ header, payload, ...mutation }: Mutation = {}): string {
  const others = Object.fromEntries(Object.keys(raw.payload).map((name) => [name, undefined]));
  return raw.token({
    ...mutation,
    header: { typ: '"token-introspection+jwt"', ...header },
    payload: {
      ...others,
      iss: JSON.stringify(raw.issuer),
      aud: '"api"',
      iat: String(raw.now),
      token_introspection: '{"active":true,"sub":"x"}',
      ...payload,
    },
  });
}

describe('verifySignedAnswer', () => {
  it('RFC 9701 §5: gives what the answer says of the token', async () => {
    covers('9701-1');
    expect(await verifySignedAnswer(sign(), RULES)).toEqual({ active: true, sub: 'x' });
  });

  it('gives an inactive answer as well: to judge it is not its part', async () => {
    covers('J11');
    const payload = { token_introspection: '{"active":false}' };
    expect(await verifySignedAnswer(sign({ payload }), RULES)).toEqual({ active: false });
  });

  it.each<[string, string, string]>([
    ['is no JWT', 'opaque', 'the answer is no JWT: there is no dot in it'],
    ['is encrypted (RFC 9701 §5)', `${sign()}.x.y`, 'the answer is no JWT: five segments'],
    ['is too long', sign({ payload: { x: `"${'x'.repeat(4096)}"` } }), 'the answer is no JWT: '],
    ['has another typ', sign({ header: { typ: '"at+jwt"' } }), 'the answer has the typ "at+jwt"'],
    ['has no typ', sign({ header: { typ: undefined } }), 'the answer has the typ undefined'],
    ['has alg none', sign({ header: { alg: '"none"' } }), 'the header of the answer: alg "none"'],
    ['names no known key', sign({ header: { kid: '"key-2"' } }), 'the key of the answer: '],
    ['is signed by another key', sign({ key: stranger.privateKey }), 'the signature of the answer is not valid'],
    ['has another iss', sign({ payload: { iss: '"x"' } }), 'the answer has the iss "x"'],
    ['has another aud', sign({ payload: { aud: '"x"' } }), 'the answer has the aud "x"'],
    ['has an aud that is none', sign({ payload: { aud: '1' } }), 'the answer has the aud 1'],
    ['has no iat', sign({ payload: { iat: undefined } }), 'the answer has the iat undefined'],
    ['is expired', sign({ payload: { exp: String(raw.now - 5) } }), 'the answer expired'],
    ['is not valid yet', sign({ payload: { nbf: String(raw.now + 6) } }), 'the answer is not valid yet'],
    [
      'says nothing',
      sign({ payload: { token_introspection: undefined } }),
      'the answer has no token_introspection object',
    ],
    ['says null', sign({ payload: { token_introspection: 'null' } }), 'the answer has no token_introspection object'],
    ['says a list', sign({ payload: { token_introspection: '[]' } }), 'the answer has no token_introspection object'],
  ])('says why it does not believe an answer that %s', async (_, jwt, why) => {
    covers('J11', '9701-1');
    const said = await verifySignedAnswer(jwt, RULES);
    expect((said as Malformed).why.startsWith(why)).toBe(true);
  });

  it.each([
    [-65, true],
    [-66, false],
    [60, true],
    [61, false],
  ])('an answer that was made %i s from now is believed: %s', async (seconds, isBelieved) => {
    covers('J11');
    const said = await verifySignedAnswer(sign({ payload: { iat: String(raw.now + seconds) } }), RULES);
    expect(said instanceof Malformed).toBe(!isBelieved);
  });

  it('judges the signature before the claims', async () => {
    covers('J11');
    const payload = { iss: '"x"', aud: '1', iat: '"x"', token_introspection: '[]' };
    const said = await verifySignedAnswer(sign({ key: stranger.privateKey, payload }), RULES);
    expect(said).toEqual(new Malformed('the signature of the answer is not valid'));
  });

  it('tries each key that fits an answer without kid', async () => {
    covers('C8');
    const second = new RawIssuer({ kid: 'key-2' });
    const jwks = { keys: [second.jwk, raw.jwk] };
    const issuer = issuerOf({ ...raw.verifierOptions, issuer: { issuer: raw.issuer, jwks } });
    const answer = sign({ header: { kid: undefined } });
    expect(await verifySignedAnswer(answer, { ...RULES, issuer })).toEqual({ active: true, sub: 'x' });
    const forged = sign({ header: { kid: undefined }, key: stranger.privateKey });
    const why = 'the signature of the answer is not valid';
    expect(await verifySignedAnswer(forged, { ...RULES, issuer })).toEqual(new Malformed(why));
  });

  it('blames the keys where they cannot be had', async () => {
    covers('J11');
    const online = await createTestIssuer();
    const issuer = issuerOf(online.verifierOptions);
    await online.outage('error');
    const said = await verifySignedAnswer(sign(), { ...RULES, issuer });
    expect(reasonOf(said)).toBe('metadata_unavailable');
  });
});
