import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js';
import { expectMisuse } from '../support/configuration-error.js';

const open: TestIssuer[] = [];

/** Keeps what was created, since a mistake that is not refused may have left a server open. */
async function create(options: unknown): Promise<TestIssuer> {
  const issuer = await createTestIssuer(options as never);
  open.push(issuer);
  return issuer;
}

afterEach(async () => {
  for (const issuer of open.splice(0)) await issuer.close();
});

describe('createTestIssuer', () => {
  it.each<[what: string, options: unknown, option: string, told: string, fix: string]>([
    ['null in place of options', null, 'options', 'null', 'Give an object'],
    ['a URL in place of options', 'https://issuer.test', 'options', '"https://issuer.test"', 'Give an object'],
    ['a misspelt name', { algoritms: ['ES256'] }, 'algoritms', 'is not an option.', 'Did you mean algorithms?'],
    ['an unknown name', { keys: [] }, 'keys', 'is not an option.', 'Options are: algorithms, network,'],
    ['no algorithm', { algorithms: [] }, 'algorithms', 'is an empty list.', 'ES256'],
    ['the algorithm none', { algorithms: ['ES256', 'none'] }, 'algorithms', 'holds "none".', 'such as ES256'],
    ['the algorithm HS256', { algorithms: ['HS256'] }, 'algorithms', 'holds "HS256".', 'such as ES256'],
    ['a start that is NaN', { startAt: Number.NaN }, 'startAt', 'NaN', 'milliseconds'],
    ['a start that is a text', { startAt: '2030-01-01' }, 'startAt', '"2030-01-01"', 'milliseconds'],
    ['a path without a slash', { network: true, path: 'tenant1' }, 'path', '"tenant1"', '/tenant1'],
    ['a path without a network', { path: '/tenant1' }, 'path', 'network', 'issuer'],
    ['an issuer with a network', { network: true, issuer: 'https://issuer.test' }, 'issuer', 'network', 'path'],
  ])('refuses %s', async (_, options, option, told, fix) => {
    await expect(create({})).resolves.toBeDefined();
    await expectMisuse(() => create(options), { option, told, fix });
  });
});

describe('a test issuer', () => {
  let issuer: TestIssuer;

  beforeEach(async () => {
    issuer = await create({});
  });

  it.each<[what: string, call: () => unknown, option: string, told: string, fix: string]>([
    ['null in place of a token', () => issuer.token(null as never), 'options', 'null', 'Give an object'],
    ['a misspelt name', () => issuer.token({ scopes: 'a' } as never), 'scopes', 'no', 'Did you mean scope?'],
    [
      'an unknown name',
      () => issuer.token({ lifetime: 60 } as never),
      'lifetime',
      'no',
      'Options are: scope, audience,',
    ],
    ['an algorithm without a key', () => issuer.token({ algorithm: 'RS256' }), 'algorithm', 'no RS256 key', 'ES256'],
    ['to rotate to HS256', () => issuer.rotate('HS256' as never), 'algorithms', 'holds "HS256".', 'such as ES256'],
    [
      'to withdraw an unknown key',
      () => issuer.withdraw('x'),
      'kid',
      '"x" is not published.',
      'Published are: es256-1.',
    ],
    ['an unknown outage', () => issuer.outage('down' as never), 'outage', 'is "down".', 'Give one of refuse, hang,'],
    ['to move its clock by NaN', () => issuer.advance(Number.NaN), 'seconds', 'NaN', 'number'],
  ])('refuses %s', async (_, call, option, told, fix) => {
    await expectMisuse(call, { option, told, fix });
    await expect(issuer.token()).resolves.toMatch(/^\S+\.\S+\.\S+$/);
  });
});
