import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authOf } from '../../src/index.js';
import type { RowId } from '../security-matrix/catalogue.js';
import { expectAttackRefused, mutated, startAttackApi } from '../support/attack-api.js';
import { covers } from '../support/covers.js';
import { expectAccepted, expectRefused, insufficientScope, invalidToken } from '../support/expect-answer.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { bearer, startTestIssuerApi, type TestIssuerApi } from '../support/guarded-api.js';

const OURS = 'https://api.test';
const OTHER = 'https://other.test';

describe.each(EXPRESS_VERSIONS)('RFC 9700 on %s', (_, express) => {
  let api: TestIssuerApi;

  beforeAll(async () => {
    api = await startTestIssuerApi({
      express,
      routes: (app, { guard, handler }) => app.post('/orders', guard('orders:write'), handler),
    });
  });
  afterAll(() => api.close());

  it.each([
    ['GET', OURS, 'orders:read', undefined],
    ['POST', OURS, 'orders:write', undefined],
    ['GET', [OTHER, OURS], 'orders:write orders:read', undefined],
    ['GET', OURS, 'orders:write', insufficientScope('orders:read')],
    ['POST', OURS, 'orders:read', insufficientScope('orders:write')],
    ['POST', OURS, '', insufficientScope('orders:write')],
    ['GET', OTHER, 'orders:read', invalidToken('audience_mismatch')],
    ['POST', OTHER, 'orders:write', invalidToken('audience_mismatch')],
    ['POST', [OTHER], 'orders:read', invalidToken('audience_mismatch')],
  ] as const)('RFC 9700 §2.3: %s with a token for %s and the scope "%s"', async (method, aud, scope, answer) => {
    covers('9700-1');
    const call = { method, claims: { claims: { aud, scope: scope === '' ? undefined : scope } } };
    if (answer === undefined) return void (await expectAccepted(api, call));
    const scopes = { GET: 'orders:read', POST: 'orders:write' };
    await expectRefused(api, call, answer, { method, claims: { scope: scopes[method] } });
  });

  it.each([
    ['a user and a client', {}, { subject: 'test-user', clientId: 'test-client' }],
    ['a client and no user', { sub: undefined }, { clientId: 'test-client' }],
    ['a user and no client', { client_id: undefined }, { subject: 'test-user' }],
    ['a client in place of the user', { sub: '"test-client"' }, { subject: 'test-client', clientId: 'test-client' }],
  ])('RFC 9700 §4.15: tells %s apart', async (_name, payload, told) => {
    covers('9700-5');
    const { issuer, send } = await startAttackApi({
      express,
      verifier: { profile: 'jwt' },
      routes: (app, { guard }) => {
        app.get('/who', guard('read'), (req, res) => {
          const { subject, clientId } = authOf(req);
          res.json({ subject, clientId });
        });
      },
    });
    for (const round of ['cold', 'warm']) {
      const { response } = await send({ target: '/who', token: issuer.token({ payload }) });
      expect([round, response.status, JSON.parse(response.body)]).toEqual([round, 200, told]);
    }
  });

  it.each<[source: string, what: string, cnf: string, ...ids: RowId[]]>([
    ['RFC 9449 §7.2', 'a DPoP key', '{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}', '9449-11'],
    ['RFC 8705 §3', 'a certificate', '{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}', '8705-2'],
    ['RFC 9449 §7.2, RFC 8705 §3', 'nothing that is known', '{"x":1}', '9449-11', '8705-2'],
    ['RFC 9449 §7.2, RFC 8705 §3', 'an empty confirmation', '{}', '9449-11', '8705-2'],
    ['RFC 9449 §7.2, RFC 8705 §3', 'null', 'null', '9449-11', '8705-2'],
  ])('%s: refuses a token under Bearer that is bound to %s', async (_source, _what, cnf, ...ids) => {
    covers(...ids);
    const answer = invalidToken('binding_not_proven');
    await expectAttackRefused(await startAttackApi({ express }), { token: mutated({ payload: { cnf } }), answer });
  });

  it('RFC 9449 §7.2: a proof beside the Bearer scheme proves nothing', async () => {
    covers('9449-11');
    const lines = (token: string) => [...bearer(token), 'DPoP: eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.AAAA'];
    const bound = { claims: { claims: { cnf: { jkt: 'x' } } } };
    await expectRefused(api, { ...bound, lines }, invalidToken('binding_not_proven'), { lines });
  });
});
