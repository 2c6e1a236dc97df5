import { describe, expect, it } from 'vitest';
import {
  type AuthorizationServer,
  answerIntrospectionWell,
  type IntrospectionAnswering,
  SIGNED_ANSWER,
} from '../support/authorization-server.js';
import { covers } from '../support/covers.js';
import { invalidToken, unavailable } from '../support/expect-answer.js';
import { expectAdmitted, expectNoAnswer, expectRefusal } from '../support/expect-introspection.js';
import { generateKeys, type Mutation, RawIssuer } from '../support/raw-issuer.js';
import { useTestbed } from '../support/testbed.js';

const INACTIVE = invalidToken('token_inactive');
const UNAVAILABLE = unavailable('introspection_unavailable');
const SIGNED = { introspection: { signed: true } };
const STRANGER = generateKeys('ES256');
const BACK_OFF_SECONDS = 61;

describe('J: signed introspection', () => {
  const testbed = useTestbed();

  it('RFC 9701 §4, §5: a signed answer is asked for, verified with the keys of the issuer, and shown', async () => {
    covers('9701-1');
    const scene = await testbed.openIntrospecting(SIGNED);
    const { server } = scene;
    const [good, bad] = [server.issue(), server.issue()];
    server.revoke(bad);
    expect(await expectAdmitted(scene, good)).toEqual(JSON.parse(server.answer()));
    await expectRefusal(scene, bad, INACTIVE);
    await expectAdmitted(scene, good);
    await expectRefusal(scene, bad, INACTIVE);
    expect(server.introspections.map(({ headers }) => headers.accept)).toEqual([SIGNED_ANSWER, SIGNED_ANSWER]);
    expect(server.hits).toEqual({ metadata: 2, jwks: 1, introspection: 2, elsewhere: 0 });
  });

  it.each<[string, (server: AuthorizationServer) => Mutation]>([
    ['typ is JWT', () => ({ header: { typ: '"JWT"' } })],
    ['typ is at+jwt', () => ({ header: { typ: '"at+jwt"' } })],
    ['typ is missing', () => ({ header: { typ: undefined } })],
    ['typ is a list', () => ({ header: { typ: '["token-introspection+jwt"]' } })],
    ['typ goes on', () => ({ header: { typ: '"token-introspection+jwt;x"' } })],
    ['alg is none', () => ({ header: { alg: '"none"' } })],
    ['alg is another', () => ({ header: { alg: '"RS256"' } })],
    ['alg is an HMAC', () => ({ header: { alg: '"HS256"' } })],
    ['kid is not known', () => ({ header: { kid: '"key-2"' } })],
    ['crit asks for an extension', () => ({ header: { crit: '["exp"]' } })],
    ['signature is by another key', () => ({ key: STRANGER.privateKey })],
    ['iss is missing', () => ({ payload: { iss: undefined } })],
    ['iss is another', () => ({ payload: { iss: '"https://other.test"' } })],
    ['iss has a slash more', ({ issuer }) => ({ payload: { iss: JSON.stringify(`${issuer}/`) } })],
    ['aud is missing', () => ({ payload: { aud: undefined } })],
    ['aud is another client', () => ({ payload: { aud: '"dashboard"' } })],
    ['aud is the audience of the token', ({ audience }) => ({ payload: { aud: JSON.stringify(audience) } })],
    ['aud is an object', () => ({ payload: { aud: '{"0":"api"}' } })],
    ['iat is missing', () => ({ payload: { iat: undefined } })],
    ['iat is a text', ({ now }) => ({ payload: { iat: `"${now}"` } })],
    ['iat is too old', ({ now }) => ({ payload: { iat: String(now - 66) } })],
    ['iat lies in the future', ({ now }) => ({ payload: { iat: String(now + 61) } })],
    ['exp is past', ({ now }) => ({ payload: { exp: String(now - 5) } })],
    ['exp is a text', ({ now }) => ({ payload: { exp: `"${now + 60}"` } })],
    ['nbf lies in the future', ({ now }) => ({ payload: { nbf: String(now + 6) } })],
    ['nbf is a text', () => ({ payload: { nbf: '"1"' } })],
    ['token_introspection is missing', () => ({ payload: { token_introspection: undefined } })],
    ['token_introspection is null', () => ({ payload: { token_introspection: 'null' } })],
    ['token_introspection is a list', (s) => ({ payload: { token_introspection: `[${s.answer()}]` } })],
    ['token_introspection is a text', (s) => ({ payload: { token_introspection: JSON.stringify(s.answer()) } })],
    ['token_introspection has no active', () => ({ payload: { token_introspection: '{}' } })],
    [
      'active stands at the top level alone',
      ({ now }) => ({
        payload: { active: 'true', scope: '"read"', sub: '"x"', exp: String(now + 60), token_introspection: undefined },
      }),
    ],
    [
      'token_introspection has active twice',
      () => ({ payload: { token_introspection: '{"active":true,"active":true}' } }),
    ],
  ])('RFC 9701 §5, §8.1: an answer whose %s is 503, and is not remembered', async (_name, mutate) => {
    covers('J11', '9701-1');
    const scene = await testbed.openIntrospecting(SIGNED);
    await expectNoAnswer(scene, (server) => {
      server.answerIntrospection = replySigned((good) => {
        const { token_introspection: said } = readPayload(good);
        return server.signAnswer(JSON.stringify(said), mutate(server));
      });
    });
  });

  it.each<[string, IntrospectionAnswering]>([
    [
      'is unsigned JSON',
      (res, good) => sendAs(res, 'application/json', JSON.stringify(readPayload(good)['token_introspection'])),
    ],
    [
      'is unsigned JSON under the signed type',
      (res, good) => sendAs(res, SIGNED_ANSWER, JSON.stringify(readPayload(good)['token_introspection'])),
    ],
    ['is signed, under the type of JSON', (res, good) => sendAs(res, 'application/json', good)],
    ['is signed, under the type of any JWT', (res, good) => sendAs(res, 'application/jwt', good)],
    ['is signed, without a type', (res, good) => void res.writeHead(200).end(good)],
    ['is a page of HTML', (res) => sendAs(res, 'text/html', '<!doctype html><title>Sign in</title>')],
    ['is HTML under the signed type', (res) => sendAs(res, SIGNED_ANSWER, '<!doctype html><title>Sign in</title>')],
    ['has lost its signature', (res, good) => sendAs(res, SIGNED_ANSWER, good.replace(/[^.]*$/, ''))],
    ['was changed on its way', (res, good) => sendAs(res, SIGNED_ANSWER, withPayload(good, 'api.test', 'evil.tst'))],
    ['is empty', (res) => sendAs(res, SIGNED_ANSWER, '')],
    [
      'is signed and has status 401',
      (res, good) => void res.writeHead(401, { 'content-type': SIGNED_ANSWER }).end(good),
    ],
  ])('RFC 9701 §5: an answer that %s is 503, and is not remembered', async (_name, reply) => {
    covers('J11', '9701-1');
    const scene = await testbed.openIntrospecting(SIGNED);
    await expectNoAnswer(scene, (server) => {
      server.answerIntrospection = reply;
    });
  });

  it.each<[string, (server: AuthorizationServer) => Mutation]>([
    ['typ in its long form', () => ({ header: { typ: '"application/Token-Introspection+JWT"' } })],
    ['a list of audiences', () => ({ payload: { aud: '["dashboard","api"]' } })],
    [
      'times that are just so',
      ({ now }) => ({ payload: { iat: String(now - 65), exp: String(now - 4), nbf: String(now + 5) } }),
    ],
    [
      'claims of its own about time',
      ({ now }) => ({ payload: { iat: String(now + 5), exp: String(now + 1), nbf: '1' } }),
    ],
    ['no kid', () => ({ header: { kid: undefined } })],
  ])('an answer with %s is believed', async (_name, mutate) => {
    covers('J11', '9701-1');
    const scene = await testbed.openIntrospecting(SIGNED);
    const { server } = scene;
    server.answerIntrospection = (res, good) => {
      const said = JSON.stringify(readPayload(good)['token_introspection']);
      sendAs(res, `${SIGNED_ANSWER}; charset=utf-8`, `${server.signAnswer(said, mutate(server))}\n`);
    };
    expect(await expectAdmitted(scene, server.issue())).toEqual(JSON.parse(server.answer()));
  });

  it('nothing is read from the top level of an answer', async () => {
    covers('J11', '9701-1');
    const scene = await testbed.openIntrospecting(SIGNED);
    const { server } = scene;
    const token = server.issue({ scope: '"write"' });
    const rival = { active: 'true', scope: '"read"', client_id: '"evil"', tenant: '"evil"' };
    server.answerIntrospection = replySigned((good) =>
      server.signAnswer(JSON.stringify(readPayload(good)['token_introspection']), { payload: rival }),
    );
    await expectRefusal(scene, token, {
      reason: 'scope_insufficient',
      status: 403,
      error: 'insufficient_scope',
      scope: 'read',
    });
    expect(await expectAdmitted(scene, server.issue())).toEqual(JSON.parse(server.answer()));
    const revoked = server.issue();
    server.revoke(revoked);
    await expectRefusal(scene, revoked, INACTIVE);
  });

  it('an answer that was kept is not believed a minute later', async () => {
    covers('J11');
    const scene = await testbed.openIntrospecting(SIGNED);
    const { server } = scene;
    const token = server.issue();
    const kept = server.signAnswer(server.answer());
    await expectAdmitted(scene, token);
    server.revoke(token);
    server.clock.advance(66);
    server.answerIntrospection = replySigned(() => kept);
    await expectRefusal(scene, token, UNAVAILABLE);
    server.answerIntrospection = answerIntrospectionWell;
    await expectRefusal(scene, token, INACTIVE);
  });

  it('a key that is new is fetched once, and one that was withdrawn signs no answer any more', async () => {
    covers('J11', 'H17');
    const scene = await testbed.openIntrospecting(SIGNED);
    const { server } = scene;
    const next = new RawIssuer({ issuer: server.issuer, kid: 'key-2' });
    const signWithNext = (good: string) => {
      const said = JSON.stringify(readPayload(good)['token_introspection']);
      return server.signAnswer(said, { key: next.keys.privateKey, header: { kid: '"key-2"' } });
    };
    await expectAdmitted(scene, server.issue());
    server.published = [next.jwk];
    server.answerIntrospection = replySigned(signWithNext);
    await expectAdmitted(scene, server.issue());
    expect(server.hits.jwks).toBe(2);
    server.answerIntrospection = answerIntrospectionWell;
    await expectRefusal(scene, server.issue(), UNAVAILABLE);
    server.answerIntrospection = replySigned(signWithNext);
    await expectAdmitted(scene, server.issue());
  });

  it('keys that cannot be had are 503 as well, and the answer is believed once they can', async () => {
    covers('J11');
    const scene = await testbed.openIntrospecting(SIGNED);
    const { server } = scene;
    const token = server.issue();
    server.published = [];
    await expectRefusal(scene, token, unavailable('keys_unavailable'));
    server.published = [server.jwk];
    server.clock.advance(BACK_OFF_SECONDS);
    await expectAdmitted(scene, token);
    expect(server.introspections.length).toBe(2);
  });

  it.each([
    ['as it is', '"token-introspection+jwt"'],
    ['as a JWT like any other', '"JWT"'],
  ])('RFC 9701 §8.1: a signed answer that is presented %s is no access token', async (_name, typ) => {
    covers('9701-2');
    const { server, api: strict } = await testbed.openIntrospecting(SIGNED);
    const lenient = await testbed.startIntrospecting(server, { ...SIGNED, verifier: { profile: 'jwt' } });
    // It has whatever else an access token has.
    const answer = server.token({ header: { typ }, payload: { token_introspection: server.answer() } });
    for (const api of [strict, lenient]) {
      await expectRefusal({ api }, answer, invalidToken('token_type_not_allowed'));
      await expectAdmitted({ api }, server.token());
      await expectRefusal({ api }, answer, invalidToken('token_type_not_allowed'));
    }
    expect(server.hits.introspection).toBe(0);
  });
});

function sendAs(res: Parameters<IntrospectionAnswering>[0], type: string, text: string): void {
  res.writeHead(200, { 'content-type': type }).end(text);
}

function replySigned(change: (good: string) => string): IntrospectionAnswering {
  return (res, good) => sendAs(res, SIGNED_ANSWER, change(good));
}

function readPayload(jwt: string): { readonly [name: string]: unknown } {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
}

/** Changes the payload of a JWT, and leaves its signature as it is. */
function withPayload(jwt: string, from: string, to: string): string {
  const [header, payload = '', signature] = jwt.split('.');
  const text = Buffer.from(payload, 'base64url').toString();
  return [header, Buffer.from(text.replace(from, to)).toString('base64url'), signature].join('.');
}
