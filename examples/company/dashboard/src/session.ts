import * as oauth from 'oauth4webapi';
import type { CalledApi } from '../settings.js';
import { INSECURE } from './insecure.js';
import { Problem, problemOfSignIn } from './problem.js';

interface HeldToken {
  readonly value: string;
  readonly scopes: readonly string[];
  /** By the clock of this page, in milliseconds. */
  readonly endsAt: number;
}

// A token that is about to end would end on its way.
const MARGIN_SECONDS = 10;

/** Tokens of the person who is signed in. They are in the memory of this page, and end with it. */
export class Session {
  /** The subject of the ID token. */
  readonly person: string;
  readonly #server: oauth.AuthorizationServer;
  readonly #client: oauth.Client;
  readonly #tokens = new Map<string, HeldToken>();
  #refreshToken: string | undefined;
  #lastRefresh: Promise<unknown> = Promise.resolve();

  constructor(server: oauth.AuthorizationServer, client: oauth.Client, tokens: oauth.TokenEndpointResponse) {
    this.#server = server;
    this.#client = client;
    this.#refreshToken = tokens.refresh_token;
    this.person = oauth.getValidatedIdTokenClaims(tokens)?.sub ?? '';
  }

  /** Tells whether a token that is held has this scope. The API decides; this is for what the page shows. */
  has(scope: string): boolean {
    return [...this.#tokens.values()].some(({ scopes }) => scopes.includes(scope));
  }

  /** Every scope of the tokens that are held. */
  get scopes(): readonly string[] {
    return [...new Set([...this.#tokens.values()].flatMap(({ scopes }) => scopes))];
  }

  hold({ audience }: CalledApi, { access_token: value, scope = '', expires_in = 0 }: oauth.TokenEndpointResponse) {
    const endsAt = performance.now() + expires_in * 1000;
    this.#tokens.set(audience, { value, scopes: scope.split(' ').filter(Boolean), endsAt });
  }

  /**
   * Gives a token for an API, a new one where the one that is held is about to end.
   *
   * @param refused - a token that the API did not accept
   * @throws {Problem}
   */
  async tokenFor(api: CalledApi, refused?: string): Promise<string> {
    const held = this.#goodToken(api, refused);
    if (held !== undefined) return held;
    // One after the other: a refresh token can be used once, and the next one comes with the answer.
    const refresh = this.#lastRefresh.then(() => this.#goodToken(api, refused) ?? this.#refresh(api));
    this.#lastRefresh = refresh.catch(() => {});
    return refresh;
  }

  /** Revokes the refresh token (RFC 7009), and forgets all. */
  async end(): Promise<void> {
    const token = this.#refreshToken;
    this.#refreshToken = undefined;
    this.#tokens.clear();
    if (token === undefined) return;
    // Where this does not come through, it ends by itself.
    await oauth.revocationRequest(this.#server, this.#client, oauth.None(), token, INSECURE).catch(() => {});
  }

  #goodToken({ audience }: CalledApi, refused: string | undefined): string | undefined {
    const held = this.#tokens.get(audience);
    if (held === undefined || held.value === refused) return undefined;
    return held.endsAt - performance.now() > MARGIN_SECONDS * 1000 ? held.value : undefined;
  }

  async #refresh(api: CalledApi): Promise<string> {
    if (this.#refreshToken === undefined) throw new Problem('signed-out');
    try {
      const response = await oauth.refreshTokenGrantRequest(
        this.#server,
        this.#client,
        oauth.None(),
        this.#refreshToken,
        { ...INSECURE, additionalParameters: { resource: api.audience } },
      );
      const tokens = await oauth.processRefreshTokenResponse(this.#server, this.#client, response);
      this.#refreshToken = tokens.refresh_token ?? this.#refreshToken;
      this.hold(api, tokens);
      return tokens.access_token;
    } catch (error) {
      const problem = problemOfSignIn(error);
      if (problem.kind !== 'code-used') throw problem;
      this.#refreshToken = undefined;
      this.#tokens.clear();
      throw new Problem('signed-out');
    }
  }
}
