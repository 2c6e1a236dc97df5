import { describe, expect, it } from 'vitest';
import { createVerifier, REFUSALS } from '../../src/index.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { CONTRACT_ROWS, FETCHED_REASONS, OUTAGE_ROWS } from '../adapters/contract-rows.js';

describe('the rows of the HTTP contract', () => {
  it('docs/http.md: there is a row for every reason that this version can give', () => {
    const tried = [...CONTRACT_ROWS, ...OUTAGE_ROWS].map(({ answer }) => answer.reason);
    // userInfo() is called by a handler: below. No token has a part in route_unguarded (adapters/express/deny-unguarded).
    const reasons = [...tried, ...FETCHED_REASONS, 'userinfo_refused', 'userinfo_unavailable', 'route_unguarded'];
    expect(reasons.sort()).toEqual(Object.keys(REFUSALS).sort());
  });

  it('docs/http.md: userinfo_unavailable is 503 with Retry-After, for the error handler of the app', async () => {
    const issuer = await createTestIssuer();
    const down: typeof fetch = async () => new Response(null, { status: 500 });
    const { jwks } = issuer;
    const verifier = createVerifier({
      ...issuer.verifierOptions,
      issuer: { issuer: issuer.issuer, jwks },
      fetch: down,
    });
    const accessToken = await verifier.verify(await issuer.token());
    await expect(verifier.userInfo(accessToken)).rejects.toMatchObject({
      reason: 'userinfo_unavailable',
      status: 503,
      headers: { 'Retry-After': expect.stringMatching(/^[1-9]\d*$/) },
      body: JSON.stringify({
        error: 'temporarily_unavailable',
        error_description: REFUSALS.userinfo_unavailable.description,
      }),
    });
    verifier.close();
  });

  it('docs/http.md: userinfo_refused is 403 with the scope to ask for, for the error handler of the app', async () => {
    const issuer = await createTestIssuer();
    const verifier = createVerifier(issuer.verifierOptions);
    const accessToken = await verifier.verify(await issuer.token({ claims: { sub: undefined } }));
    const { description } = REFUSALS.userinfo_refused;
    const challenge = `error="insufficient_scope", error_description="${description}", scope="openid"`;
    await expect(verifier.userInfo(accessToken)).rejects.toMatchObject({
      reason: 'userinfo_refused',
      status: 403,
      headers: { 'WWW-Authenticate': `Bearer realm="${issuer.verifierOptions.audience}", ${challenge}` },
      body: JSON.stringify({ error: 'insufficient_scope', error_description: description }),
    });
    verifier.close();
  });
});
