import { describe, expect, it } from 'vitest';
import type { RowId } from '../security-matrix/catalogue.js';
import { covers } from '../support/covers.js';
import { insufficientScope, invalidToken } from '../support/expect-answer.js';
import { expectAdmitted, expectBadAnswer, expectNoAnswer, expectRefusal } from '../support/expect-introspection.js';
import type { JsonTexts } from '../support/raw-token.js';
import { useTestbed } from '../support/testbed.js';

const INACTIVE = invalidToken('token_inactive');
const THUMBPRINT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';
/** How the clock of a server with local time runs wrong: New York and Tokyo, for tokens of an hour. */
const NEW_YORK_SECONDS = -14_400;
const TOKYO_SECONDS = 36_000;

describe('J: what introspection says', () => {
  const testbed = useTestbed();

  it('RFC 7662 §2.1: asks once by POST, with the credentials and the kind of token, and shows the handler the answer', async () => {
    covers('7662-1');
    const scene = await testbed.openIntrospecting();
    const { server } = scene;
    const token = server.issue();
    const cold = await expectAdmitted(scene, token);
    expect(cold).toEqual(JSON.parse(server.answer()));
    expect(await expectAdmitted(scene, token)).toEqual(cold);

    expect(server.hits).toEqual({ metadata: 1, jwks: 0, introspection: 1, elsewhere: 0 });
    const [request] = server.introspections;
    expect(request?.method).toBe('POST');
    expect(Object.fromEntries(request?.form ?? [])).toEqual({ token, token_type_hint: 'access_token' });
    expect(request?.client).toEqual({ method: 'client_secret_basic', id: 'api', proof: 'api-secret' });
    expect(request?.headers).toMatchObject({
      accept: 'application/json',
      'content-type': expect.stringMatching(/^application\/x-www-form-urlencoded(;|$)/),
    });
  });

  it.each(['false', 'null', '"true"', '"True"', '"false"', '""', '1', '0', '[]', '[true]', '{}', '{"active":true}'])(
    'RFC 7662 §2.2: active %s is not active',
    async (active) => {
      covers('J6', '7662-2');
      const scene = await testbed.openIntrospecting();
      await expectBadAnswer(scene, scene.server.answer({ active }), INACTIVE);
    },
  );

  it('RFC 7662 §2.2: a token that the server does not know is not active', async () => {
    covers('J6');
    const scene = await testbed.openIntrospecting();
    const token = scene.server.issue();
    scene.server.revoke(token);
    await expectRefusal(scene, token, INACTIVE);
    await expectAdmitted(scene, scene.server.issue());
  });

  it.each<[string, (good: string) => string | Buffer]>([
    ['has no active member', (good) => good.replace('"active":true,', '')],
    ['has active in another case', (good) => good.replace('active', 'Active')],
    ['has active inside of another member', (good) => `{"data":${good}}`],
    ['has active inside of __proto__', (good) => `{"__proto__":${good}}`],
    ['is empty', () => ''],
    ['is an empty object', () => '{}'],
    ['is a list with the good one', (good) => `[${good}]`],
    ['is true', () => 'true'],
    ['is null', () => 'null'],
    ['is a text', (good) => JSON.stringify(good)],
    ['has active twice', (good) => good.replace('{', '{"active":false,')],
    ['has active twice, once escaped', (good) => good.replace('{', '{"\\u0061ctive":false,')],
    ['has scope twice', (good) => good.replace('{', '{"scope":"admin",')],
    ['has aud twice', (good) => good.replace('{', '{"aud":"https://other.test",')],
    ['is cut off', (good) => good.slice(0, -1)],
    ['goes on after its end', (good) => `${good}}`],
    [
      'is no UTF-8',
      (good) => Buffer.concat([Buffer.from(`${good.slice(0, -1)},"x":"`), Buffer.from([0xff, 0x22, 0x7d])]),
    ],
    ['is a form', () => 'active=true&scope=read'],
    ['is nested very deep', (good) => good.replace('}', `,"x":${'['.repeat(33)}${']'.repeat(33)}}`)],
  ])('an answer that %s blames nobody, and is not remembered', async (_, change) => {
    covers('J6', '7662-5');
    const scene = await testbed.openIntrospecting();
    await expectNoAnswer(scene, (server) => {
      server.answerIntrospection = (res, good) => {
        res.writeHead(200, { 'content-type': 'application/json' }).end(change(good));
      };
    });
  });

  it.each<[string, (good: string) => string | Buffer]>([
    ['with a byte order mark', (good) => `\ufeff${good}`],
    ['in UTF-16', (good) => Buffer.from(good, 'utf16le')],
  ])('RFC 8259 §8.1: an answer %s is read: its issuer decides how it writes', async (_, change) => {
    const scene = await testbed.openIntrospecting();
    scene.server.answerIntrospection = (res, good) => void res.end(change(good));
    await expectAdmitted(scene, scene.server.issue());
  });

  it.each<[string, JsonTexts, Parameters<typeof invalidToken>[0]]>([
    ['is for another audience', { aud: '"https://other.test"' }, 'audience_mismatch'],
    ['is for an audience that begins with ours', { aud: '"https://api.test.evil.test"' }, 'audience_mismatch'],
    ['is for several others', { aud: '["https://a.test","https://b.test"]' }, 'audience_mismatch'],
    ['is for nobody', { aud: '[]' }, 'audience_mismatch'],
    ['names no audience', { aud: undefined }, 'audience_mismatch'],
    ['has an audience of null', { aud: 'null' }, 'audience_mismatch'],
    ['has a number for an audience', { aud: '1' }, 'claim_malformed'],
    ['is of another issuer', { iss: '"https://other.test"' }, 'issuer_not_trusted'],
    ['has no text for an issuer', { iss: '["http://127.0.0.1"]' }, 'issuer_not_trusted'],
    ['has a text for exp', { exp: '"1800003600"' }, 'claim_malformed'],
    ['has an exp of 1e400', { exp: '1e400' }, 'claim_malformed'],
    ['has an exp in milliseconds', { exp: '1800003600000' }, 'claim_malformed'],
    ['has a negative exp', { exp: '-1' }, 'claim_malformed'],
    ['is not valid yet', { nbf: '1800000006' }, 'token_not_yet_valid'],
    ['has a text for nbf', { nbf: '"1"' }, 'claim_malformed'],
    ['is issued in the future', { iat: '1800000061' }, 'token_not_yet_valid'],
    ['has a number for its scope', { scope: '1' }, 'claim_malformed'],
    ['has two scopes in one member of a list', { scope: '["read write"]' }, 'claim_malformed'],
    ['has a number for its subject', { sub: '42' }, 'claim_malformed'],
    ['has a number for its client', { client_id: '1' }, 'claim_malformed'],
  ])('RFC 7662 §4: an active token that %s is refused', async (_, changes, reason) => {
    covers('J7', '7662-4');
    const scene = await testbed.openIntrospecting();
    await expectBadAnswer(scene, scene.server.answer(changes), invalidToken(reason));
  });

  it('an active token that is expired is refused, whatever active says, and not asked about each time', async () => {
    covers('J7', '7662-4');
    const scene = await testbed.openIntrospecting();
    const { server } = scene;
    const [token, control] = [
      server.issue({ exp: String(server.now - 5) }),
      server.issue({ exp: String(server.now - 4) }),
    ];
    for (let round = 0; round < 3; round += 1) await expectRefusal(scene, token, invalidToken('token_expired'));
    expect(server.hits.introspection).toBe(1);
    await expectAdmitted(scene, control);
    server.setAnswer(token, server.answer());
    server.clock.advance(4);
    await expectRefusal(scene, token, invalidToken('token_expired'));
    server.clock.advance(1);
    await expectAdmitted(scene, token);
  });

  it('an active token that is not valid yet is accepted once it is', async () => {
    covers('J7', 'H26', '7662-4');
    const scene = await testbed.openIntrospecting();
    const { server } = scene;
    const token = server.issue({ nbf: String(server.now + 6) });
    await expectRefusal(scene, token, invalidToken('token_not_yet_valid'));
    server.clock.advance(1);
    await expectAdmitted(scene, token);
    expect(server.hits.introspection).toBe(1);
  });

  it.each(['/', '.evil.test', '/tenant'])('ours with "%s" behind it is another issuer', async (end) => {
    covers('J7', '7662-4');
    const scene = await testbed.openIntrospecting();
    const { server } = scene;
    const text = server.answer({ iss: JSON.stringify(server.issuer + end) });
    await expectBadAnswer(scene, text, invalidToken('issuer_not_trusted'));
  });

  it.each<[string, JsonTexts]>([
    ['another client', { client_id: '"other-client"' }],
    ['no client', { client_id: undefined }],
    ['a client of null', { client_id: 'null' }],
  ])('where clients are listed, an active token of %s is refused', async (_, changes) => {
    covers('J7');
    const scene = await testbed.openIntrospecting({ verifier: { clientIds: ['test-client'] } });
    await expectBadAnswer(scene, scene.server.answer(changes), invalidToken('client_not_allowed'));
  });

  it.each<[string, JsonTexts]>([
    ['no scope', { scope: undefined }],
    ['a scope of null', { scope: 'null' }],
    ['another scope', { scope: '"write"' }],
    ['a scope that begins like the one', { scope: '"read:all"' }],
  ])('an active token with %s does not have the scope of the route', async (_, changes) => {
    covers('J7', '7662-4');
    const scene = await testbed.openIntrospecting();
    await expectBadAnswer(scene, scene.server.answer(changes), insufficientScope('read'));
  });

  it.each<[string, JsonTexts]>([
    ...[
      'refresh_token',
      'Refresh_Token',
      'id_token',
      'ID_TOKEN',
      'refresh',
      'N_A',
      'urn:ietf:params:oauth:token-type:refresh_token',
    ].map((kind): [string, JsonTexts] => [`the token_type "${kind}"`, { token_type: JSON.stringify(kind) }]),
    ['a refresh token in a list of types', { token_type: '["Bearer","refresh_token"]' }],
    ['the mark of Ory Hydra for a refresh token', { token_use: '"refresh_token"' }],
    ['the mark of Cognito for an ID token', { token_use: '"id"' }],
    ['the mark of Keycloak for a refresh token', { typ: '"Refresh"' }],
    ['the events of a logout token', { events: '{}' }],
    ['an answer inside of the answer', { token_introspection: '{"active":true}' }],
  ])('RFC 8725 §3.12: what is active and has %s is no access token', async (_, changes) => {
    covers('J7');
    const scene = await testbed.openIntrospecting();
    await expectBadAnswer(scene, scene.server.answer(changes), invalidToken('token_type_not_allowed'));
  });

  it.each<[string, JsonTexts, RowId]>([
    ['RFC 9449 §6.2: to a DPoP key', { token_type: '"DPoP"', cnf: `{"jkt":"${THUMBPRINT}"}` }, '9449-15'],
    ['RFC 8705 §3.2: to a certificate', { cnf: `{"x5t#S256":"${THUMBPRINT}"}` }, '8705-3'],
    ['RFC 7800 §3.1: in a way that nobody knows', { cnf: '{}' }, 'J7'],
    ['RFC 7800 §3.1: by no object', { cnf: '"x"' }, 'J7'],
  ])('%s an active token is bound, so it is refused as a bearer token', async (_, changes, id) => {
    covers(id);
    const scene = await testbed.openIntrospecting();
    await expectBadAnswer(scene, scene.server.answer(changes), invalidToken('binding_not_proven'));
  });

  it.each<[string, JsonTexts]>([
    ['Doorkeeper', { token_type: '"Bearer"' }],
    ['Glewlwyd', { token_type: '"bearer"' }],
    ['a server that shouts', { token_type: '"BEARER"' }],
    ['@jmondi/oauth2-server', { token_type: '"access_token"' }],
    ['oidc-provider, unbound', { token_type: '"DPoP"' }],
    ['LemonLDAP::NG, which names no type', { token_type: undefined }],
    ['Authlib, which writes null', { token_type: 'null', sub: 'null', username: 'null', cnf: 'null' }],
    ['Doorkeeper, whose tokens never end', { exp: '0' }],
    ['a server that does not say when it ends', { exp: undefined }],
    ['a server that writes null for exp', { exp: 'null' }],
    ['Django OAuth Toolkit, which names no subject', { sub: undefined, username: '"alice"' }],
    ['a server that names neither issuer nor time', { iss: undefined, iat: undefined }],
    ['LemonLDAP::NG, with a list of audiences', { aud: '["web","https://api.test"]' }],
    ['a server that writes scopes as a list, as some JWTs have them', { scope: '["read","write"]' }],
    ['a server that sends nbf', { nbf: '1799999990' }],
  ])('providers: the answer of %s is accepted, and told to the handler', async (_, changes) => {
    covers('J7');
    const scene = await testbed.openIntrospecting();
    const { server } = scene;
    const token = server.issue(changes);
    const told = JSON.parse(server.answer(changes), (name, value) =>
      value === null || (name === 'exp' && value === 0) ? undefined : value,
    );
    expect(await expectAdmitted(scene, token)).toEqual(told);
    expect(await expectAdmitted(scene, token)).toEqual(told);
    expect(server.hits.introspection).toBe(1);
  });

  it('Django OAuth Toolkit: without audiences the client decides, once audience is false for that issuer', async () => {
    covers('J7');
    const { server, api: strict } = await testbed.openIntrospecting();
    const issuer = { ...server.issuerOptions(), audience: false as const, clientIds: ['svc'] };
    const api = await testbed.startIntrospecting(server, { verifier: { issuer } });
    const answerFor = (client: string) =>
      `{"active": true, "scope": "read write", "exp": ${server.now + 3600}, "client_id": "${client}"}`;
    const [token, foreign] = [server.issue(), server.issue()];
    server.setAnswer(token, answerFor('svc'));
    server.setAnswer(foreign, answerFor('other'));
    await expectAdmitted({ api }, token);
    await expectRefusal({ api }, foreign, invalidToken('client_not_allowed'));
    await expectRefusal({ api: strict }, token, invalidToken('audience_mismatch'));
  });

  it.each([
    ['New York', NEW_YORK_SECONDS, invalidToken('token_expired')],
    ['Tokyo', TOKYO_SECONDS, undefined],
  ] as const)(
    'Django OAuth Toolkit, USE_TZ=False in %s: exp is kept to, unless ignoreExp says otherwise',
    async (_, offset, answer) => {
      covers('J7');
      const strict = await testbed.openIntrospecting();
      const { server } = strict;
      const lax = { server, api: await testbed.startIntrospecting(server, { introspection: { ignoreExp: true } }) };
      const token = server.issue({ exp: String(server.now + offset) });
      if (answer === undefined) await expectAdmitted(strict, token);
      else await expectRefusal(strict, token, answer);
      expect(await expectAdmitted(lax, token)).not.toHaveProperty('exp');
      // It is asked again, so that the end of the token is seen all the same.
      server.revoke(token);
      server.clock.advance(59);
      await expectAdmitted(lax, token);
      server.clock.advance(1);
      await expectRefusal(lax, token, INACTIVE);
      if (answer === undefined) await expectRefusal(strict, token, INACTIVE);
    },
  );
});
