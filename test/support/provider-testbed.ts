import { type AccessToken, type Algorithm, createVerifier, type VerifierOptions } from '../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js';
import { DocumentFetch } from './document-fetch.js';
import { HOSTED_PROVIDERS } from './hosted-providers.js';
import { ISSUED_AT, type ProviderTokens, type TokenShape } from './provider-tokens.js';
import { reasonOfCall } from './reason-of.js';
import { SELF_HOSTED_PROVIDERS } from './self-hosted-providers.js';

/** Where a provider documents that its metadata and its keys are. */
export interface Place {
  readonly issuer: string;
  readonly metadataUrl: string;
  readonly jwksUri: string;
}

type Rules = Pick<VerifierOptions, 'issuer' | 'audience'>;

// What the test issuer says of itself unless it is told otherwise.
const NOTHING = { sub: undefined, aud: undefined, client_id: undefined, jti: undefined, scope: undefined };

/** A net with providers in it: each has its metadata and its keys at its own URLs, and nothing else is there. */
export class ProviderTestbed {
  readonly net = new DocumentFetch();
  readonly #issuers = new Map<string, TestIssuer>();

  static async create(...places: readonly Place[]): Promise<ProviderTestbed> {
    const testbed = new ProviderTestbed();
    for (const place of places) await testbed.#add(place);
    return testbed;
  }

  /** Really signs a token as a provider of this testbed would; with RS256, unless told otherwise. */
  async sign(issuer: string, { header, claims }: TokenShape, algorithm: Algorithm = 'RS256'): Promise<string> {
    const found = this.#issuers.get(issuer);
    if (found === undefined) throw new Error(`${issuer} has no documents here`);
    return found.token({ algorithm, header: { typ: undefined, ...header }, claims: { ...NOTHING, ...claims } });
  }

  /** Verifies a token with a verifier that has seen nothing yet. */
  async verify(rules: Rules, token: string): Promise<AccessToken> {
    const verifier = createVerifier({ ...rules, fetch: this.net.fetch, clock: () => ISSUED_AT * 1000 });
    try {
      return await verifier.verify(token);
    } finally {
      verifier.close();
    }
  }

  reason(rules: Rules, token: string): Promise<string> {
    return reasonOfCall(this.verify(rules, token));
  }

  async #add({ issuer, metadataUrl, jwksUri }: Place): Promise<void> {
    const made = await createTestIssuer({ issuer, algorithms: ['RS256', 'ES256'], startAt: ISSUED_AT * 1000 });
    this.#issuers.set(issuer, made);
    this.net.documents.set(metadataUrl, { issuer, jwks_uri: jwksUri });
    this.net.documents.set(jwksUri, made.jwks);
  }
}

/** Finds the tokens of a provider. */
export function tokensOf(provider: string): ProviderTokens {
  const found = [...HOSTED_PROVIDERS, ...SELF_HOSTED_PROVIDERS].find((tokens) => tokens.provider === provider);
  if (found === undefined) throw new Error(`there is no provider ${provider}`);
  return found;
}

/** A token with some claims changed. */
export function changed({ header, claims }: TokenShape, changes: TokenShape['claims']): TokenShape {
  return { header, claims: { ...claims, ...changes } };
}

/** What a handler sees of a token. */
export function seenOf({ subject, clientId, scopes, audience }: AccessToken): ProviderTokens['seen'] {
  return { subject, clientId, scopes, audience };
}
