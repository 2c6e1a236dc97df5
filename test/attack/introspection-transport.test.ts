import { request } from 'node:https';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerIntrospectionWell, type IntrospectionAnswering } from '../support/authorization-server.js';
import { createSelfSignedCertificate } from '../support/certificate.js';
import { covers } from '../support/covers.js';
import { unavailable } from '../support/expect-answer.js';
import { expectAdmitted, expectNoAnswer, expectRefusal } from '../support/expect-introspection.js';
import { until } from '../support/key-server.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { useTestbed } from '../support/testbed.js';

const DEADLINE_MS = 5000;
const MIB = Buffer.alloc(1_048_576, ' ');
const BODY_MIB = 100;
const GZIP_OF_64_MIB = gzipSync(Buffer.concat(Array(64).fill(MIB)));
const UNAVAILABLE = unavailable('introspection_unavailable');

interface BadReply {
  readonly name: string;
  readonly reply: IntrospectionAnswering;
  /** It ends by the deadline alone. */
  readonly hangs?: boolean;
  /** How often the request is sent. */
  readonly tries?: number;
}

const status =
  (code: number, headers: Record<string, string> = {}): IntrospectionAnswering =>
  (res, good) =>
    void res.writeHead(code, headers).end(code === 204 || code === 304 ? undefined : good);
const withBody =
  (code: number, type: string, body: string): IntrospectionAnswering =>
  (res) =>
    void res.writeHead(code, { 'content-type': type }).end(body);

const BAD_REPLIES: readonly BadReply[] = [
  ...[201, 202, 203, 204, 206, 304, 400, 401, 403, 404, 410, 429, 500, 502, 503].map((code) => ({
    name: `the good answer with status ${code}`,
    reply: status(code),
  })),
  {
    name: '401 as Doorkeeper answers a wrong client',
    reply: status(401, { 'www-authenticate': 'Bearer realm="Doorkeeper", error="invalid_token"' }),
  },
  { name: '401 without a body, as Glewlwyd', reply: withBody(401, 'text/plain', '') },
  { name: '403 without a body, as Django OAuth Toolkit', reply: withBody(403, 'text/html', '') },
  {
    name: '400 unsupported_token_type, as oidc-provider',
    reply: withBody(400, 'application/json', '{"error":"unsupported_token_type"}'),
  },
  { name: '401 with an inactive answer', reply: withBody(401, 'application/json', '{"active":false}') },
  {
    name: 'a page of HTML with status 200',
    reply: withBody(200, 'text/html', '<!doctype html><title>Sign in</title>'),
  },
  { name: 'the good answer and 512 KiB of space', reply: (res, good) => void res.end(good + ' '.repeat(524_288)) },
  {
    name: '64 MiB of gzip',
    reply: (res) => void res.writeHead(200, { 'content-encoding': 'gzip' }).end(GZIP_OF_64_MIB),
  },
  { name: 'a connection that is reset', reply: (res) => void res.destroy(), tries: 2 },
  {
    name: 'a body that is reset in the middle',
    reply: (res, good) =>
      void res.writeHead(200, { 'content-length': good.length }).write(good.slice(0, -5), () => res.destroy()),
  },
  { name: 'no HTTP', reply: (res) => void res.socket?.end('what do you want?\n') },
  { name: 'no headers, ever', reply: () => {}, hangs: true },
  {
    name: 'a body that stops',
    hangs: true,
    reply: (res, good) => void res.writeHead(200, { 'content-length': good.length }).write(good.slice(0, -5)),
  },
  { name: 'a body that drips', reply: drip, hangs: true },
];

