import { describe, expect, it } from 'vitest';
import { createVerifier } from '../../../src/index.js';
import { EVERLASTING, TOKEN_CACHES, verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { KeyServer, until } from '../../support/key-server.js';
import { rejectionsDuring } from '../../support/rejections.js';

const MANY = 500;
const REASON = new Error('the client went away');

describe.each(TOKEN_CACHES)('a caller who gives up, %s', (_, tokenCache) => {
  async function open() {
    const server = await KeyServer.create();
    const held = server.hold('jwks');
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
    return { server, held, verifier };
  }

  it.each(['verify', 'authenticate'] as const)(
    '%s rejects for it alone, with the reason of its signal',
    async (door) => {
      covers('H20');
      const { server, held, verifier } = await open();
      const tokens = await Promise.all(Array.from({ length: MANY }, () => server.issuer.token(EVERLASTING)));
      const impatient = new AbortController();
      const ask = (token: string, options: { signal?: AbortSignal }) =>
        door === 'verify'
          ? verifier.verify(token, options)
          : verifier.authenticate({ headers: { authorization: `Bearer ${token}` } }, options);

      const rejections = await rejectionsDuring(async () => {
        const asked = tokens.map((token, index) => ask(token, index === 0 ? { signal: impatient.signal } : {}));
        await until(() => held.length === 1);
        impatient.abort(REASON);
        await expect(asked[0]).rejects.toBe(REASON);
        held[0]?.release();
        const verdicts = await Promise.all(asked.slice(1).map(verdictOf));
        expect(verdicts).toEqual(Array.from({ length: MANY - 1 }, () => 'accepted'));
      });
      expect(rejections).toEqual([]);
      expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
    },
  );

  it('what it waited for goes on and fails nobody, even if all give up and the fetch fails', async () => {
    covers('H20');
    const { server, held, verifier } = await open();
    const token = await server.issuer.token(EVERLASTING);
    const rejections = await rejectionsDuring(async () => {
      const impatient = new AbortController();
      const asked = [1, 2, 3].map(() => verifier.verify(token, { signal: impatient.signal }));
      await until(() => held.length === 1);
      impatient.abort(REASON);
      for (const call of asked) await expect(call).rejects.toBe(REASON);
      held[0]?.release(() => new Response(null, { status: 500 }));
      await until(() => verifier.status().issuers[0]?.state === 'failing');
    });
    expect(rejections).toEqual([]);
    server.recover();
    server.issuer.advance(1);
    expect(await verdictOf(verifier.verify(token))).toBe('accepted');
  });

  it('a signal that was aborted before rejects with its reason', async () => {
    const { server, held, verifier } = await open();
    const token = await server.issuer.token(EVERLASTING);
    const rejections = await rejectionsDuring(async () => {
      await expect(verifier.verify(token, { signal: AbortSignal.abort(REASON) })).rejects.toBe(REASON);
      await until(() => held.length === 1);
      held[0]?.release();
      await expect(verifier.verify(token, { signal: new AbortController().signal })).resolves.toMatchObject({
        subject: 'test-user',
      });
    });
    expect(rejections).toEqual([]);
  });

  it('a signal that is never aborted changes nothing and keeps no listener', async () => {
    const { server, held, verifier } = await open();
    const token = await server.issuer.token(EVERLASTING);
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners += 1;
      add(...given);
    };
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...given);
    };
    const asked = verifier.verify(token, { signal });
    await until(() => held.length === 1);
    expect(listeners).toBe(1);
    held[0]?.release();
    expect(await verdictOf(asked)).toBe('accepted');
    expect(listeners).toBe(0);
  });
});
