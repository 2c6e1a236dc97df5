import { afterEach, describe, expect, it } from 'vitest';
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
    ['one algorithm that is in no list', { algorithms: 'ES256' }, 'algorithms', '"ES256"', 'ES256'],
    ['algorithms that are null', { algorithms: null }, 'algorithms', 'null', 'ES256'],
    ['the algorithm none', { algorithms: ['ES256', 'none'] }, 'algorithms', 'holds "none".', 'such as ES256'],
    ['the algorithm HS256', { algorithms: ['HS256'] }, 'algorithms', 'holds "HS256".', 'such as ES256'],
    ['a start that is NaN', { startAt: Number.NaN }, 'startAt', 'NaN', 'milliseconds'],
    ['a start that is a text', { startAt: '2030-01-01' }, 'startAt', '"2030-01-01"', 'milliseconds'],
    ['a network that is a text', { network: 'yes' }, 'network', '"yes"', 'true or false'],
    ['an audience that is a number', { audience: 1 }, 'audience', '1', 'string'],
    ['a path that is a number', { network: true, path: 1 }, 'path', '1', '/tenant1'],
    ['a path without a slash', { network: true, path: 'tenant1' }, 'path', '"tenant1"', '/tenant1'],
    ['a path without a network', { path: '/tenant1' }, 'path', 'network', 'issuer'],
    ['an issuer with a network', { network: true, issuer: 'https://issuer.test' }, 'issuer', 'network', 'path'],
  ])('refuses %s', async (_, options, option, told, fix) => {
    await expect(create({})).resolves.toBeDefined();
    await expectMisuse(() => create(options), { option, told, fix });
  });
});