describe('J: the way to introspection and back', () => {
  const testbed = useTestbed();
  beforeEach(() => {
    // Deadlines pass when a test says so. Sockets have timers of their own.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => vi.useRealTimers());

  it.each(BAD_REPLIES.map((bad) => [bad.name, bad] as const))(
    'RFC 7662 §2.3: %s is 503 and never inactive, and is not remembered',
    async (_name, { reply, hangs, tries }) => {
      covers('J8', '7662-5');
      const scene = await testbed.openIntrospecting();
      const { server } = scene;
      const passDeadline = async (questions: number) => {
        await until(() => server.introspections.length === questions);
        await vi.advanceTimersByTimeAsync(DEADLINE_MS);
      };
      const breakDown = () => {
        server.answerIntrospection = reply;
      };
      await expectNoAnswer(scene, breakDown, hangs ? passDeadline : undefined, tries);
    },
  );

  it('a body of 100 MB is given up long before its end', async () => {
    covers('J8');
    const scene = await testbed.openIntrospecting();
    let sentMib = 0;
    await expectNoAnswer(scene, (server) => {
      sentMib = 0;
      server.answerIntrospection = (res) => {
        res.writeHead(200).on('error', () => {});
        const send = () => {
          if (res.destroyed) return;
          if (sentMib === BODY_MIB) return void res.end();
          sentMib += 1;
          res.write(MIB, (error) => error ?? setImmediate(send));
        };
        send();
      };
    });
    expect(sentMib).toBeGreaterThan(0);
    expect(sentMib).toBeLessThan(BODY_MIB / 2);
  });

  it.each([301, 302, 303, 307, 308])(
    'CVE-2026-26998: a redirect, %i, is not followed, and the secret stays',
    async (code) => {
      covers('J8');
      for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
        const scene = await testbed.openIntrospecting({ introspection: { authMethod: method } as object });
        const sink = await LoopbackServer.start();
        for (const location of [`${sink.origin}/introspect`, '/introspect/', 'https://127.0.0.1:9/introspect']) {
          const before = scene.server.introspections.length;
          scene.server.answerIntrospection = (res) => void res.writeHead(code, { location }).end();
          await expectRefusal(scene, scene.server.issue(), UNAVAILABLE);
          expect(scene.server.introspections.length).toBe(before + 1);
        }
        expect(sink.paths).toEqual([]);
        expect(scene.server.hits.elsewhere).toBe(0);
        scene.server.answerIntrospection = answerIntrospectionWell;
        await expectAdmitted(scene, scene.server.issue());
      }
    },
  );

  it('neither token nor secret is part of a URL, in any form of authentication', async () => {
    covers('J8', '7662-1');
    for (const introspection of [
      {},
      { authMethod: 'client_secret_post' },
      { clientId: undefined, clientSecret: undefined, bearerToken: 'api-secret' },
    ] as const) {
      const scene = await testbed.openIntrospecting({ introspection: introspection as object });
      const { server } = scene;
      server.acceptsClient = ({ proof }) => proof === 'api-secret';
      await expectAdmitted(scene, server.issue());
      expect(server.server.paths).toEqual(['/.well-known/openid-configuration', '/introspect']);
      expect(server.introspections.map(({ method }) => method)).toEqual(['POST']);
    }
  });

  it('wrong credentials of this server are 503, and right ones work', async () => {
    covers('J8', '7662-5');
    const { server, api } = await testbed.openIntrospecting({ introspection: { clientSecret: 'wrong' } as object });
    const right = await testbed.startIntrospecting(server);
    const token = server.issue();
    await expectRefusal({ api }, token, UNAVAILABLE);
    await expectAdmitted({ api: right }, token);
    await expectRefusal({ api }, token, UNAVAILABLE);
    expect(server.introspections.map(({ client }) => client.proof)).toEqual(['wrong', 'api-secret', 'wrong']);
  });

  it('a connection that is refused is 503, and is tried again', async () => {
    covers('J8');
    const scene = await testbed.openIntrospecting();
    const { server } = scene;
    const [known, token] = [server.issue(), server.issue()];
    await expectAdmitted(scene, known);
    await server.close();
    await expectRefusal(scene, token, UNAVAILABLE);
    await expectAdmitted(scene, known);
    await server.server.open();
    await expectAdmitted(scene, token);
  });

  it('credentials that cannot be had are 503, and nothing is sent', async () => {
    covers('J8', 'J20');
    let give: () => string | Promise<string> = () => 'api-secret';
    const scene = await testbed.openIntrospecting({ introspection: { clientSecret: () => give() } as object });
    const { server } = scene;
    const bad: readonly (() => unknown)[] = [
      () => {
        throw new Error('no');
      },
      () => Promise.reject(new Error('no')),
      () => '',
      () => undefined,
    ];
    for (const source of bad) {
      give = source as typeof give;
      const token = server.issue();
      await expectRefusal(scene, token, UNAVAILABLE);
      give = async () => 'api-secret';
      await expectAdmitted(scene, token);
    }
    expect(server.introspections.length).toBe(bad.length);
  });

  it('credentials that are never given are 503 once the deadline passed', async () => {
    covers('J8', 'J20');
    let asked = 0;
    const never = () => {
      asked += 1;
      return new Promise<string>(() => {});
    };
    const scene = await testbed.openIntrospecting({ introspection: { clientSecret: never } as object });
    const { server } = scene;
    const refused = expectRefusal(scene, server.issue(), UNAVAILABLE);
    await until(() => asked === 1);
    await vi.advanceTimersByTimeAsync(DEADLINE_MS);
    await refused;
    expect(server.introspections).toEqual([]);
  });

  it('RFC 7662 §4: a server whose certificate is not trusted is told nothing', async () => {
    covers('J8');
    const certificate = createSelfSignedCertificate();
    const tls = await LoopbackServer.start(certificate);
    const { server } = await testbed.openIntrospecting();
    tls.documents.set('/introspect', { body: server.answer() });
    const start = (verifier: object) =>
      testbed.startIntrospecting(server, { introspection: { endpoint: `${tls.origin}/introspect` }, verifier });
    const token = server.issue();
    try {
      await expectRefusal({ api: await start({}) }, token, UNAVAILABLE);
      expect(tls.paths).toEqual([]);
      await expectAdmitted({ api: await start({ fetch: fetchTrusting(certificate.cert) }) }, token);
      expect(tls.paths).toEqual(['/introspect']);
    } finally {
      await tls.close();
    }
  });
});

function drip(res: Parameters<IntrospectionAnswering>[0]): void {
  res.writeHead(200).flushHeaders();
  const timer = setInterval(() => res.write(' '), 10);
  res.on('close', () => clearInterval(timer));
}

/** A `fetch` as a user would give it to trust a certificate authority of the company. */
function fetchTrusting(ca: string): typeof fetch {
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const options = {
        ca,
        agent: false,
        method: init.method ?? 'GET',
        headers: init.headers as Record<string, string>,
      };
      const outgoing = request(String(input), options, async (incoming) => {
        resolve(new Response(Buffer.concat(await incoming.toArray()), { status: incoming.statusCode ?? 0 }));
      });
      outgoing.on('error', reject).end(String(init.body));
    });
}
