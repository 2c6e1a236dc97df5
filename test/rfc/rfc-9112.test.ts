import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { covers } from '../support/covers.js';
import {
  expectAccepted,
  expectRefused,
  insufficientScope,
  invalidRequest,
  noCredentials,
} from '../support/expect-answer.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { bearer, type Call, startTestIssuerApi, type TestIssuerApi } from '../support/guarded-api.js';

describe.each(EXPRESS_VERSIONS)('RFC 9112 on %s', (_, express) => {
  let api: TestIssuerApi;

  beforeAll(async () => {
    api = await startTestIssuerApi({
      express,
      routes: (app, { guard, handler }) => {
        app.get('/admin', guard('admin'), handler);
        app.use('/mounted', express.Router().get('/orders', guard('orders:read'), handler));
      },
    });
  });
  afterAll(() => api.close());

  /** Demands that Node answers by itself: neither guard nor handler ever sees the request. */
  async function expectRefusedByNode(call: Call, status: number): Promise<void> {
    await expectAccepted(api);
    const { response, refusals, handlerRuns } = await api.send(call);
    expect({ status: response.status, refusals, handlerRuns }).toEqual({ status, refusals: [], handlerRuns: 0 });
    await expectAccepted(api);
  }

  it.each<[string, (token: string) => readonly string[]]>([
    ['§5.2: a value that goes on in the next line', (token) => ['Authorization: Bearer', ` ${token}`]],
    ['§5.1: white space before the colon', (token) => [`Authorization : Bearer ${token}`]],
    ['§5.1: a header line that begins with white space', (token) => [` Authorization: Bearer ${token}`]],
    ['§2.2: a bare line feed in a value', (token) => [`Authorization: Bearer\n${token}`]],
    ['§2.2: a bare carriage return in a value', (token) => [`Authorization: Bearer ${token}\rX`]],
    ['§5: a NUL in a value', (token) => [`Authorization: Bearer ${token}\0`]],
  ])('RFC 9112 %s is answered 400 before any guard', async (_, lines) => {
    covers('F10');
    await expectRefusedByNode({ lines }, 400);
  });

  it('RFC 9112 §5: a header section of 17 KiB is answered 431 before any guard', async () => {
    covers('F11');
    await expectRefusedByNode({ lines: () => bearer('a'.repeat(17 * 1024)) }, 431);
  });

  it.each(['http://api.test/orders', 'http://evil.example/orders', 'https://user@evil.example:8443/orders?a=b'])(
    'RFC 9112 §3.2.2: guards the path of an absolute-form target alike: %s',
    async (target) => {
      covers('E9');
      await expectRefused(api, { target, lines: () => [] }, noCredentials, { target });
      const { response } = await expectRefused(api, { target, lines: () => [] }, noCredentials);
      expect(response.text).not.toContain('evil');
    },
  );

  it.each(['/admin', '//admin', '/ADMIN', '/admin/', '/admin;x', '/%61dmin', '/orders/../admin', 'http://h/admin'])(
    'RFC 9112 §3.2: no spelling of a path reaches a handler past its guard: %s',
    async (target) => {
      covers('E9');
      const control: Call = { target: '/admin', claims: { scope: 'admin' } };
      await expectAccepted(api, control);
      const { response, refusals, handlerRuns } = await api.send({ target });
      expect(handlerRuns).toBe(0);
      if (response.status === 404) expect(refusals).toEqual([]);
      else await expectRefused(api, { target }, insufficientScope('admin'), control);
    },
  );

  it('RFC 9112 §3.2: two Host headers change nothing about the answer', async () => {
    covers('F13');
    const hosts = ['Host: api.test', 'Host: evil.example'];
    await expectAccepted(api, { lines: (token) => [...hosts, ...bearer(token)] });
    const { response } = await expectRefused(api, { lines: () => hosts }, noCredentials);
    expect(response.text).not.toContain('evil');
  });

  it('RFC 9112 §3.2: a Host that is not one changes nothing about the answer', async () => {
    covers('F13');
    const host = 'Host: evil.example/other?"x"';
    await expectAccepted(api, { lines: (token) => [host, ...bearer(token)] });
    const { response } = await expectRefused(api, { lines: () => [host] }, noCredentials);
    expect(response.text).not.toContain('evil');
  });

  it('RFC 9112 §3.2: sees a second token in the query behind a mounted router as well', async () => {
    const target = '/mounted/orders';
    await expectAccepted(api, { target });
    const call: Call = { target: (token) => `${target}?access_token=${token}` };
    await expectRefused(api, call, invalidRequest('multiple_tokens'), { target });
  });

  it('RFC 9112 §9.6, RFC 9110 §7.6.1: an Authorization header that a proxy took away is none', async () => {
    covers('F17');
    const lines = () => ['Connection: Authorization'];
    await expectRefused(api, { lines }, noCredentials, { lines: (token) => [...lines(), ...bearer(token)] });
  });
});
