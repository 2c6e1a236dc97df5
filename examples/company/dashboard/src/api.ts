import { protectedResourceRequest, WWWAuthenticateChallengeError } from 'oauth4webapi';
import type { CalledApi } from '../settings.js';
import { INSECURE } from './insecure.js';
import { Problem, problemOfChallenge, problemOfResponse } from './problem.js';
import type { Session } from './session.js';

/** Calls one API with the tokens of a session. */
export class Api {
  readonly settings: CalledApi;
  readonly #session: Session;

  constructor(settings: CalledApi, session: Session) {
    this.settings = settings;
    this.#session = session;
  }

  /** @throws {Problem} there is no answer to show */
  get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    return this.#call('GET', path, undefined, signal);
  }

  /** @throws {Problem} nothing was done, but for a server that cannot be reached: there nobody knows */
  post<Answer>(path: string, body: object): Promise<Answer> {
    return this.#call('POST', path, JSON.stringify(body));
  }

  async #call<Answer>(method: string, path: string, body?: string, signal?: AbortSignal): Promise<Answer> {
    const token = await this.#session.tokenFor(this.settings);
    let outcome = await this.#send(token, method, path, body, signal);
    if (outcome instanceof Problem && outcome.kind === 'signed-out') {
      // The API is stricter than the clock of this page: its key may be gone. A new token is worth one more try.
      const another = await this.#session.tokenFor(this.settings, token);
      outcome = await this.#send(another, method, path, body, signal);
    }
    if (outcome instanceof Problem) throw outcome;
    return outcome.json();
  }

  async #send(token: string, method: string, path: string, body?: string, signal?: AbortSignal) {
    const url = new URL(path, this.settings.origin);
    const headers = new Headers(body === undefined ? {} : { 'content-type': 'application/json' });
    const options = { ...INSECURE, ...(signal && { signal }) };
    try {
      const response = await protectedResourceRequest(token, method, url, headers, body, options);
      return response.ok ? response : await problemOfResponse(response);
    } catch (error) {
      if (signal?.aborted) throw error;
      if (error instanceof WWWAuthenticateChallengeError) return problemOfChallenge(error);
      return new Problem('unreachable', { mayBeDone: method !== 'GET' }, { cause: error });
    }
  }
}
