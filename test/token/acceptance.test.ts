import { describe, expect, it } from 'vitest';
import { createIssuer } from '../../src/issuer/issuer.js';
import type { IssuerConfig } from '../../src/issuer/issuer-options.js';
import { type AcceptanceRules, checkAcceptance } from '../../src/token/acceptance.js';
import { parseTokenFacts, type TokenFacts } from '../../src/token/claim-rules.js';
import { parseVerifierOptions, type VerifierOptions } from '../../src/verifier/options.js';
import { toJsonObject } from '../support/json-object.js';
import { RawIssuer } from '../support/raw-issuer.js';
import type { JsonTexts } from '../support/raw-token.js';
import { reasonOf } from '../support/reason-of.js';

const raw = new RawIssuer();

interface Case {
  readonly claims?: JsonTexts;
  readonly demanded?: Partial<AcceptanceRules>;
  readonly issuer?: Partial<Exclude<VerifierOptions['issuer'], string | readonly unknown[]>>;
}

function check({ claims = {}, demanded = {}, issuer: rules = {} }: Case = {}): string {
  const { issuer, ...rest } = raw.verifierOptions;
  const config = parseVerifierOptions({ ...rest, issuer: { ...issuer, ...rules } });
  const [issuerConfig] = config.issuers as readonly [IssuerConfig];
  const facts = parseTokenFacts(toJsonObject({ ...raw.payload, ...claims })) as TokenFacts;
  const acceptance = { audience: [raw.audience], now: raw.now, clockToleranceSeconds: 5, ...demanded };
  return reasonOf(checkAcceptance(facts, createIssuer(issuerConfig, config), acceptance));
}

describe('checkAcceptance', () => {
  it.each<[string, Case, Case, string]>([
    ['time', {}, { demanded: { now: raw.now + 3605 } }, 'token_expired'],
    ['audience', {}, { claims: { aud: '"https://other.test"' } }, 'audience_mismatch'],
    ['audience of the route', {}, { demanded: { audience: ['https://route.test'] } }, 'audience_mismatch'],
    [
      'audience of the issuer, besides that of the server',
      { issuer: { audience: raw.audience } },
      { issuer: { audience: 'https://narrower.test' } },
      'audience_mismatch',
    ],
    [
      'client',
      { issuer: { clientIds: ['test-client'] } },
      { issuer: { clientIds: ['other-client'] } },
      'client_not_allowed',
    ],
    [
      'age',
      { issuer: { maxTokenAgeSeconds: 60 } },
      { issuer: { maxTokenAgeSeconds: 60 }, claims: { iat: String(raw.now - 66) } },
      'token_too_old',
    ],
    ['binding', {}, { claims: { cnf: '{"jkt":"a"}' } }, 'binding_not_proven'],
  ])('refuses a token by its %s', (_, control, mutated, reason) => {
    expect(check(control)).toBe('accepted');
    expect(check(mutated)).toBe(reason);
    expect(check(control)).toBe('accepted');
  });

  it('E3: asks for no audience only where that was written down', () => {
    const claims = { aud: undefined };
    expect(check({ claims, demanded: { audience: false } })).toBe('accepted');
    expect(check({ claims })).toBe('audience_mismatch');
  });

  it('E3: asks for the audience of the issuer where the server has none', () => {
    const demanded = { audience: false } as const;
    const issuer = { audience: 'https://narrower.test' };
    expect(check({ demanded, issuer, claims: { aud: '"https://narrower.test"' } })).toBe('accepted');
    expect(check({ demanded, issuer })).toBe('audience_mismatch');
  });

  it('E4: takes a token that names the audiences of both server and issuer', () => {
    const issuer = { audience: 'https://narrower.test' };
    const both = { aud: `["${raw.audience}","https://narrower.test"]` };
    expect(check({ issuer, claims: both })).toBe('accepted');
    expect(check({ issuer, claims: { aud: '"https://narrower.test"' } })).toBe('audience_mismatch');
  });

  it('refuses a token that is wrong in several ways', () => {
    const claims = { aud: '"https://other.test"', cnf: '{}' };
    expect(check()).toBe('accepted');
    expect(check({ claims, demanded: { now: raw.now + 3605 } })).toBe('token_expired');
    expect(check({ claims })).toBe('audience_mismatch');
  });
});
