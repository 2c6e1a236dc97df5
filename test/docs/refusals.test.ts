import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REFUSALS, type RefusalReason } from '../../src/index.js';

/** What a section of docs/refusals.md says of its reason. */
interface Section {
  readonly status: number;
  readonly error: string | undefined;
  readonly description: string;
  readonly prose: readonly string[];
}

const text = readFileSync(new URL('../../docs/refusals.md', import.meta.url), 'utf8');
const sections = text
  .split(/^## /m)
  .slice(1)
  .map((section) => {
    const lineEnd = section.indexOf('\n');
    return [section.slice(0, lineEnd), parseSection(section.slice(lineEnd))] as const;
  });
const reasons = Object.keys(REFUSALS) as RefusalReason[];

function parseSection(body: string): Section | undefined {
  const facts =
    /^\s*- \*\*Status:\*\* (\d{3})\n- \*\*OAuth error:\*\* (?:`(\w+)`|none)\n- \*\*The client reads:\*\* (.+)\n/;
  const match = facts.exec(body);
  if (match === null) return undefined;
  const [all, status, error, description = ''] = match;
  const prose = body
    .slice(all.length)
    .trim()
    .split(/\n{2,}/);
  return { status: Number(status), error, description, prose };
}

describe('docs/refusals.md', () => {
  it('has one section for every reason of the code, in its order, and none besides', () => {
    expect(sections.map(([reason]) => reason)).toEqual(reasons);
  });

  it.each(sections)('tells the status, the error code and the text of %s as the code has them', (reason, section) => {
    const { status, description, ...entry } = REFUSALS[reason as RefusalReason];
    const error = 'error' in entry ? entry.error : undefined;
    // RFC 6750 §3.1: no error information where there were no credentials.
    const read = status === 401 && error === undefined ? '`{}`' : description;
    expect(section).toMatchObject({ status, description: read });
    expect(section?.error).toBe(error);
  });

  it.each(sections)('tells the usual cause of %s, and what to do', (_, section) => {
    expect(section?.prose).toHaveLength(2);
    expect(section?.prose[0]).toMatch(/^\*\*Usual cause\.\*\* \S[\s\S]{20,}/);
    expect(section?.prose[1]).toMatch(/^\*\*What to do\.\*\* \S[\s\S]{10,}/);
  });
});
