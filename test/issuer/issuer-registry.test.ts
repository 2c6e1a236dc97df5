import { describe, expect, it } from 'vitest';
import { createIssuerRegistry } from '../../src/issuer/create-issuer-registry.js';
import type { Issuer } from '../../src/issuer/issuer.js';
import type { IssuerRegistry } from '../../src/issuer/issuer-registry.js';
import type { Refusal } from '../../src/protocol/refusal.js';
import { parseVerifierOptions } from '../../src/verifier/options.js';
import { covers } from '../support/covers.js';
import { RawIssuer } from '../support/raw-issuer.js';
import { reasonOf } from '../support/reason-of.js';

const TOKEN = { header: { alg: 'ES256' }, claims: {} };

function createRegistry(...names: readonly string[]): IssuerRegistry {
  const { jwk, verifierOptions } = new RawIssuer();
  const issuer = names.map((name) => ({ issuer: name, jwks: { keys: [jwk] } }));
  const config = parseVerifierOptions({ ...verifierOptions, issuer });
  return createIssuerRegistry(config.issuers, { ...config, signal: new AbortController().signal });
}

const registry = createRegistry('https://as.example', 'https://as.example/tenant', 'https://b.example/');

describe('ListedIssuers', () => {
  it.each(['https://as.example', 'https://as.example/tenant', 'https://b.example/'])('finds the issuer %s', (iss) => {
    expect((registry.find(iss, TOKEN) as Issuer).issuer).toBe(iss);
  });

  it.each([
    '',
    'https://as.example/',
    'HTTPS://AS.EXAMPLE',
    'https://as.example:443',
    'https://user@as.example',
    'https://as.example/tenant2',
    'https://as.example/tenan',
    'https://as.example/tenant/',
    'https://as.example/%74enant',
    'https://as%2eexample',
    'https://as.example.evil',
    'as.example',
    'https://as.example https://b.example/',
    ' https://as.example',
    'https://\u0430s.example',
    'http://as.example',
    'https://b.example',
    '__proto__',
    'constructor',
  ])('CVE-2024-53861: does not trust the iss %j', (iss) => {
    covers('E1', '7519-7');
    expect(reasonOf(registry.find('https://as.example', TOKEN))).toBe('accepted');
    expect(reasonOf(registry.find(iss, TOKEN))).toBe('issuer_not_trusted');
  });

  it('tells when an iss differs from a trusted one by case or a trailing slash alone', () => {
    const detailOf = (iss: string) => (registry.find(iss, TOKEN) as Refusal).detail;
    const hint = (alike: string) => `; it differs from "${alike}" only by case or a trailing slash`;
    const trustedNames = registry.all().map(({ issuer }) => JSON.stringify(issuer));
    const trusted = `; trusted: ${trustedNames.join(', ')}`;
    expect(detailOf('https://as.example/')).toBe(`iss "https://as.example/"${hint('https://as.example')}${trusted}`);
    expect(detailOf('https://B.example')).toBe(`iss "https://B.example"${hint('https://b.example/')}${trusted}`);
    expect(detailOf('https://evil.test')).toBe(`iss "https://evil.test"${trusted}`);
    expect(detailOf('a\r\nb')).toBe(`iss "a\\r\\nb"${trusted}`);
  });

  it('names five trusted issuers, and how many more there are', () => {
    const many = createRegistry(...Array.from({ length: 7 }, (_, i) => `https://${i}.example`));
    const { detail } = many.find('https://evil.test', TOKEN) as Refusal;
    expect(detail).toMatch(/trusted: ("https:\/\/\d\.example"(, )?){5} and 2 more$/);
  });

  it('lists the issuers in the order in which they were given', () => {
    const names = registry.all().map(({ issuer }) => issuer);
    expect(names).toEqual(['https://as.example', 'https://as.example/tenant', 'https://b.example/']);
  });
});
