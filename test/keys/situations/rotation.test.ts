import { describe, expect, it } from 'vitest';
import { createVerifier, type Verifier } from '../../../src/index.js';
import { both, Clients, EVERLASTING, TOKEN_CACHES, verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { type HeldRequest, KeyServer, until } from '../../support/key-server.js';
import { messagesDuring } from '../../support/listening.js';

/** Makes requests with new tokens, all in one turn, and lets them get as far as they can. */
async function askAtOnce(server: KeyServer, verifier: Verifier, count: number) {
  const tokens = await Promise.all(Array.from({ length: count }, () => server.issuer.token(EVERLASTING)));
  const verdicts = Promise.all(tokens.map((token) => verdictOf(verifier.verify(token))));
  await new Promise(setImmediate);
  return { verdicts };
}

describe.each(TOKEN_CACHES)('keys that come and go, %s', (_, tokenCache) => {
  async function open(keys = {}) {
    const server = await KeyServer.create();
    const verifier = createVerifier({ ...server.verifierOptions, tokenCache, keys });
    const clients = await Clients.create(server.issuer, verifier);
    const [firstKey = ''] = server.issuer.jwks.keys.map(({ kid }) => kid);
    return { server, verifier, clients, firstKey };
  }

  describe('a key rotated in', () => {
    it('the first token with a kid that came one second after a refresh is accepted in its own request', async () => {
      covers('H17');
      const { server, clients } = await open();
      server.issuer.advance(1);
      await server.issuer.rotate();
      expect(await clients.ask()).toEqual(both('accepted'));
      expect(server.hits).toEqual({ metadata: 1, jwks: 2, elsewhere: 0 });
    });

    it('so is the first token after a second rotation right after that', async () => {
      covers('H17');
      const { server, clients } = await open();
      server.issuer.advance(1);
      for (let rotation = 1; rotation <= 2; rotation += 1) {
        await server.issuer.rotate();
        expect(await clients.ask()).toEqual(both('accepted'));
        expect(server.hits.jwks).toBe(1 + rotation);
      }
    });

    it('100 requests with a new kid at once cost one fetch and are all accepted', async () => {
      covers('H28');
      const { server, verifier } = await open();
      await server.issuer.rotate();
      const asked = await askAtOnce(server, verifier, 100);
      expect(new Set(await asked.verdicts)).toEqual(new Set(['accepted']));
      expect(server.hits.jwks).toBe(2);
    });

    it('a fetch that began before the key appeared is not taken for an answer about it', async () => {
      covers('H28');
      const { server, verifier, clients } = await open();
      server.issuer.advance(600);
      const held = server.hold('jwks');
      expect(await clients.askWithOld()).toBe('accepted');
      await until(() => held.length === 1);
      await server.issuer.rotate();
      server.recover();
      const asked = await askAtOnce(server, verifier, 20);
      held[0]?.release();
      expect(new Set(await asked.verdicts)).toEqual(new Set(['accepted']));
      expect(server.hits.jwks).toBe(3);
    });

    it('with nothing cached, a fetch that began before the key appeared is not one either', async () => {
      covers('H28');
      const server = await KeyServer.create();
      const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
      const held = server.hold('jwks');
      const first = verdictOf(verifier.verify(await server.issuer.token()));
      await until(() => held.length === 1);
      await server.issuer.rotate();
      server.recover();
      const second = verdictOf(verifier.verify(await server.issuer.token()));
      held[0]?.release();
      expect(await Promise.all([first, second])).toEqual(['accepted', 'accepted']);
      expect(server.hits.jwks).toBe(2);
    });

    it('where a fetch under way brings the key, it costs no other', async () => {
      covers('H28');
      const { server, verifier, clients } = await open();
      server.issuer.advance(600);
      await server.issuer.rotate();
      const held = server.hold('jwks');
      expect(await clients.askWithOld()).toBe('accepted');
      await until(() => held.length === 1);
      const asked = await askAtOnce(server, verifier, 20);
      held[0]?.release();
      expect(new Set(await asked.verdicts)).toEqual(new Set(['accepted']));
      expect(server.hits.jwks).toBe(2);
    });
  });

  describe('a key withdrawn', () => {
    it('is refused from the successful refresh on that lacks it, with tokens that it verified earlier', async () => {
      covers('H17');
      const { server, verifier, clients, firstKey } = await open();
      // The fetch for the new kid must not be the one that drops the old key.
      await server.issuer.rotate();
      const newKeysClients = await Clients.create(server.issuer, verifier);
      server.issuer.withdraw(firstKey);
      expect(await clients.askWithOld()).toBe('accepted');
      server.issuer.advance(600);
      expect(await newKeysClients.ask()).toEqual(both('accepted'));
      await until(() => verifier.status().issuers[0]?.state === 'fresh');
      expect(await clients.askWithOld()).toBe('unknown_key');
      expect(await newKeysClients.ask()).toEqual(both('accepted'));
    });

    it('is refused from a fetch for an unknown kid on that lacks it', async () => {
      covers('H17');
      const { server, verifier, clients, firstKey } = await open();
      await server.issuer.rotate();
      server.issuer.withdraw(firstKey);
      expect(await clients.askWithOld()).toBe('accepted');
      expect(await clients.askWithNew()).toBe('accepted');
      expect(await clients.askWithOld()).toBe('unknown_key');
      expect(verifier.status().issuers[0]?.keys.map(({ kid }) => kid)).toEqual(['es256-2']);
    });

    it('is refused once refresh() settles, while keys are fresh', async () => {
      covers('H19');
      const { server, verifier, clients, firstKey } = await open();
      const signedByFirstKey = await server.issuer.token(EVERLASTING);
      await server.issuer.rotate();
      server.issuer.withdraw(firstKey);
      expect(await verdictOf(verifier.verify(signedByFirstKey))).toBe('accepted');
      await verifier.refresh();
      expect(await verdictOf(verifier.verify(signedByFirstKey))).toBe('unknown_key');
      expect(await clients.ask()).toEqual({ newToken: 'accepted', oldToken: 'unknown_key' });
    });

    it('refresh() does not take the answer of a fetch that was under way for its own', async () => {
      covers('H19');
      const { server, verifier, clients, firstKey } = await open();
      server.issuer.advance(600);
      const held = server.hold('jwks');
      expect(await clients.askWithOld()).toBe('accepted');
      await until(() => held.length === 1);
      await server.issuer.rotate();
      server.issuer.withdraw(firstKey);
      server.recover();
      await verifier.refresh();
      expect(await clients.askWithOld()).toBe('unknown_key');
      held[0]?.release();
    });

    it('refresh() rejects when the issuer cannot be reached, and the last good keys stay in use', async () => {
      covers('H19');
      const { server, verifier, clients } = await open();
      server.answer('jwks', () => new Response(null, { status: 500 }));
      expect(await verdictOf(verifier.refresh())).toBe('keys_unavailable');
      expect(await clients.ask()).toEqual(both('accepted'));
    });

    it('a key that stays published keeps the tokens verified that it verified', async () => {
      const { server, verifier, clients } = await open();
      const hitsBefore = verifier.status().tokenCache?.hits;
      await server.issuer.rotate();
      await verifier.refresh();
      expect(await clients.askWithOld()).toBe('accepted');
      expect(verifier.status().tokenCache?.hits).toBe(hitsBefore === undefined ? undefined : hitsBefore + 1);
    });

    it('RFC 8725 §3.1: a key whose alg changes verifies its tokens anew', async () => {
      const server = await KeyServer.create({ algorithms: ['RS256'] });
      const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
      const clients = await Clients.create(server.issuer, verifier);
      server.answer('jwks', async (_, good) => {
        const { keys } = (await good().json()) as { keys: object[] };
        return Response.json({ keys: keys.map((key) => ({ ...key, alg: 'PS256' })) });
      });
      await verifier.refresh();
      expect(await clients.ask()).toEqual(both('unknown_key'));
    });
  });

  describe('an old fetch that answers after a newer one', () => {
    async function openRace() {
      const { server, verifier, clients, firstKey } = await open();
      server.issuer.advance(600);
      const held = server.hold('jwks');
      expect(await clients.askWithOld()).toBe('accepted');
      await until(() => held.length === 1);
      return { server, verifier, clients, firstKey, old: held[0] as HeldRequest };
    }

    it('cannot bring a withdrawn key back', async () => {
      const { server, verifier, clients, firstKey, old } = await openRace();
      await server.issuer.rotate();
      server.issuer.withdraw(firstKey);
      server.recover();
      await verifier.refresh();
      expect(await clients.ask()).toEqual({ newToken: 'accepted', oldToken: 'unknown_key' });
      old.release();
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
      expect(await clients.ask()).toEqual({ newToken: 'accepted', oldToken: 'unknown_key' });
    });

    it('cannot make the keys fail', async () => {
      const { server, verifier, clients, old } = await openRace();
      server.recover();
      await verifier.refresh();
      old.release(() => new Response(null, { status: 500 }));
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
      expect(verifier.status().issuers[0]).toMatchObject({ state: 'fresh', lastError: undefined });
      expect(await clients.ask()).toEqual(both('accepted'));
    });

    it('is used where the newer one failed', async () => {
      const { server, verifier, clients, old } = await openRace();
      await server.issuer.rotate();
      server.answer('jwks', () => new Response(null, { status: 500 }));
      expect(await verdictOf(verifier.refresh())).toBe('keys_unavailable');
      expect(verifier.status().issuers[0]?.state).toBe('failing');
      old.release();
      await until(() => verifier.status().issuers[0]?.state === 'fresh');
      expect(await clients.askWithOld()).toBe('accepted');
    });

    it.each([
      ['first', [1, 0]],
      ['last', [0, 1]],
    ])(
      'is the one whose key set was asked for earlier: the other counts though it began before and answers %s',
      async (_, order) => {
        const { server, verifier, clients, firstKey } = await open();
        server.issuer.advance(600);
        const heldMetadata = server.hold('metadata');
        expect(await clients.askWithOld()).toBe('accepted');
        server.recover();
        const held = server.hold('jwks');
        const refreshed = verifier.refresh();
        await until(() => held.length === 1);
        await server.issuer.rotate();
        server.issuer.withdraw(firstKey);
        heldMetadata[0]?.release();
        await until(() => held.length === 2);
        for (const index of order) {
          held[index]?.release();
          for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
        }
        await refreshed;
        server.recover();
        expect(await clients.ask()).toEqual({ newToken: 'accepted', oldToken: 'unknown_key' });
      },
    );

    it('does not hide that the newer one failed from those who wait for that', async () => {
      const { server, verifier } = await open();
      const held = server.hold('jwks');
      await server.issuer.rotate();
      const first = await askAtOnce(server, verifier, 1);
      await server.issuer.rotate();
      const second = await askAtOnce(server, verifier, 1);
      const refreshed = verdictOf(verifier.refresh());
      await until(() => held.length === 2);
      held[0]?.release();
      expect(await first.verdicts).toEqual(['accepted']);
      held[1]?.release(() => new Response(null, { status: 500 }));
      expect(await refreshed).toBe('keys_unavailable');
      expect(await second.verdicts).toEqual(['keys_unavailable']);
    });

    it('brings the same key that the newer one brings at the same time, and not another', async () => {
      const { server, verifier } = await open();
      await server.issuer.rotate();
      const held = server.hold('jwks');
      const refreshes = [verifier.refresh(), verifier.refresh()];
      await until(() => held.length === 2);
      const rotations = await messagesDuring('scopegate:rotation', async () => {
        for (const { release } of held) release();
        await Promise.all(refreshes);
      });
      expect(rotations).toEqual([{ issuer: server.issuer.issuer, added: ['es256-2'], removed: [] }]);
    });

    it('says that it was overtaken where it failed and the keys of the newer one are too old by now', async () => {
      const server = await KeyServer.create();
      const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
      const held = server.hold('jwks');
      const asked = verifier.verify(await server.issuer.token(EVERLASTING)).catch((error) => error);
      await until(() => held.length === 1);
      server.recover();
      await verifier.refresh();
      server.issuer.advance(600 + 3600);
      held[0]?.release(() => new Response(null, { status: 500 }));
      expect(await asked).toMatchObject({ reason: 'keys_unavailable', detail: 'a later fetch has overtaken it' });
    });

    it('answers those who wait for it with the keys of the newer one', async () => {
      const server = await KeyServer.create();
      const [firstKey = ''] = server.issuer.jwks.keys.map(({ kid }) => kid);
      const verifier = createVerifier({ ...server.verifierOptions, tokenCache });
      const held = server.hold('jwks');
      const withdrawn = await server.issuer.token(EVERLASTING);
      const asked = verdictOf(verifier.verify(withdrawn));
      await until(() => held.length === 1);
      await server.issuer.rotate();
      server.issuer.withdraw(firstKey);
      server.recover();
      await verifier.refresh();
      held[0]?.release();
      expect(await asked).toBe('unknown_key');
      expect(await verdictOf(verifier.verify(await server.issuer.token()))).toBe('accepted');
    });
  });
});
