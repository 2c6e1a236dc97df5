import { type AccessToken, createVerifier, type Profile } from '../../src/index.js';
import { EXPIRES_AT, ISSUED_AT, type ProviderTokens, type TokenShape } from './provider-tokens.js';
import { RawIssuer, sharedKeys } from './raw-issuer.js';
import { signRawToken } from './raw-token.js';

const keys = sharedKeys('RS256');

/** Signs what a provider issues, with its one key, and verifies it as a server behind that provider would. */
export class ProviderIssuer {
  readonly #tokens: ProviderTokens;
  readonly #raw: RawIssuer;

  constructor(tokens: ProviderTokens) {
    this.#tokens = tokens;
    this.#raw = new RawIssuer({ issuer: tokens.issuer, algorithm: 'RS256', keys });
  }

  /** Really signs a token of a shape. */
  token({ header, claims }: TokenShape): string {
    return signRawToken({
      header: JSON.stringify({ alg: 'RS256', kid: this.#raw.jwk.kid, ...header }),
      payload: JSON.stringify({ iss: this.#tokens.issuer, iat: ISSUED_AT, exp: EXPIRES_AT, ...claims }),
      key: keys.privateKey,
      algorithm: 'RS256',
    });
  }

  /** Verifies a token of a shape with a verifier that has seen none, and once more. */
  async verify(shape: TokenShape, profile: Profile): Promise<AccessToken> {
    const { audience, seen } = this.#tokens;
    const verifier = createVerifier({
      ...this.#raw.verifierOptions,
      profile,
      ...(audience === false ? { audience, clientIds: [seen.clientId as string] } : { audience }),
    });
    const token = this.token(shape);
    const cold = await verifier.verify(token);
    const warm = await verifier.verify(token);
    if (warm !== cold) throw new Error('the second answer is not that of the cache');
    return warm;
  }

  /** A token meant for the server: what a misconfigured provider, or one whose APIs share the client's id, would issue. */
  aimedAtServer({ header, claims }: TokenShape): TokenShape {
    const { audience, seen } = this.#tokens;
    return {
      header,
      claims: { ...claims, ...(audience === false ? { client_id: seen.clientId } : { aud: audience }) },
    };
  }
}
