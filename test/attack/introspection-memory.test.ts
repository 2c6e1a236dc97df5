import { describe, expect, it } from 'vitest';
import { covers } from '../support/covers.js';
import { expectAnswer, insufficientScope, invalidToken, unavailable } from '../support/expect-answer.js';
import { expectAdmitted, expectRefusal } from '../support/expect-introspection.js';
import { schemaOf } from '../support/schema-of.js';
import { useTestbed } from '../support/testbed.js';

const INACTIVE = invalidToken('token_inactive');

describe('J: what is remembered of introspection', () => {
  const testbed = useTestbed();
  const CACHES = [
    ['with the token cache', {}],
    ['without the token cache', { tokenCache: false }],
  ] as const;

  it.each(CACHES)('RFC 7662 §4: an answer is not used beyond exp, %s', async (_, verifier) => {
    covers('J9', '7662-3');
    const scene = await testbed.openIntrospecting({ verifier });
    const { server } = scene;
    const token = server.issue({ exp: String(server.now + 20) });
    await expectAdmitted(scene, token);
    server.clock.advance(19);
    await expectAdmitted(scene, token);
    expect(server.hits.introspection).toBe(1);
    // Within the tolerance for clocks it is accepted, but only as long as the server says so.
    server.clock.advance(1);
    await expectAdmitted(scene, token);
    await expectAdmitted(scene, token);
    expect(server.hits.introspection).toBe(3);
    server.clock.advance(5);
    await expectRefusal(scene, token, invalidToken('token_expired'));
  });

  it.each(CACHES)('a token that is revoked is refused after cacheSeconds at the latest, %s', async (_, verifier) => {
    covers('J9');
    const scene = await testbed.openIntrospecting({ verifier });
    const { server } = scene;
    const token = server.issue();
    await expectAdmitted(scene, token);
    server.revoke(token);
    server.clock.advance(59);
    await expectAdmitted(scene, token);
    expect(server.hits.introspection).toBe(1);
    server.clock.advance(1);
    await expectRefusal(scene, token, INACTIVE);
    expect(server.hits.introspection).toBe(2);
  });

  it.each(CACHES)('with cacheSeconds 0 every request asks, %s', async (_, verifier) => {
    covers('J9');
    const scene = await testbed.openIntrospecting({ verifier, introspection: { cacheSeconds: 0 } });
    const { server } = scene;
    const token = server.issue();
    await expectAdmitted(scene, token);
    await expectAdmitted(scene, token);
    server.revoke(token);
    await expectRefusal(scene, token, INACTIVE);
    await expectRefusal(scene, token, INACTIVE);
    expect(server.hits.introspection).toBe(4);
  });

  it.each([
    [60, 5],
    [2, 2],
  ])('with cacheSeconds %i an inactive token is asked about again after %i s', async (cacheSeconds, seconds) => {
    covers('J9', 'J10');
    const scene = await testbed.openIntrospecting({ introspection: { cacheSeconds } });
    const { server } = scene;
    const token = server.issue();
    server.revoke(token);
    await expectRefusal(scene, token, INACTIVE);
    server.setAnswer(token, server.answer());
    server.clock.advance(seconds - 1);
    await expectRefusal(scene, token, INACTIVE);
    expect(server.hits.introspection).toBe(1);
    server.clock.advance(1);
    await expectAdmitted(scene, token);
    expect(server.hits.introspection).toBe(2);
  });

  it.each(CACHES)('no answer is used once the clock was set back behind its question, %s', async (_, verifier) => {
    covers('J9', 'J19');
    const scene = await testbed.openIntrospecting({ verifier });
    const { server } = scene;
    const [active, inactive] = [server.issue({ iat: '1' }), server.issue({ iat: '1' })];
    server.revoke(inactive);
    await expectAdmitted(scene, active);
    await expectRefusal(scene, inactive, INACTIVE);
    server.revoke(active);
    server.setAnswer(inactive, server.answer({ iat: '1' }));
    await expectAdmitted(scene, active);
    await expectRefusal(scene, inactive, INACTIVE);
    expect(server.hits.introspection).toBe(2);
    server.clock.advance(-1);
    await expectRefusal(scene, active, INACTIVE);
    await expectAdmitted(scene, inactive);
    expect(server.hits.introspection).toBe(4);
  });

  it('CVE-2026-33496: an answer is for the whole of one token', async () => {
    covers('J9');
    const scene = await testbed.openIntrospecting();
    const { server } = scene;
    const token = `${server.issue()}aA`;
    server.setAnswer(token, server.answer());
    await expectAdmitted(scene, token);
    const others = [
      token.slice(0, -1),
      `${token}a`,
      `${token}=`,
      token.toUpperCase(),
      `${token.slice(0, -1)}B`,
      `x${token}`,
    ];
    for (const other of others) await expectRefusal(scene, other, INACTIVE);
    await expectAdmitted(scene, token);
    expect(server.introspections.map(({ form }) => form.get('token'))).toEqual([token, ...others]);
  });

  it('what one client was told is no answer for another', async () => {
    covers('J9');
    const { server, api } = await testbed.openIntrospecting();
    server.acceptsClient = () => true;
    server.answerIntrospection = (res, good, { client }) => {
      res.writeHead(200, { 'content-type': 'application/json' }).end(client.id === 'api' ? good : '{"active":false}');
    };
    const other = await testbed.startIntrospecting(server, { introspection: { clientId: 'dashboard' } });
    const token = server.issue();
    await expectAdmitted({ api }, token);
    await expectRefusal({ api: other }, token, INACTIVE);
    await expectAdmitted({ api }, token);
    expect(server.introspections.map(({ client }) => client.id)).toEqual(['api', 'dashboard']);
  });

  it('one answer is held to the audience and scopes of each route', async () => {
    covers('J9', 'H24');
    const scene = await testbed.openIntrospecting({
      routes: (app, { createGuard, handler }) => {
        app.get('/admin', createGuard({ audience: 'https://admin.test', realm: 'https://api.test' })('read'), handler);
        app.get('/write', createGuard()('write'), handler);
      },
    });
    const { server, api } = scene;
    const token = server.issue();
    for (let round = 0; round < 2; round += 1) {
      expectAnswer(await api.send({ token, target: '/admin' }), invalidToken('audience_mismatch'), api.realm);
      expectAnswer(await api.send({ token, target: '/write' }), insufficientScope('write'), api.realm);
      await expectAdmitted(scene, token);
    }
    expect(server.hits.introspection).toBe(1);
  });

  it('the claims schema runs once for an answer, and again for the next', async () => {
    covers('J9');
    let runs = 0;
    const claims = schemaOf(({ sub }) => {
      runs += 1;
      return sub === 'mallory' ? { issues: [{ message: 'no' }] } : { value: { tenant: `tenant of ${sub}` } };
    });
    const scene = await testbed.openIntrospecting({ verifier: { claims } });
    const { server } = scene;
    const token = server.issue();
    for (let request = 0; request < 3; request += 1) {
      expect(await expectAdmitted(scene, token)).toMatchObject({ tenant: 'tenant of test-user', active: true });
    }
    expect([runs, server.hits.introspection]).toEqual([1, 1]);
    server.clock.advance(60);
    server.setAnswer(token, server.answer({ sub: '"mallory"' }));
    await expectRefusal(scene, token, invalidToken('claims_rejected'));
    expect([runs, server.hits.introspection]).toEqual([2, 2]);
  });

  it('a failure is not remembered, and does not outlive what was known', async () => {
    covers('J9');
    const scene = await testbed.openIntrospecting();
    const { server } = scene;
    const token = server.issue();
    await expectAdmitted(scene, token);
    server.answerIntrospection = (res) => void res.writeHead(500).end();
    server.clock.advance(59);
    await expectAdmitted(scene, token);
    server.clock.advance(1);
    await expectRefusal(scene, token, unavailable('introspection_unavailable'));
    server.answerIntrospection = (res, good) => void res.writeHead(200).end(good);
    await expectAdmitted(scene, token);
    expect(server.hits.introspection).toBe(3);
  });
});
