import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVerifier, type Verifier } from '../../src/index.js';
import { AuthorizationServer } from '../support/authorization-server.js';
import { messagesDuring } from '../support/listening.js';

let server: AuthorizationServer;
const verifiers: Verifier[] = [];

beforeEach(async () => {
  server = await AuthorizationServer.start();
});
afterEach(async () => {
  for (const verifier of verifiers.splice(0)) verifier.close();
  await server.close();
});

function open(signed: boolean): Verifier {
  const issuer = server.issuerOptions({ signed });
  const verifier = createVerifier({ issuer, audience: server.audience, clock: server.clock.now });
  verifiers.push(verifier);
  return verifier;
}

describe('an issuer that signs its introspection answers (RFC 9701)', () => {
  it('is ready when its keys are at hand; one that does not sign needs none', async () => {
    await open(false).ready();
    expect(server.hits.jwks).toBe(0);
    const signed = open(true);
    await signed.ready();
    expect(server.hits.jwks).toBe(1);
    await signed.refresh();
    expect(server.hits.jwks).toBe(2);
  });

  it('is not ready without keys that can be used', async () => {
    await open(true).ready();
    server.published = [];
    await open(false).ready();
    await expect(open(true).ready()).rejects.toMatchObject({ reason: 'keys_unavailable', status: 503 });
  });

  it('tells in its status and on the channel that the keys of an answer could not be had', async () => {
    const verifier = open(true);
    expect(verifier.status().issuers[0]?.introspection).toMatchObject({ calls: 0, inFlight: 0, lastError: undefined });
    server.published = [];
    const heard = await messagesDuring('scopegate:introspection', async () => {
      await expect(verifier.verify(server.issue())).rejects.toMatchObject({ reason: 'keys_unavailable' });
    });
    expect(heard).toEqual([
      { issuer: server.issuer, outcome: 'failed', error: expect.stringContaining('no key that can be used') },
    ]);
    const { introspection } = verifier.status().issuers[0] ?? {};
    expect(introspection).toMatchObject({ calls: 1, lastError: heard[0]?.error });
  });
});
