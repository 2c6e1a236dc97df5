import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../src/index.js';
import { type AuthorizationServer, answerIntrospectionWell } from '../support/authorization-server.js';
import { verdictOf } from '../support/clients.js';
import { covers } from '../support/covers.js';
import { invalidToken, unavailable } from '../support/expect-answer.js';
import { expectAdmitted, expectRefusal } from '../support/expect-introspection.js';
import { bearer } from '../support/guarded-api.js';
import { until } from '../support/key-server.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { useTestbed } from '../support/testbed.js';
import { THOROUGH } from '../support/thorough.js';

/** Longer than any back-off. */
const BACK_OFF_SECONDS = 61;
const UNAVAILABLE = unavailable('introspection_unavailable');
const INACTIVE = invalidToken('token_inactive');

describe('J: floods of tokens to introspect', () => {
  const testbed = useTestbed();

  it.each<[string, (good: string) => string, ReturnType<typeof invalidToken>]>([
    ['beyond maxTokenBytes', (good) => good.padEnd(16_385, 'x'), invalidToken('token_too_large')],
    ['that begins like a JWT', () => 'eyJhbGciOiJub25lIn0.e30', invalidToken('token_malformed')],
    [
      'that is a JWE',
      () => `${Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url')}..x.y.z`,
      invalidToken('token_encrypted'),
    ],
  ])('nobody is asked about a token %s', async (_name, make, answer) => {
    covers('J10', '7662-6');
    const scene = await testbed.openIntrospecting();
    await expectRefusal(scene, make(scene.server.issue()), answer);
    expect(scene.server.server.paths).toEqual([]);
    await expectAdmitted(scene, scene.server.issue());
    await expectRefusal(scene, make(scene.server.issue()), answer);
    expect(scene.server.hits.introspection).toBe(1);
  });

  it.each(['two words', 'a"quote', 'a,comma', 'a{brace', 'a%20b', 'a\u00e9', '='])(
    'RFC 6750 §2.1: nobody is asked about what is no bearer token: %s',
    async (token) => {
      covers('J10', '7662-6');
      const scene = await testbed.openIntrospecting();
      const { response, refusals, handlerRuns } = await scene.api.send({ token, lines: bearer });
      expect([response.status, refusals.map(({ reason }) => reason), handlerRuns]).toEqual([
        400,
        ['bearer_malformed'],
        0,
      ]);
      expect(scene.server.server.paths).toEqual([]);
      await expectAdmitted(scene, scene.server.issue());
    },
  );

  it('many requests with one token make one call, good or bad', async () => {
    covers('J10');
    const scene = await testbed.openIntrospecting();
    const { server } = scene;
    const [good, bad] = [server.issue(), server.issue()];
    server.revoke(bad);
    const held = holdReplies(server);
    // These all wait before anything is answered. Those by HTTP come when they come.
    const verdicts = [good, bad, good, bad, good].map((token) => verdictOf(scene.api.verifier.verify(token)));
    const asked = Array.from({ length: 20 }, () => [expectAdmitted(scene, good), expectRefusal(scene, bad, INACTIVE)]);
    await until(() => held.length === 2);
    for (const release of held) release();
    const inactive = 'token_inactive';
    expect(await Promise.all(verdicts)).toEqual(['accepted', inactive, 'accepted', inactive, 'accepted']);
    await Promise.all(asked.flat());
    expect(server.hits).toEqual({ metadata: 1, jwks: 0, introspection: 2, elsewhere: 0 });
  });

  it('more questions at once than maxInFlight are 503, and a token that is known is answered', async () => {
    covers('J10');
    const scene = await testbed.openIntrospecting({ introspection: { maxInFlight: 2 } });
    const { server } = scene;
    const known = server.issue();
    await expectAdmitted(scene, known);
    const held = holdReplies(server);
    const [a, b, c] = [server.issue(), server.issue(), server.issue()];
    const waiting = [expectAdmitted(scene, a), expectAdmitted(scene, b)];
    await until(() => held.length === 2);
    await expectRefusal(scene, c, UNAVAILABLE);
    await expectAdmitted(scene, known);
    // One that waits for the same answer is no question more.
    const joined = verdictOf(scene.api.verifier.verify(a));
    expect(scene.api.verifier.status().issuers[0]?.introspection).toMatchObject({ calls: 3, inFlight: 2 });
    server.answerIntrospection = answerIntrospectionWell;
    for (const release of held) release();
    await Promise.all(waiting);
    expect(await joined).toBe('accepted');
    await expectAdmitted(scene, c);
    expect(server.hits.introspection).toBe(4);
  });

  it.runIf(THOROUGH)(
    'a flood of unknown tokens costs a call each, evicts no good token, and is forgotten in bounds',
    async () => {
      covers('J10');
      const scene = await testbed.openIntrospecting();
      const { server, api } = scene;
      const good = server.issue();
      await expectAdmitted(scene, good);
      const garbage = Array.from({ length: 1001 }, (_, index) => `garbage-${index}`);
      const ask = (token: string) => verdictOf(api.verifier.verify(token));
      for (const token of garbage) expect(await ask(token)).toBe('token_inactive');
      expect(server.hits.introspection).toBe(1002);
      // The latest thousand are remembered, the first is not.
      expect(await ask('garbage-1000')).toBe('token_inactive');
      expect(await ask('garbage-1')).toBe('token_inactive');
      expect(server.hits.introspection).toBe(1002);
      expect(await ask('garbage-0')).toBe('token_inactive');
      expect(server.hits.introspection).toBe(1003);
      await expectAdmitted(scene, good);
      expect(server.hits.introspection).toBe(1003);
    },
  );

  it('no more answers are kept than cacheMax', async () => {
    covers('J10');
    const scene = await testbed.openIntrospecting({ introspection: { cacheMax: 2 }, verifier: { tokenCache: false } });
    const { server } = scene;
    const [a, b, c] = [server.issue(), server.issue(), server.issue()];
    for (const token of [a, b, b, c, c, b]) await expectAdmitted(scene, token);
    expect(server.hits.introspection).toBe(3);
    await expectAdmitted(scene, a);
    expect(server.hits.introspection).toBe(4);
  });
});

