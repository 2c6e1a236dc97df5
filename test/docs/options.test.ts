import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSources } from '../support/architecture.js';
import { PACKAGE } from '../support/built-package.js';

const text = readFileSync(join(PACKAGE, 'docs/options.md'), 'utf8');
const code = [...readSources(new URL('../../src/', import.meta.url)).values()].join('\n');

/** Gives the names in the first column of the table below a heading, in order of the alphabet. */
function documentedIn(heading: string): readonly string[] {
  const [, section = ''] = text.split(`\n${heading}\n`);
  const [table = ''] = section.split(/^#/m);
  return [...table.matchAll(/^\| `(\w+)[`(]/gm)].map(([, name = '']) => name).sort();
}

/** Gives the members that an exported interface declares itself. */
function membersOf(name: string): readonly string[] {
  const [, body] = new RegExp(`^export interface ${name}\\b[^\\n]* \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(code) ?? [];
  if (body === undefined) throw new Error(`there is no interface ${name}`);
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member = '']) => member);
}

describe('docs/options.md', () => {
  it.each([
    ['## createVerifier(options)', ['VerifierOptions', 'SharedRules'], [] as string[]],
    ['### keys', ['KeyOptions'], []],
    // A guard has the policies of its routes, and no request to give up.
    [
      '## createGuard(verifier, options)',
      ['GuardOptions', 'AuthenticateOptions', 'VerifyOptions'],
      ['policy', 'signal'],
    ],
    ['## verifier', ['Verifier'], []],
  ])('has a row below %s for each member of %j, and no other', (heading, interfaces, others) => {
    const members = [...new Set(interfaces.flatMap(membersOf))].filter((name) => !others.includes(name));
    expect(members.length).toBeGreaterThan(3);
    expect(documentedIn(heading)).toEqual(members.sort());
  });

  it.each([
    ['IssuerIdentity', '### An issuer'],
    ['SharedRules', '### An issuer'],
    ['IntrospectionSettings', '#### Introspection'],
  ])('names each member of %s below %s', (name, heading) => {
    const [, below = ''] = text.split(`\n${heading}\n`);
    const [level = ''] = heading.split(' ');
    // Until the next heading of the same level, or of a higher one.
    const [section = ''] = below.split(new RegExp(`^#{1,${level.length}} `, 'm'));
    for (const member of membersOf(name)) expect(section).toMatch(new RegExp(`\`(?:\\{ )?${member}\\b`));
  });
});
