import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../src/index.js';
import { expectMisuse, ISSUER } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { reasonOfCall } from '../support/reason-of.js';

const raw = new RawIssuer();
const JWT = { typ: '"JWT"' };

/** Verifies a token cold and warm, with options of the issuer. */
async function judge(mutation: Mutation, issuer: object, verifier: object = {}): Promise<string> {
  const options = raw.verifierOptions;
  const { verify } = createVerifier({ ...options, issuer: { ...options.issuer, ...issuer }, ...verifier });
  const token = raw.token(mutation);
  const cold = await reasonOfCall(verify(token));
  expect(await reasonOfCall(verify(token))).toBe(cold);
  return cold;
}

describe('dangerouslyAcceptAnyTokenKind', () => {
  const any = { dangerouslyAcceptAnyTokenKind: true };

  it('Dex: an access token with the at_hash of the login passes, for the issuer that says so', async () => {
    covers('G4');
    const access = {
      header: JWT,
      payload: { at_hash: '"77QmUPtjPfzWtF2AnpK9RQ"', scope: undefined, client_id: undefined },
    };
    expect(await judge(access, {})).toBe('token_type_not_allowed');
    expect(await judge(access, { dangerouslyAcceptAnyTokenKind: false })).toBe('token_type_not_allowed');
    expect(await judge(access, any)).toBe('accepted');
  });

  it.each(['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'token-introspection+jwt', 'statuslist+jwt', 'kb+jwt'])(
    'RFC 8725 §3.11: a token whose typ is %s stays refused',
    async (typ) => {
      covers('G2');
      expect(await judge({ header: JWT }, any)).toBe('accepted');
      expect(await judge({ header: { typ: JSON.stringify(typ) } }, any)).toBe('token_type_not_allowed');
    },
  );

  it('switches nothing else off: audience, time and signature count', async () => {
    covers('G4');
    expect(await judge({ header: JWT }, any)).toBe('accepted');
    expect(await judge({ header: JWT, payload: { aud: '"https://other.test"' } }, any)).toBe('audience_mismatch');
    expect(await judge({ header: JWT, payload: { exp: String(raw.now - 10) } }, any)).toBe('token_expired');
    expect(await judge({ header: JWT, key: new RawIssuer().keys.privateKey }, any)).toBe('signature_invalid');
  });

  it('stands on an issuer alone, and is true or false', async () => {
    const options = { issuer: ISSUER, audience: 'a' };
    expect(() => createVerifier({ ...options, ...any } as never)).toThrow(/is not an option/);
    const given = { ...options, issuer: { issuer: ISSUER, dangerouslyAcceptAnyTokenKind: 'true' } };
    await expectMisuse(() => createVerifier(given as never), {
      option: 'issuer.dangerouslyAcceptAnyTokenKind',
      told: 'is "true".',
      fix: 'Give true or false.',
    });
  });
});

describe('dangerouslyAcceptAnyAudience', () => {
  const any = { dangerouslyAcceptAnyAudience: true };
  /** A session token of WorkOS or Clerk. */
  const session = { header: JWT, payload: { aud: undefined, client_id: undefined, sid: '"session-1"' } };

  it('WorkOS, Clerk: a session token that names neither audience nor client passes', async () => {
    covers('E3');
    expect(await judge(session, {})).toBe('audience_mismatch');
    expect(await judge(session, { audience: false, clientIds: ['web'] })).toBe('client_not_allowed');
    expect(await judge(session, any)).toBe('accepted');
    expect(await judge(session, { ...any, audience: false })).toBe('accepted');
    expect(await judge(session, any, { audience: false })).toBe('accepted');
  });

  it('leaves clientIds in force, where there are some', async () => {
    covers('E3');
    expect(await judge(session, { ...any, clientIds: ['web'] })).toBe('client_not_allowed');
    const named = { header: JWT, payload: { ...session.payload, azp: '"web"' } };
    expect(await judge(named, { ...any, clientIds: ['web'] })).toBe('accepted');
  });

  it('is for its issuer alone', async () => {
    covers('E3');
    const other = new RawIssuer({ issuer: 'https://other.test', clock: raw.clock });
    const issuers = [{ ...raw.verifierOptions.issuer, ...any }, other.verifierOptions.issuer];
    const { verify } = createVerifier({ ...raw.verifierOptions, issuer: issuers });
    expect(await reasonOfCall(verify(raw.token(session)))).toBe('accepted');
    expect(await reasonOfCall(verify(other.token()))).toBe('accepted');
    expect(await reasonOfCall(verify(other.token(session)))).toBe('audience_mismatch');
    expect(() => createVerifier({ ...raw.verifierOptions, audience: false, issuer: issuers })).toThrow(
      /any token of "https:\/\/other.test"/,
    );
  });

  it('is at odds with an audience, and stands on an issuer alone', async () => {
    const given = { issuer: { issuer: ISSUER, audience: 'a', ...any }, audience: 'a' };
    await expectMisuse(() => createVerifier(given), {
      option: 'issuer.audience',
      told: 'is at odds with dangerouslyAcceptAnyAudience.',
      fix: 'Leave one of the two out',
    });
    expect(() => createVerifier({ issuer: ISSUER, audience: false, ...any } as never)).toThrow(/is not an option/);
  });
});
