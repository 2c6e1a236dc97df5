import { describe, expect, it } from 'vitest';
import { createVerifier, type IssuerResolver } from '../../../src/index.js';
import { both, Clients, EVERLASTING, TOKEN_CACHES, verdictOf } from '../../support/clients.js';
import { covers } from '../../support/covers.js';
import { usedHeapBytes } from '../../support/heap.js';
import { KeyServer, until } from '../../support/key-server.js';
import { THOROUGH } from '../../support/thorough.js';

describe.each(TOKEN_CACHES)('many names of issuers, %s', (_, tokenCache) => {
  async function open(resolve: (iss: string) => ReturnType<IssuerResolver>) {
    const server = await KeyServer.create();
    const trusted = server.issuer.issuer;
    const asked: string[] = [];
    const issuer: IssuerResolver = (iss) => {
      asked.push(iss);
      return iss === trusted ? { issuer: iss } : resolve(iss);
    };
    const verifier = createVerifier({ ...server.verifierOptions, issuer, tokenCache });
    const [header = '', payload = '', signature = ''] = (await server.issuer.token(EVERLASTING)).split('.');
    const claims: object = JSON.parse(Buffer.from(payload, 'base64url').toString());
    /** Asks in the name of another, with a signature that is worth nothing. */
    const askAs = (iss: string) => {
      const renamed = Buffer.from(JSON.stringify({ ...claims, iss })).toString('base64url');
      return verdictOf(verifier.verify(`${header}.${renamed}.${signature}`));
    };
    const clients = await Clients.create(server.issuer, verifier);
    asked.length = 0;
    return { server, verifier, asked, askAs, clients };
  }

  const trustNobodyElse = () => undefined;
  const nameOf = (i: number) => `https://made-up-${i}.test`;

  it('a flood of made-up names is refused, and evicts no trusted issuer and no key', async () => {
    const { server, asked, askAs, clients } = await open(trustNobodyElse);
    for (let i = 0; i < 2000; i += 1) expect(await askAs(nameOf(i))).toBe('issuer_not_trusted');
    expect(await clients.ask()).toEqual(both('accepted'));
    expect(asked).toHaveLength(2000);
    expect(asked).not.toContain(server.issuer.issuer);
    expect(server.hits).toEqual({ metadata: 1, jwks: 1, elsewhere: 0 });
  });

  it('a name refused once is not asked for again for a minute', async () => {
    const { server, asked, askAs } = await open(trustNobodyElse);
    for (let i = 0; i < 100; i += 1) expect(await askAs(nameOf(1))).toBe('issuer_not_trusted');
    server.issuer.advance(59);
    expect(await askAs(nameOf(1))).toBe('issuer_not_trusted');
    expect(asked).toEqual([nameOf(1)]);
    server.issuer.advance(2);
    expect(await askAs(nameOf(1))).toBe('issuer_not_trusted');
    expect(asked).toEqual([nameOf(1), nameOf(1)]);
  });

  it('the oldest refused name is forgotten for the thousand-and-first', async () => {
    covers('H27');
    const { asked, askAs } = await open(trustNobodyElse);
    for (let i = 0; i < 1000; i += 1) await askAs(nameOf(i));
    await askAs(nameOf(0));
    expect(asked).toHaveLength(1000);
    for (let i = 1000; i < 2000; i += 1) await askAs(nameOf(i));
    await askAs(nameOf(0));
    expect(asked).toHaveLength(2001);
  });

  it('a name longer than any URL is refused and not asked for', async () => {
    const { asked, askAs } = await open(trustNobodyElse);
    expect(await askAs(`https://${'x'.repeat(2049 - 8)}`)).toBe('issuer_not_trusted');
    expect(asked).toEqual([]);
    expect(await askAs(`https://${'x'.repeat(2048 - 8)}`)).toBe('issuer_not_trusted');
    expect(asked).toHaveLength(1);
  });

  it('no more than 100 names are looked up at once; the next gets 503, and known issuers go on', async () => {
    const waiting: ((value: undefined) => void)[] = [];
    const { asked, askAs, clients } = await open(() => new Promise((resolve) => waiting.push(resolve)));
    const calls = Array.from({ length: 100 }, (_, i) => askAs(nameOf(i)));
    await until(() => waiting.length === 100);
    expect(await askAs(nameOf(100))).toBe('issuer_resolver_failed');
    expect(await clients.ask()).toEqual(both('accepted'));
    const joined = askAs(nameOf(0));
    for (const answer of waiting) answer(undefined);
    expect(new Set(await Promise.all([...calls, joined]))).toEqual(new Set(['issuer_not_trusted']));
    expect(asked).toHaveLength(100);
    const next = askAs(nameOf(100));
    await until(() => waiting.length === 101);
    waiting[100]?.(undefined);
    expect(await next).toBe('issuer_not_trusted');
  });

  it('of trusted issuers a thousand are kept, those that were used last', async () => {
    covers('H27');
    const { server, verifier, askAs, clients } = await open((iss) => ({ issuer: iss, jwks: server.issuer.jwks }));
    for (let i = 0; i < 1200; i += 1) {
      expect(await askAs(nameOf(i))).toBe('signature_invalid');
      if (i % 400 === 0) expect(await clients.ask()).toEqual(both('accepted'));
    }
    const names = verifier.status().issuers.map(({ issuer }) => issuer);
    expect(names).toHaveLength(1000);
    expect(names).toContain(server.issuer.issuer);
    expect(names).toContain(nameOf(1199));
    expect(names).not.toContain(nameOf(0));
    expect(server.hits.jwks).toBe(1);
  });
});

describe('the memory of a flood of names of issuers', () => {
  it.runIf(THOROUGH)('3,000 refused names of 2,000 characters leave nothing behind', async () => {
    covers('H27');
    const server = await KeyServer.create();
    const issuer: IssuerResolver = (iss) => (iss === server.issuer.issuer ? { issuer: iss } : undefined);
    const verifier = createVerifier({ ...server.verifierOptions, issuer });
    const [header = ''] = (await server.issuer.token()).split('.');
    const flood = async (from: number, to: number) => {
      for (let i = from; i < to; i += 1) {
        const iss = `https://${i}.${'x'.repeat(2000)}`;
        const payload = Buffer.from(JSON.stringify({ iss, exp: 1 })).toString('base64url');
        expect(await verdictOf(verifier.verify(`${header}.${payload}.AAAA`))).toBe('issuer_not_trusted');
      }
    };
    await flood(0, 1500);
    const before = await usedHeapBytes();
    await flood(1500, 4500);
    // Kept, the names alone would take 6 MB.
    expect((await usedHeapBytes()) - before).toBeLessThan(2_500_000);
  });
});
