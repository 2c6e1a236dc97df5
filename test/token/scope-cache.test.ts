import { describe, expect, it } from 'vitest';
import { ScopeCache } from '../../src/token/scope-cache.js';

describe('KnownScopes', () => {
  it('gives tokens with one scope string the same array, frozen, with each scope once', () => {
    const known = new ScopeCache();
    const scopes = known.parse('orders:read orders:write orders:read');
    expect(scopes).toEqual(['orders:read', 'orders:write']);
    expect(Object.isFrozen(scopes)).toBe(true);
    expect(known.parse('orders:read orders:write orders:read')).toBe(scopes);
    expect(known.parse('orders:write orders:read')).toEqual(['orders:write', 'orders:read']);
  });

  it.each(['orders:read\torders:write', 'orders\\read', ' "orders:read"'])(
    'RFC 6749 §3.3: tells each time that %j is malformed',
    (text) => {
      const known = new ScopeCache();
      for (const _ of [1, 2]) expect(known.parse(text)).toBeUndefined();
    },
  );

  it('does not remember a text beyond 512 characters, and one of them it does', () => {
    const known = new ScopeCache();
    const [longest, longer] = ['s'.repeat(512), 's'.repeat(513)] as const;
    expect(known.parse(longest)).toBe(known.parse(longest));
    expect(known.parse(longer)).toEqual([longer]);
    expect(known.parse(longer)).not.toBe(known.parse(longer));
  });

  it('forgets what was not seen for longest beyond 1,024 texts', () => {
    const known = new ScopeCache();
    const first = known.parse('scope-0');
    for (let i = 1; i < 1024; i += 1) known.parse(`scope-${i}`);
    expect(known.parse('scope-0')).toBe(first);
    for (let i = 1024; i < 2048; i += 1) known.parse(`scope-${i}`);
    expect(known.parse('scope-0')).not.toBe(first);
  });
});
