import { describe, expect, it } from 'vitest';
import { AbsentKeys } from '../../src/keys/absent-keys.js';
import type { KeyQuery } from '../../src/keys/key-source.js';
import { TestClock } from '../../src/testing/test-clock.js';

const NOW = 1_800_000_000;

describe('AbsentKeys', () => {
  const query = (changes: Partial<KeyQuery>): KeyQuery => {
    return { kid: 'k', algorithm: 'ES256', isPlausible: () => true, ...changes };
  };

  function create() {
    const clock = new TestClock(NOW * 1000);
    return { clock, absent: new AbsentKeys({ refetchEverySeconds: 30, clock: clock.now }) };
  }

  it.each([
    [59.999, undefined],
    [60, 'issued-before'],
  ])('a set requested %d seconds after the token was issued: %s', (seconds, why) => {
    const { absent } = create();
    expect(absent.findWhyAbsent(query({ issuedAt: NOW }), (NOW + seconds) * 1000)).toBe(why);
  });

  it('notes a token without iat by its kid, for refetchEverySeconds', () => {
    const { clock, absent } = create();
    absent.add(query({ text: 'one' }));
    expect(absent.findWhyAbsent(query({ text: 'two' }), 0)).toBe('asked-before');
    expect(absent.findWhyAbsent(query({ kid: 'other' }), 0)).toBe(undefined);
    clock.advance(30);
    expect(absent.findWhyAbsent(query({ text: 'two' }), 0)).toBe(undefined);
  });

  it('notes a token with iat by its text, so that its kid keeps no other token out', () => {
    const { absent } = create();
    absent.add(query({ issuedAt: NOW, text: 'one' }));
    expect(absent.findWhyAbsent(query({ issuedAt: NOW, text: 'one' }), 0)).toBe('asked-before');
    expect(absent.findWhyAbsent(query({ issuedAt: NOW, text: 'two' }), 0)).toBe(undefined);
    expect(absent.findWhyAbsent(query({}), 0)).toBe(undefined);
  });

  it('RFC 8725 §3.10: a kid that no key could have is neither looked up nor noted', () => {
    const { absent } = create();
    const long = query({ kid: 'k'.repeat(257) });
    absent.add(long);
    expect(absent.findWhyAbsent(long, 0)).toBe('implausible');
    expect(absent.findWhyAbsent(query({ kid: 'k'.repeat(256) }), 0)).toBe(undefined);
  });

  it('takes tokens without kid and text as they are', () => {
    const { absent } = create();
    const unnamed = query({ kid: undefined });
    absent.add(unnamed);
    absent.add({ ...unnamed, issuedAt: NOW });
    expect(absent.findWhyAbsent(unnamed, 0)).toBe('asked-before');
    expect(absent.findWhyAbsent({ ...unnamed, issuedAt: NOW }, 0)).toBe('asked-before');
  });
});
