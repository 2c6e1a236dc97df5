import { describe, expect, it } from 'vitest';
import type { ScopeSource } from '../../src/issuer/shared-rules.js';
import type { Refusal } from '../../src/protocol/refusal.js';
import { parseTokenScopes } from '../../src/token/token-scopes.js';
import { covers } from '../support/covers.js';
import { issuerRules } from '../support/issuer-rules.js';
import { toJsonObject } from '../support/json-object.js';
import type { JsonTexts } from '../support/raw-token.js';
import { reasonOf } from '../support/reason-of.js';

const { scopesFrom: DEFAULT_SOURCES } = issuerRules();

const parse = (claims: JsonTexts, sources: readonly ScopeSource[] = DEFAULT_SOURCES) =>
  parseTokenScopes(toJsonObject(claims), sources);

function expectMalformed(claims: JsonTexts, name: string): void {
  expect(parse({ scope: '"read"' })).toEqual(['read']);
  expect(parse(claims)).toMatchObject({ reason: 'claim_malformed', detail: name });
}

describe('parseTokenScopes', () => {
  it.each<[string, JsonTexts, readonly string[]]>([
    ['a string', { scope: '"read admin"' }, ['read', 'admin']],
    ['an array', { scope: '["read","admin"]' }, ['read', 'admin']],
    ['scp as a string', { scp: '"read admin"' }, ['read', 'admin']],
    ['scp as an array', { scp: '["read","admin"]' }, ['read', 'admin']],
    ['an empty string', { scope: '""' }, []],
    ['an empty array', { scope: '[]' }, []],
    ['null, as Authlib has it', { scope: 'null' }, []],
    ['no claim', {}, []],
    ['a scope twice', { scope: '"read read"' }, ['read']],
    ['both claims', { scope: '"read"', scp: '["admin","read"]' }, ['read', 'admin']],
  ])('RFC 6749 §3.3: reads %s', (_, claims, expected) => {
    expect(parse(claims)).toEqual(expected);
  });

  it.each(['1', 'true', '{"0":"read"}', '{}', '["read",1]', '["read",null]', '[["read"]]'])(
    'refuses the scope %s',
    (scope) => {
      covers('K6', 'E5');
      expectMalformed({ scope }, 'scope');
      expectMalformed({ scp: scope }, 'scp');
    },
  );

  it.each(['read\tadmin', 'read\u00a0admin', 'read\nadmin', '"read"', 'read\\', 'r\u00e9ad', 'read\u0000'])(
    '6749 §3.3: refuses the scope string %j',
    (scope) => {
      covers('K6', 'E5');
      expectMalformed({ scope: JSON.stringify(scope) }, 'scope');
    },
  );

  it.each(['read admin', 'read\tadmin', ' read', '"read"', 'r\u00e9ad', 'read\u0000'])(
    '6749 §3.3: refuses an array with the member %j',
    (scope) => {
      covers('K6', 'E5');
      expectMalformed({ scope: JSON.stringify(['read', scope]) }, 'scope');
    },
  );

  it.each([
    ['another case', '"READ"', 'READ'],
    ['a comma', '"read,admin"', 'read,admin'],
    ['a wildcard', '"read:*"', 'read:*'],
  ])('takes %s for one scope, which grants no other', (_, scope, expected) => {
    covers('E5');
    expect(parse({ scope })).toEqual([expected]);
  });

  it('reads the configured claim alone', () => {
    covers('E6');
    const claims = { scope: '"read"', scp: '["admin"]' };
    expect(parse(claims)).toEqual(['read', 'admin']);
    expect(parse(claims, ['scp'])).toEqual(['admin']);
  });

  it('does not judge a claim that nobody reads', () => {
    covers('E6');
    const claims = { scope: '1', scp: '["admin"]' };
    expect(reasonOf(parse(claims))).toBe('claim_malformed');
    expect(parse(claims, ['scp'])).toEqual(['admin']);
  });

  it.each(['constructor', 'toString'])('reads own members only, so that %s holds no scopes', (name) => {
    covers('D2');
    expect(parse({ [name]: '"read"' }, [name])).toEqual(['read']);
    expect(parse({}, [name])).toEqual([]);
  });

  it('asks a function of the user, and puts what it finds together with the rest', () => {
    const roles: ScopeSource = (claims) => claims['roles'] as readonly string[];
    expect(parse({ scope: '"read"', roles: '["admin","read"]' }, ['scope', roles])).toEqual(['read', 'admin']);
  });

  it('gives a function of the user frozen claims', () => {
    const push: ScopeSource = (claims) => {
      (claims['roles'] as string[]).push('admin');
      return [];
    };
    const refusal = parse({ roles: '["user"]' }, [push]) as Refusal;
    expect(refusal.reason).toBe('scopes_source_failed');
    expect(refusal.cause).toBeInstanceOf(TypeError);
  });

  it.each<[string, unknown]>([
    ['a string', 'read'],
    ['undefined', undefined],
    ['null', null],
    ['an array with a number in it', ['read', 1]],
    ['a set', new Set(['read'])],
    ['a promise', Promise.resolve(['read'])],
  ])('refuses the token when a function of the user gives %s', (_, result) => {
    expect(parse({}, [() => ['read']])).toEqual(['read']);
    expect(parse({}, [() => result as readonly string[]])).toMatchObject({
      reason: 'scopes_source_failed',
      detail: 'it gave no array of strings',
    });
  });

  it('refuses the token when a function of the user throws, and keeps what it threw', () => {
    const thrown = new Error('no roles');
    const source = (): never => {
      throw thrown;
    };
    expect(parse({ scope: '"read"' }, ['scope'])).toEqual(['read']);
    expect(parse({ scope: '"read"' }, ['scope', source])).toMatchObject({
      reason: 'scopes_source_failed',
      detail: 'it threw',
      cause: thrown,
    });
  });

  it('gives a frozen array of its own', () => {
    const own = ['read'];
    const scopes = parse({}, [() => own]);
    own.push('admin');
    expect(scopes).toEqual(['read']);
    expect(Object.isFrozen(scopes)).toBe(true);
  });
});
