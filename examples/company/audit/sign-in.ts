import * as oauth from 'oauth4webapi';
import { Unfinished } from '../call-api.js';
import { AUDITOR } from '../company.js';
import { Loopback } from './loopback.js';

/** A scope of an API. */
export interface Wish {
  readonly resource: string;
  readonly scope: string;
}

export interface SignInOptions {
  readonly issuer: string;
  /** Is told the URL that a person has to open. */
  readonly tell: (line: string) => void;
  /** How long to wait for a person. @defaultValue 300 */
  readonly waitSeconds?: number | undefined;
  /** @defaultValue Node's own */
  readonly fetch?: typeof fetch | undefined;
}

const CLIENT: oauth.Client = { client_id: AUDITOR.id };
const AGAIN = 'Run the audit again.';
const IS_DOWN = 'The authorization server cannot be reached. Run the audit again later.';

/**
 * Signs a person in by the browser (RFC 8252) and gives an access token for each wish. A code is good for one API, and
 * there are no refresh tokens, so that each takes a code of its own. The browser goes from one to the next, and asks
 * for the password once.
 *
 * @throws {Unfinished}
 */
export async function signIn(wishes: readonly Wish[], options: SignInOptions): Promise<readonly string[]> {
  const { tell, waitSeconds = 300 } = options;
  const connection = await connect(options);
  const nobodyCame = new AbortController();
  const loopback = await Loopback.open();
  const minutes = Math.ceil(waitSeconds / 60);
  const timer = setTimeout(() => {
    nobodyCame.abort(new Unfinished('refused', `Nobody has signed in within ${minutes} minutes. ${AGAIN}`));
  }, waitSeconds * 1000);
  try {
    let lead = (url: string) => tell(`Open this page in a browser, and sign in:\n\n  ${url}\n`);
    let end = async () => {};
    const tokens: string[] = [];
    for (const wish of wishes) {
      const request = await createRequest(connection, wish, loopback.redirectUri);
      lead(request.url);
      const visit = await loopback.next(nobodyCame.signal);
      try {
        tokens.push(await redeem(connection, request, visit.parameters));
      } catch (error) {
        await visit.show('This did not work', error instanceof Error ? error.message : '');
        throw error;
      }
      lead = visit.sendTo;
      end = () => visit.show('You are signed in', 'The audit goes on in the terminal.');
    }
    await end();
    return tokens;
  } finally {
    clearTimeout(timer);
    await loopback.close();
  }
}

/** The authorization server, and how it is talked to. */
type Connection = Awaited<ReturnType<typeof connect>>;

async function connect({ issuer, fetch: fetchIt = fetch }: SignInOptions) {
  const options = {
    [oauth.customFetch]: (url: string, request: object) => fetchIt(url, request),
    // For the demonstration alone: its authorization server has no TLS.
    [oauth.allowInsecureRequests]: issuer.startsWith('http://127.0.0.1:'),
  };
  try {
    const url = new URL(issuer);
    const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options));
    return { server, options };
  } catch (error) {
    throw new Unfinished('later', error instanceof TypeError ? IS_DOWN : `No authorization server is at ${issuer}.`);
  }
}

/** An authorization request, and what only this program knows of it. */
interface AuthorizationRequest extends Wish {
  readonly url: string;
  readonly state: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
}

async function createRequest({ server }: Connection, wish: Wish, redirectUri: string): Promise<AuthorizationRequest> {
  const state = oauth.generateRandomState();
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const url = new URL(server.authorization_endpoint ?? '');
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: AUDITOR.id,
    redirect_uri: redirectUri,
    scope: wish.scope,
    resource: wish.resource,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  }).toString();
  return { ...wish, url: url.href, state, codeVerifier, redirectUri };
}

/** RFC 6749 §4.1.3, after `state` and `iss` (RFC 9207) have shown that the answer is to this request. */
async function redeem(
  { server, options }: Connection,
  { state, codeVerifier, redirectUri, resource }: AuthorizationRequest,
  parameters: URLSearchParams,
): Promise<string> {
  const answer = checkAnswer(server, parameters, state);
  try {
    const response = await oauth.authorizationCodeGrantRequest(
      ...([server, CLIENT, oauth.None(), answer, redirectUri, codeVerifier] as const),
      { ...options, additionalParameters: { resource } },
    );
    return (await oauth.processAuthorizationCodeResponse(server, CLIENT, response)).access_token;
  } catch (error) {
    throw explain(error);
  }
}

/** Nothing of an answer is believed, not even an error, before it is known to be to this request. */
function checkAnswer(server: oauth.AuthorizationServer, parameters: URLSearchParams, state: string): URLSearchParams {
  try {
    return oauth.validateAuthResponse(server, CLIENT, parameters, state);
  } catch (error) {
    if (!(error instanceof oauth.AuthorizationResponseError)) {
      const isOnly = (name: string, value: string) => parameters.getAll(name).join(' ') === value;
      const wrong = isOnly('state', state) ? 'iss' : 'state';
      const message = `The browser came back with an answer to another request: wrong ${wrong}. ${AGAIN}`;
      throw new Unfinished('refused', message);
    }
    if (error.error === 'access_denied') throw new Unfinished('refused', 'The sign-in was refused. Nothing was read.');
    throw new Unfinished('refused', `The authorization server refused the sign-in: ${clean(error.error)}.`);
  }
}

function explain(error: unknown): Unfinished {
  if (error instanceof TypeError) return new Unfinished('later', IS_DOWN);
  if (!(error instanceof oauth.ResponseBodyError)) {
    return new Unfinished('later', 'The authorization server gave no token. Run the audit again later.');
  }
  if (error.error === 'invalid_grant') {
    return new Unfinished('refused', `The code from the browser was used before, or is too old. ${AGAIN}`);
  }
  return new Unfinished('refused', `The authorization server gave no token, but ${clean(error.error)}.`);
}

/** Text from elsewhere, without what would steer a terminal or turn its text around. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
}
