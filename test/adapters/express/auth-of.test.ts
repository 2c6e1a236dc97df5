import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AccessToken,
  authOf,
  createGuard,
  createVerifier,
  type Guard,
  type Verifier,
} from '../../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js';
import { covers } from '../../support/covers.js';

const NO_GUARD = 'authOf(req): no guard let this request through. Put guard() in front of its handler.';
const OTHER_GUARD = 'authOf(req, guard): the token of this request came from another verifier than the guard has.';

let issuer: TestIssuer;
let verifier: Verifier;
let guard: Guard;
let accessToken: AccessToken;

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = createVerifier(issuer.verifierOptions);
  guard = createGuard(verifier);
  accessToken = await verifier.verify(await issuer.token());
});
afterEach(() => verifier.close());

/** A request as a guard leaves it. */
function requestWith(auth: unknown): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), { auth });
}

function errorOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe('authOf', () => {
  it('gives the access token that a guard put on the request', () => {
    expect(authOf(requestWith(accessToken))).toBe(accessToken);
  });

  it('gives the access token that this very guard’s verifier issued', () => {
    expect(authOf(requestWith(accessToken), guard)).toBe(accessToken);
  });

  it('takes every guard of one verifier alike', () => {
    const other = createGuard(verifier, { audience: 'https://other.test' });
    expect(authOf(requestWith(accessToken), other)).toBe(accessToken);
  });

  it('CVE-2021-21378: throws where no guard ran', () => {
    covers('E8');
    expect(errorOf(() => authOf(requestWith(accessToken)))).toBe(accessToken);
    expect(errorOf(() => authOf(new IncomingMessage(new Socket())))).toEqual(new TypeError(NO_GUARD));
  });

  it.each<[what: string, auth: (token: AccessToken) => unknown]>([
    ['undefined, as guard.optional leaves it', () => undefined],
    ['an object with the same members', (token) => ({ ...token, token: token.token })],
    ['claims that another package put there', () => ({ payload: { sub: 'admin' }, token: 'x' })],
    ['an object that inherits from an access token', (token) => Object.create(token)],
    ['a token string', (token) => token.token],
  ])('CVE-2026-22748: throws where req.auth is %s', (_, auth) => {
    covers('E8');
    expect(authOf(requestWith(accessToken))).toBe(accessToken);
    expect(errorOf(() => authOf(requestWith(auth(accessToken))))).toEqual(new TypeError(NO_GUARD));
  });

  it('throws where the token came from the verifier of another guard', async () => {
    covers('H24');
    const otherVerifier = createVerifier(issuer.verifierOptions);
    const otherGuard = createGuard(otherVerifier);
    expect(authOf(requestWith(accessToken), guard)).toBe(accessToken);
    expect(errorOf(() => authOf(requestWith(accessToken), otherGuard))).toEqual(new TypeError(OTHER_GUARD));
    otherVerifier.close();
  });

  it.each<[what: string, given: (guard: Guard) => unknown]>([
    ['a middleware of the guard', (created) => created()],
    ['a function', () => () => {}],
    ['an object', () => ({})],
    ['null', () => null],
  ])('throws where %s is given for a guard', (_, given) => {
    expect(authOf(requestWith(accessToken), guard)).toBe(accessToken);
    const call = () => authOf(requestWith(accessToken), given(guard) as Guard);
    expect(errorOf(call)).toEqual(new TypeError(OTHER_GUARD));
  });
});
