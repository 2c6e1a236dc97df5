import { describe, expect, it } from 'vitest';
import { formatPolicy } from '../../src/policy/format-policy.js';
import { allOf, anyOf, claim, parsePolicy } from '../../src/policy/policy.js';

describe('formatPolicy', () => {
  it.each([
    ['orders:read', 'orders:read'],
    ['a b', 'a and b'],
    [anyOf('a', 'b'), 'a or b'],
    [anyOf('a'), 'a'],
    [allOf('a', anyOf('b', 'c d')), 'a and (b or (c and d))'],
    [allOf(anyOf('a', 'b')), 'a or b'],
    [allOf('x', anyOf('a')), 'x and a'],
    [claim('role').equals('manager'), 'claim role equals "manager"'],
    [claim('realm_access', 'roles').includes(7), 'claim realm_access.roles includes 7'],
    [
      claim('tenant').satisfies(function isOurs() {
        return true;
      }),
      'claim tenant satisfies isOurs',
    ],
    [
      claim('tenant').satisfies(
        (
          () => () =>
            true
        )(),
      ),
      'claim tenant satisfies a function',
    ],
  ])('writes %j as %s', (policy, text) => {
    expect(formatPolicy(parsePolicy(policy, 'policy'))).toBe(text);
  });
});