describe('J: where introspection is asked', () => {
  const testbed = useTestbed();

  it.each<[string, unknown]>([
    ['is missing, as with Django OAuth Toolkit', undefined],
    ['is null', null],
    ['is relative', '/introspect'],
    ['is empty', ''],
    ['is a list', ['http://127.0.0.1/introspect']],
    ['is a file', 'file:///introspect'],
    ['is a data URL', 'data:application/json,{"active":true}'],
    ['is FTP', 'ftp://127.0.0.1/introspect'],
  ])('RFC 8414 §2: an introspection_endpoint that %s is not asked', async (_name, endpoint) => {
    covers('J12');
    const scene = await testbed.openIntrospecting();
    const { server } = scene;
    server.metadata = { introspection_endpoint: endpoint };
    const token = server.issue();
    await expectRefusal(scene, token, UNAVAILABLE);
    // Nor is the metadata, until a while has passed.
    await expectRefusal(scene, token, UNAVAILABLE);
    expect(server.hits).toEqual({ metadata: 1, jwks: 0, introspection: 0, elsewhere: 0 });
    server.metadata = {};
    server.clock.advance(BACK_OFF_SECONDS);
    await expectAdmitted(scene, token);
  });

  it.each<[string, (issuer: string) => unknown]>([
    ['has a slash more', (issuer) => `${issuer}/`],
    ['is another', () => 'https://other.test'],
    ['is missing', () => undefined],
  ])('RFC 8414 §3.3: metadata whose issuer %s leads nowhere', async (_name, issuerOf) => {
    covers('J12');
    const scene = await testbed.openIntrospecting();
    const { server } = scene;
    const sink = await LoopbackServer.start();
    server.metadata = { issuer: issuerOf(server.issuer), introspection_endpoint: `${sink.origin}/introspect` };
    await expectRefusal(scene, server.issue(), UNAVAILABLE);
    expect([server.hits.introspection, sink.paths]).toEqual([0, []]);
    server.metadata = {};
    server.clock.advance(BACK_OFF_SECONDS);
    await expectAdmitted(scene, server.issue());
  });

  it('an endpoint of the options is asked, whatever the metadata says', async () => {
    covers('J12');
    const { server } = await testbed.openIntrospecting();
    const sink = await LoopbackServer.start();
    server.metadata = { introspection_endpoint: `${sink.origin}/introspect` };
    const api = await testbed.startIntrospecting(server, { introspection: { endpoint: server.endpoint } });
    await expectAdmitted({ api }, server.issue());
    expect(server.hits).toEqual({ metadata: 0, jwks: 0, introspection: 1, elsewhere: 0 });
    expect(sink.paths).toEqual([]);
  });

  it('RFC 7662 §4: an endpoint by plain http is refused at start, and in metadata', async () => {
    covers('J12', '7662-1');
    const { server } = await testbed.openIntrospecting();
    const { issuer, introspection } = server.issuerOptions();
    const secure = { issuer: 'https://issuer.test', introspection: { ...introspection, endpoint: server.endpoint } };
    const options = { dangerouslyAllowInsecureHttp: false, issuer: secure as never };
    await expect(testbed.startApi({ verifier: options })).rejects.toThrow(ConfigurationError);
    await expect(testbed.startApi({ verifier: options })).rejects.toThrow('introspection.endpoint');

    // A proxy: every host is behind it.
    const asked: string[] = [];
    const proxy: typeof fetch = (input, init) => {
      asked.push(String(input));
      return fetch(issuer + new URL(String(input)).pathname, init);
    };
    server.metadata = { issuer: 'https://issuer.test', introspection_endpoint: 'http://issuer.test/introspect' };
    const api = await testbed.startApi({
      verifier: {
        issuer: { issuer: 'https://issuer.test', introspection: introspection as never },
        dangerouslyAllowInsecureHttp: false,
        clock: server.clock.now,
        fetch: proxy,
      },
    });
    const token = server.issue({ iss: undefined });
    await expectRefusal({ api }, token, UNAVAILABLE);
    expect(asked).toEqual(['https://issuer.test/.well-known/openid-configuration']);
    server.metadata = { issuer: 'https://issuer.test', introspection_endpoint: 'https://issuer.test/introspect' };
    server.clock.advance(BACK_OFF_SECONDS);
    await expectAdmitted({ api }, token);
    expect(asked.slice(1)).toEqual([asked[0], 'https://issuer.test/introspect']);
  });

  it('nothing that a token says decides where it is shown', async () => {
    covers('J12');
    const scene = await testbed.openIntrospecting({ introspection: { jwt: true } });
    const { server } = scene;
    const sink = await LoopbackServer.start();
    const url = JSON.stringify(`${sink.origin}/introspect`);
    const foreign = server.token({ payload: { iss: JSON.stringify(sink.origin) } });
    await expectRefusal(scene, foreign, invalidToken('issuer_not_trusted'));
    const luring = server.token({ header: { jku: url, x5u: url }, payload: { introspection_endpoint: url } });
    await expectRefusal(scene, luring, INACTIVE);
    expect(sink.paths).toEqual([]);
    expect(server.hits).toEqual({ metadata: 1, jwks: 0, introspection: 1, elsewhere: 0 });
  });
});

/** Answers nobody any more, until what is in the list is called. */
function holdReplies(server: AuthorizationServer): (() => void)[] {
  const held: (() => void)[] = [];
  server.answerIntrospection = (...reply) => void held.push(() => answerIntrospectionWell(...reply));
  return held;
}
