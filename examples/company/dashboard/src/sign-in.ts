import * as oauth from 'oauth4webapi';
import type { DashboardSettings } from '../settings.js';
import { INSECURE } from './insecure.js';
import { Problem, problemOfSignIn } from './problem.js';
import { Session } from './session.js';
import { forget, keep, recall, take } from './tab-storage.js';

/** What to sign in for. */
export interface Wish {
  /** Scopes, separated by spaces. */
  readonly scope: string;
  /** Where to go on afterwards. */
  readonly page: string;
  /** Whether to ask the person for nothing, which works while the session at the authorization server lasts. */
  readonly isSilent?: boolean;
}

const CALLBACK_PATH = '/callback';

export function isCallback({ pathname }: Location): boolean {
  return pathname === CALLBACK_PATH;
}

/**
 * Leaves this page for the sign-in pages: authorization code with PKCE (RFC 7636), for tokens of both APIs (RFC 8707).
 *
 * @throws {Problem} the authorization server cannot be reached, or nothing can be kept for the way back
 */
export async function beginSignIn(settings: DashboardSettings, wish: Wish): Promise<void> {
  try {
    const { authorization_endpoint: endpoint } = await discover(settings);
    if (endpoint === undefined) throw new Problem('failed');
    const codeVerifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const nonce = oauth.generateRandomNonce();
    // Two slashes would begin the name of another origin.
    const page = wish.page.replace(/^\/+/, '/');
    keep('sign-in', { state, nonce, codeVerifier, scope: wish.scope, page });

    const url = new URL(endpoint);
    const params = {
      client_id: settings.clientId,
      response_type: 'code',
      redirect_uri: redirectUri(),
      scope: `openid ${wish.scope}`,
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(wish.isSilent && { prompt: 'none' }),
    };
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
    for (const { audience } of [settings.orders, settings.manager]) url.searchParams.append('resource', audience);
    location.assign(url);
  } catch (error) {
    throw problemOfSignIn(error);
  }
}

/**
 * Takes what the authorization server sent back, and goes on at the page where the sign-in began. It can be finished
 * once, in the tab where it began.
 *
 * @throws {Problem}
 */
export async function finishSignIn(settings: DashboardSettings): Promise<Session> {
  const begun = take('sign-in');
  const answer = new URL(location.href);
  // The code is not to stay in the address and the history.
  history.replaceState(null, '', begun?.page ?? '/');
  if (begun === undefined) throw new Problem('foreign-answer');
  try {
    const server = await discover(settings);
    const client = { client_id: settings.clientId };
    // Checks `state`, and `iss` (RFC 9207): an answer of another server, or to another request, ends here.
    const params = oauth.validateAuthResponse(server, client, answer, begun.state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      params,
      redirectUri(),
      begun.codeVerifier,
      { ...INSECURE, additionalParameters: { resource: settings.orders.audience } },
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: begun.nonce,
      requireIdToken: true,
    });
    // OIDC Core §3.1.3.7: TLS would vouch for it, and a demonstration on one computer has none.
    await oauth.validateApplicationLevelSignature(server, response, INSECURE);
    const session = new Session(server, client, tokens);
    session.hold(settings.orders, tokens);
    // What one person has typed is not for the next one.
    if (recall('person') !== session.person) forget('order-draft', 'invitation-draft');
    keep('person', session.person);
    keep('signed-in', begun.scope);
    return session;
  } catch (error) {
    throw problemOfSignIn(error);
  }
}

/** Ends the session here and at the authorization server, which asks whether it is meant. Says so where it is down. */
export async function signOut(settings: DashboardSettings, session: Session): Promise<void> {
  forget('signed-in', 'person', 'sign-in', 'notice', 'order-draft', 'invitation-draft');
  await session.end();
  const endpoint = await discover(settings).then(
    (server) => server.end_session_endpoint,
    () => undefined,
  );
  if (endpoint === undefined) {
    keep('notice', 'still-signed-in');
    return location.assign('/');
  }
  const url = new URL(endpoint);
  url.searchParams.set('client_id', settings.clientId);
  url.searchParams.set('post_logout_redirect_uri', `${location.origin}/`);
  location.assign(url);
}

async function discover({ issuer }: DashboardSettings): Promise<oauth.AuthorizationServer> {
  const identifier = new URL(issuer);
  const response = await oauth.discoveryRequest(identifier, INSECURE);
  return oauth.processDiscoveryResponse(identifier, response).catch((cause) => {
    const isOther = cause instanceof oauth.OperationProcessingError && cause.code === oauth.JSON_ATTRIBUTE_COMPARISON;
    throw new Problem(isOther ? 'wrong-server' : 'failed', {}, { cause });
  });
}

function redirectUri(): string {
  return location.origin + CALLBACK_PATH;
}
