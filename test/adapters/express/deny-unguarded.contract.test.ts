import { createServer } from 'node:http';
import type { RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { createGuard, createVerifier, denyUnguarded, REFUSALS } from '../../../src/index.js';
import { createTestIssuer } from '../../../src/testing/index.js';
import { covers } from '../../support/covers.js';
import { EXPRESS_VERSIONS } from '../../support/express-versions.js';
import { listen } from '../../support/listen.js';

describe.each(EXPRESS_VERSIONS)('the HTTP contract on %s, of a route that was forgotten', (_, express) => {
  it('docs/http.md: is 500 with denyUnguarded, and not a word of the route', async () => {
    covers('E15');
    const issuer = await createTestIssuer();
    const guard = createGuard(createVerifier(issuer.verifierOptions));
    const reasons: string[] = [];
    const app = denyUnguarded(express(), { onRefusal: ({ reason }) => void reasons.push(reason) });
    const answer: RequestHandler = (_req, res) => void res.send('secret');
    app.get('/orders', guard(), answer);
    app.get('/forgotten', answer);
    const server = await listen(createServer(app));
    try {
      const authorization = `Bearer ${await issuer.token()}`;
      const send = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { authorization } });
      expect((await send('/orders')).status).toBe(200);
      const response = await send('/forgotten');
      expect([response.status, await response.json(), reasons]).toEqual([
        500,
        { error: 'server_error', error_description: REFUSALS.route_unguarded.description },
        ['route_unguarded'],
      ]);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('www-authenticate')).toBeNull();
    } finally {
      await server.close();
    }
  });
});
