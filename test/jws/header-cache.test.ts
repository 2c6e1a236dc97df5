import { describe, expect, it } from 'vitest';
import { HeaderCache } from '../../src/jws/header-cache.js';
import { toJsonObject } from '../support/json-object.js';

const header = toJsonObject({ alg: '"ES256"' });

describe('KnownHeaders', () => {
  it('gives what was added for this very segment', () => {
    const known = new HeaderCache();
    expect(known.get('a')).toBeUndefined();
    known.add('a', header);
    expect(known.get('a')).toBe(header);
    expect(known.get('A')).toBeUndefined();
  });

  it('keeps the header that came first', () => {
    const known = new HeaderCache();
    known.add('a', header);
    known.add('a', toJsonObject({ alg: '"ES256"' }));
    expect(known.get('a')).toBe(header);
  });

  it('takes in none of more than 1,024 characters, and 256 at most', () => {
    const known = new HeaderCache();
    known.add('x'.repeat(1024), header);
    known.add('y'.repeat(1025), header);
    expect([known.get('x'.repeat(1024)), known.get('y'.repeat(1025))]).toEqual([header, undefined]);
    for (let i = 0; i < 300; i += 1) known.add(`segment ${i}`, header);
    const kept = Array.from({ length: 300 }, (_, i) => known.get(`segment ${i}`)).filter((found) => found === header);
    expect(kept).toHaveLength(256);
  });
});
