import { describe, expect, it } from 'vitest';
import { createVerifier, type IssuerOptions, type IssuerResolver } from '../../../src/index.js';
import { RawIssuer } from '../../support/raw-issuer.js';
import { reasonOfCall } from '../../support/reason-of.js';

const ISS = 'https://login.example.com/common';

/** Two tenants whose tokens have one `iss`, each with a key of its own. */
function open(resolver: (found: (tenant: unknown) => IssuerOptions | undefined) => IssuerResolver) {
  const clockOf = new RawIssuer({ issuer: ISS });
  const { clock } = clockOf;
  const tenants = { a: new RawIssuer({ issuer: ISS, clock }), b: new RawIssuer({ issuer: ISS, clock }) };
  const asked: unknown[] = [];
  const found = (tenant: unknown): IssuerOptions | undefined => {
    asked.push(tenant);
    if (tenant !== 'a' && tenant !== 'b') return undefined;
    return { issuer: ISS, jwks: { keys: [tenants[tenant].jwk] } };
  };
  const { audience, clock: now } = clockOf.verifierOptions;
  const verifier = createVerifier({ issuer: resolver(found), audience, clock: now });
  const tokenOf = (tenant: 'a' | 'b', claim: string = tenant, jti = '1') =>
    tenants[tenant].token({ payload: { tid: JSON.stringify(claim), jti: JSON.stringify(jti) } });
  const tokenWith = (payload: Record<string, string>) => tenants.a.token({ payload });
  return { clock, verifier, asked, tokenOf, tokenWith, ask: (token: string) => reasonOfCall(verifier.verify(token)) };
}

describe('a resolver that is given what the token says', () => {
  it('finds the tenant that iss alone does not tell, once for each', async () => {
    const { ask, asked, tokenOf } = open(
      (found) =>
        (_iss, { claims }) =>
          found(claims['tid']),
    );
    for (const jti of ['1', '2', '3']) {
      expect(await ask(tokenOf('a', 'a', jti))).toBe('accepted');
      expect(await ask(tokenOf('b', 'b', jti))).toBe('accepted');
    }
    // The first result was kept before it was known on what it depends.
    expect(asked.filter((tenant) => tenant === 'b')).toHaveLength(1);
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  it('never takes the result for one tenant for that of another, in whatever order and however many come at once', async () => {
    for (const order of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const { ask, tokenOf } = open((found) => async (_iss, { claims }) => {
        await new Promise(setImmediate);
        return found(claims['tid']);
      });
      const [first, second] = order;
      const verdicts = await Promise.all([ask(tokenOf(first)), ask(tokenOf(second)), ask(tokenOf(first, second, 'x'))]);
      expect(verdicts).toEqual(['accepted', 'accepted', 'signature_invalid']);
    }
  });

  it('keeps a refusal for the tenant that was refused alone', async () => {
    const { ask, asked, tokenOf } = open(
      (found) =>
        (_iss, { claims }) =>
          found(claims['tid']),
    );
    expect(await ask(tokenOf('a', 'nobody'))).toBe('issuer_not_trusted');
    expect(await ask(tokenOf('a', 'nobody', '2'))).toBe('issuer_not_trusted');
    expect(await ask(tokenOf('a'))).toBe('accepted');
    expect(asked.filter((tenant) => tenant === 'nobody').length).toBeLessThanOrEqual(2);
  });

  it('tells a member that is null from one that is not there: a made-up token must not lock out good ones', async () => {
    const { ask, asked, tokenOf, tokenWith } = open(
      (found) =>
        (_iss, { claims }) =>
          found(claims['org'] === undefined ? 'a' : claims['org']),
    );
    expect(await ask(tokenWith({ org: '"nobody"' }))).toBe('issuer_not_trusted');
    expect(await ask(tokenWith({ org: 'null' }))).toBe('issuer_not_trusted');
    expect(asked).toEqual(['nobody', null]);
    expect(await ask(tokenOf('a'))).toBe('accepted');
  });

  it('is given the header, too, and members that are not there', async () => {
    const { ask, tokenOf } = open((found) => (_iss, { header, claims }) => {
      return 'alg' in header && header['alg'] === 'ES256' && claims['nope'] === undefined
        ? found(claims['tid'])
        : undefined;
    });
    expect(await ask(tokenOf('a'))).toBe('accepted');
  });

  it.each<[how: string, read: (claims: object) => { tid?: unknown }]>([
    ['spreads them', (claims) => ({ ...claims })],
    ['lists them', (claims) => Object.fromEntries(Object.entries(claims))],
    ['writes them as JSON', (claims) => JSON.parse(JSON.stringify(claims)) as { tid?: unknown }],
    ['asks for a descriptor', (claims) => ({ tid: Object.getOwnPropertyDescriptor(claims, 'tid')?.value })],
  ])('is cached by all that it read where it %s', async (_, read) => {
    const { ask, tokenOf } = open(
      (found) =>
        (_iss, { claims }) =>
          found(read(claims).tid),
    );
    expect([await ask(tokenOf('a')), await ask(tokenOf('b')), await ask(tokenOf('a'))]).toEqual(
      Array(3).fill('accepted'),
    );
  });

  it('cannot change the token', async () => {
    const { ask, tokenOf } = open((found) => (_iss, { claims, ...token }) => {
      const change = [
        () => Object.assign(claims, { tid: 'b' }),
        () => Object.defineProperty(claims, 'tid', { value: 'b' }),
        () => delete (claims as { tid?: unknown })['tid'],
        () => Object.setPrototypeOf(claims, { tid: 'b' }),
        () => Object.preventExtensions(claims),
        () => Object.assign(token, { header: {} }).header,
      ];
      for (const one of change.slice(0, 5)) expect(one).toThrow(TypeError);
      return found(claims['tid']);
    });
    expect(await ask(tokenOf('a'))).toBe('accepted');
  });

  it('is asked again for each tenant, with what its first token said', async () => {
    const { ask, asked, clock, tokenOf } = open(
      (found) =>
        (_iss, { claims }) =>
          found(claims['tid']),
    );
    expect([await ask(tokenOf('a')), await ask(tokenOf('b'))]).toEqual(['accepted', 'accepted']);
    asked.length = 0;
    clock.advance(600);
    expect([await ask(tokenOf('a', 'a', '2')), await ask(tokenOf('b', 'b', '2'))]).toEqual(['accepted', 'accepted']);
    await new Promise(setImmediate);
    expect([...new Set(asked)].sort()).toEqual(['a', 'b']);
  });

  it('where it reads iss alone, one call is enough', async () => {
    const { ask, asked, tokenOf } = open((found) => () => found('a'));
    expect([await ask(tokenOf('a')), await ask(tokenOf('a', 'b'))]).toEqual(['accepted', 'accepted']);
    expect(asked).toEqual(['a']);
  });
});
