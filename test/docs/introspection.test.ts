import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createVerifier, REFUSALS } from '../../src/index.js';
import { parseIntrospection } from '../../src/issuer/introspection-options.js';

const text = readFileSync(new URL('../../docs/introspection.md', import.meta.url), 'utf8');
const OPTION = /^\| `(\w+)` \| (.+?) \| .+ \|$/gm;
const FAILURE = /^\| .+? \| (\d{3})(?:, `Retry-After: 1`)? \| `(\w+)` \|$/gm;
const options = [...readSection('Options').matchAll(OPTION)].map(([, name, value]) => [name, value] as const);
const failures = [...readSection('Failures').matchAll(FAILURE)].map(([, status, reason = '']) => {
  return { status: Number(status), reason };
});

function readSection(heading: string): string {
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  return section.split('\n## ')[0] as string;
}

/** What the table says for an option that has no value by default. */
const WITHOUT_VALUE: Readonly<Record<string, string>> = {
  endpoint: 'from the metadata',
  sourceOf: '`ip`, or the address of the connection',
};

/** What the table says for a value. */
function describeDefault(name: string, value: unknown): string {
  if (value === undefined) return WITHOUT_VALUE[name] ?? 'none';
  return typeof value === 'number' ? value.toLocaleString('en') : `\`${value}\``;
}

describe('docs/introspection.md', () => {
  const credentials = { clientId: 'orders-api', clientSecret: 'secret' };
  const { credentials: _, ...defaults } = parseIntrospection(credentials, 'introspection', false);

  it('has every option of introspection but the credentials, with its default', () => {
    const told = Object.fromEntries(options);
    const inCode = Object.fromEntries(
      Object.entries(defaults).map(([name, value]) => [name, describeDefault(name, value)]),
    );
    expect(told).toEqual(inCode);
  });

  it.each([
    ['clientSecret', { clientId: 'a', clientSecret: 'b' }, 'client_secret_basic'],
    ['clientSecret', { clientId: 'a', clientSecret: 'b', authMethod: 'client_secret_post' }, 'client_secret_post'],
    ['bearerToken', { bearerToken: 'a' }, 'bearer'],
  ])('RFC 7662 §2.1: is right on how %s is shown to the issuer', (name, given, method) => {
    expect(readSection('Options')).toContain(`\`${name}\``);
    expect(parseIntrospection(given, 'introspection', false).credentials.method).toBe(method);
  });

  it('tells the status of each reason that it names', () => {
    expect(failures.length).toBeGreaterThan(4);
    for (const { status, reason } of failures) {
      expect(REFUSALS[reason as keyof typeof REFUSALS]?.status, reason).toBe(status);
    }
  });

  it('is right that a second issuer with introspection is refused at start, and one is not', () => {
    const issuer = (name: string) => ({ issuer: `https://${name}.test`, introspection: credentials });
    const audience = 'https://api.test';
    expect(() => createVerifier({ issuer: [issuer('one'), 'https://two.test'], audience })).not.toThrow();
    expect(() => createVerifier({ issuer: [issuer('one'), issuer('two')], audience })).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option: 'issuer[1].introspection' }),
    );
  });
});
