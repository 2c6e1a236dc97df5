import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createVerifier, REFUSALS } from '../../src/index.js';
import { createTestIssuer } from '../../src/testing/index.js';
import type { AuthorizationServer } from '../support/authorization-server.js';
import { ASKED_REASONS } from '../support/contract-rows.js';
import { invalidToken, unavailable } from '../support/expect-answer.js';
import { expectAdmitted, expectRefusal } from '../support/expect-introspection.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { useTestbed } from '../support/testbed.js';

const SECRET = 'a secret of 32 bytes, or of more of them';

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function legacyToken({ audience, now }: AuthorizationServer): string {
  const claims = { iss: 'legacy', aud: audience, sub: 'alice', scope: 'read', exp: now + 60 };
  const input = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', SECRET).update(input).digest('base64url')}`;
}

describe('the rows of the HTTP contract where somebody is asked', () => {
  it('docs/http.md: are of reasons that this version can give', () => {
    expect(Object.keys(REFUSALS)).toEqual(expect.arrayContaining([...ASKED_REASONS]));
  });

  it('docs/http.md: userinfo_unavailable is 503 with Retry-After, for the error handler of the app', async () => {
    const issuer = await createTestIssuer();
    const verifier = createVerifier(issuer.verifierOptions);
    const accessToken = await verifier.verify(await issuer.token());
    // The metadata of this issuer name no such endpoint.
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
});

describe.each(EXPRESS_VERSIONS)('the HTTP contract on %s, where somebody is asked', (_, express) => {
  const testbed = useTestbed(express);

  it('docs/http.md: answers token_inactive with 401', async () => {
    const scene = await testbed.openIntrospecting();
    const [good, revoked] = [scene.server.issue(), scene.server.issue()];
    scene.server.revoke(revoked);
    await expectAdmitted(scene, good);
    await expectRefusal(scene, revoked, invalidToken('token_inactive'));
  });

  it('docs/http.md: answers introspection_unavailable with 503', async () => {
    const scene = await testbed.openIntrospecting();
    await expectAdmitted(scene, scene.server.issue());
    scene.server.answerIntrospection = (res) => void res.writeHead(403).end();
    await expectRefusal(scene, scene.server.issue(), unavailable('introspection_unavailable'));
  });

  it('docs/http.md: answers secret_unavailable with 503', async () => {
    const { server } = await testbed.openIntrospecting();
    const start = (secret: () => string) => {
      const issuer = { issuer: 'legacy', secret, algorithms: ['HS256'] as const };
      return testbed.startApi({ verifier: { issuer, clock: server.clock.now, profile: 'jwt' } });
    };
    await expectAdmitted({ api: await start(() => SECRET) }, legacyToken(server));
    const closed = await start(() => {
      throw new Error('the vault is closed');
    });
    await expectRefusal({ api: closed }, legacyToken(server), unavailable('secret_unavailable'));
  });
});
