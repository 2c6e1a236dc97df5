import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../src/protocol/json-object.js';
import { Refusal } from '../../src/protocol/refusal.js';
import type { StandardSchema } from '../../src/protocol/standard-schema.js';
import { applyClaimsSchema } from '../../src/token/claims-schema.js';
import { covers } from '../support/covers.js';
import { toJsonObject } from '../support/json-object.js';
import { reasonOf } from '../support/reason-of.js';
import { schemaOf } from '../support/schema-of.js';

const PAYLOAD = toJsonObject({ sub: '"test-user"', tenant: '"blue"', org: '{"ids":["a","b"]}', level: '"3"' });

const shape = (schema: StandardSchema | undefined) => applyClaimsSchema(PAYLOAD, schema);

async function apply(schema: StandardSchema | undefined): Promise<JsonObject | Refusal> {
  const shaped = await shape(schema);
  return shaped instanceof Refusal ? shaped : shaped.claims;
}

async function expectRefusal(schema: StandardSchema, reason: string): Promise<Refusal> {
  expect(reasonOf(await apply(schemaOf((value) => ({ value }))))).toBe('accepted');
  const refusal = await apply(schema);
  expect(reasonOf(refusal)).toBe(reason);
  return refusal as Refusal;
}

describe('applyClaimsSchema', () => {
  it('gives the claims as they are where there is no schema', async () => {
    const claims = (await apply(undefined)) as JsonObject;
    expect({ ...claims }).toEqual(PAYLOAD);
    expect(Object.isFrozen(claims)).toBe(true);
    expect(Object.getPrototypeOf(claims)).toBeNull();
  });

  it.each<[string, StandardSchema]>([
    ['zod', z.object({ tenant: z.string().transform((name) => name.toUpperCase()), level: z.coerce.number() })],
    [
      'valibot',
      v.object({
        tenant: v.pipe(
          v.string(),
          v.transform((name) => name.toUpperCase()),
        ),
        level: v.pipe(v.string(), v.transform(Number)),
      }),
    ],
    [
      'a schema written by hand',
      schemaOf(({ tenant, level }) => ({ value: { tenant: String(tenant).toUpperCase(), level: Number(level) } })),
    ],
  ])('lays the output of %s over the claims, and hides none', async (_, schema) => {
    const claims = (await apply(schema)) as JsonObject;
    expect({ ...claims }).toEqual({ sub: 'test-user', tenant: 'BLUE', level: 3, org: { ids: ['a', 'b'] } });
    expect(Object.getPrototypeOf(claims)).toBeNull();
  });

  it('waits for an asynchronous schema', async () => {
    const schema = z.object({ tenant: z.string().refine(async (name) => name === 'blue') });
    expect(reasonOf(await apply(schema))).toBe('accepted');
    const other = z.object({ tenant: z.string().refine(async (name) => name === 'red') });
    expect(reasonOf(await apply(other))).toBe('claims_rejected');
  });

  it.each<[string, StandardSchema]>([
    ['zod', z.object({ tenant: z.number() })],
    ['valibot', v.object({ tenant: v.number() })],
    [
      'an asynchronous valibot schema',
      v.objectAsync({
        tenant: v.pipeAsync(
          v.string(),
          v.checkAsync(async () => false),
        ),
      }),
    ],
  ])('refuses claims in which %s finds an issue, and names the claim', async (_, schema) => {
    const refusal = await expectRefusal(schema, 'claims_rejected');
    expect(refusal.detail).toMatch(/^"tenant: /);
  });

  it('names the place of an issue, however the validator writes it', async () => {
    const issues = [
      { message: 'is wrong' },
      { message: 'is missing', path: ['org', { key: 'ids' }, 0] },
      { message: 'is odd', path: [Symbol('s')] },
      { message: 'is absent', path: undefined },
    ];
    const refusal = await expectRefusal(
      schemaOf(() => ({ issues })),
      'claims_rejected',
    );
    const expected = 'claims: is wrong; org.ids.0: is missing; Symbol(s): is odd; claims: is absent';
    expect(refusal.detail).toBe(JSON.stringify(expected));
  });

  it('tells five issues at most, and cuts what it tells', async () => {
    const issue = (count: number) => Array.from({ length: count }, (_, i) => ({ message: `m${i}` }));
    const six = await expectRefusal(
      schemaOf(() => ({ issues: issue(6) })),
      'claims_rejected',
    );
    expect(six.detail).toBe('"claims: m0; claims: m1; claims: m2; claims: m3; claims: m4"');
    const long = await expectRefusal(
      schemaOf(() => ({ issues: [{ message: 'x'.repeat(10_000) }] })),
      'claims_rejected',
    );
    expect(long.detail.length).toBeLessThan(110);
  });

  it('keeps control characters of a message out of the log', async () => {
    const refusal = await expectRefusal(
      schemaOf(() => ({ issues: [{ message: 'a\r\nb\u2028' }] })),
      'claims_rejected',
    );
    expect(refusal.detail).toBe('"claims: a\\r\\nb\\u2028"');
  });

  it('takes issues that are there, though empty, for a failure', async () => {
    covers('J20');
    await expectRefusal(
      schemaOf(() => ({ issues: [] })),
      'claims_rejected',
    );
  });

  it.each<[string, () => unknown]>([
    ['throws', () => Promise.reject(new Error('boom'))],
    [
      'throws at once',
      () => {
        throw new Error('boom');
      },
    ],
  ])('refuses the token when the schema %s, and keeps what it threw', async (_, validate) => {
    covers('J20');
    const refusal = await expectRefusal(schemaOf(validate), 'claims_schema_failed');
    expect(refusal).toMatchObject({ detail: 'it threw', cause: new Error('boom') });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['no value', {}],
    ['a string', { value: 'blue' }],
    ['null for a value', { value: null }],
    ['an array', { value: ['blue'] }],
  ])('refuses the token when the schema gives %s', async (_, result) => {
    covers('J20');
    const refusal = await expectRefusal(
      schemaOf(() => result),
      'claims_schema_failed',
    );
    expect(refusal.detail).toBe('it gave no object');
  });

  it.each<[string, unknown]>([
    ['issues that are no array', { issues: 'tenant is wrong' }],
    ['null for issues', { issues: null }],
    ['null for an issue', { issues: [null] }],
    ['null for a path', { issues: [{ message: 'm', path: null }] }],
    ['null in a path', { issues: [{ message: 'm', path: [null] }] }],
    [
      'an output that throws when it is read',
      {
        value: {
          get tenant() {
            throw new Error('boom');
          },
        },
      },
    ],
    [
      'a result that throws when it is read',
      {
        get issues() {
          throw new Error('boom');
        },
      },
    ],
  ])('refuses the token, and does not throw, when the schema gives %s', async (_, result) => {
    covers('J20');
    expect(reasonOf(await apply(schemaOf((value) => ({ value }))))).toBe('accepted');
    const refusal = await apply(schemaOf(() => result));
    expect(['claims_rejected', 'claims_schema_failed']).toContain(reasonOf(refusal));
  });

  it('gives the schema an object of its own to work on', async () => {
    const careless = schemaOf((value) => {
      delete value['tenant'];
      return { value };
    });
    const claims = (await apply(careless)) as JsonObject;
    expect(claims['tenant']).toBe('blue');
    expect(PAYLOAD['tenant']).toBe('blue');
  });
});

describe('applyClaimsSchema, freezing', () => {
  const idsOf = (claims: JsonObject | Refusal) => (claims as unknown as { org: { ids: string[] } }).org.ids;

  it.each<[string, StandardSchema]>([
    ['no schema gave them', schemaOf(() => ({ value: {} }))],
    ['zod made them anew', z.object({ org: z.object({ ids: z.array(z.string()) }) })],
    ['valibot made them anew', v.object({ org: v.object({ ids: v.array(v.string()) }) })],
    [
      'they have no prototype',
      schemaOf(() => ({ value: { org: Object.assign(Object.create(null), { ids: ['a'] }) } })),
    ],
    ['zod froze what they are in', z.object({ org: z.object({ ids: z.array(z.string()) }).readonly() })],
    [
      'valibot made what they are in readonly',
      v.object({ org: v.pipe(v.object({ ids: v.array(v.string()) }), v.readonly()) }),
    ],
  ])('freezes nested claims where %s', async (_, schema) => {
    covers('H25');
    const claims = (await apply(schema)) as JsonObject;
    expect([claims, claims['org'], idsOf(claims)].map(Object.isFrozen)).toEqual([true, true, true]);
    expect(() => idsOf(claims).push('admin')).toThrow(TypeError);
  });

  it('leaves dates, maps and instances of classes as they are', async () => {
    const output = { at: new Date(0), seen: new Map(), url: new URL('https://api.test') };
    const claims = (await apply(schemaOf(() => ({ value: output })))) as JsonObject;
    expect([claims['at'], claims['seen'], claims['url']]).toEqual([output.at, output.seen, output.url]);
    expect([output.at, output.seen, output.url].map(Object.isFrozen)).toEqual([false, false, false]);
  });

  const nested = (member: unknown) => ({ deep: [{ member }] });
  const hidden = Object.defineProperty({}, 'hidden', { value: new Date(0) });
  class Level {}

  it.each<[string, boolean, unknown]>([
    ['no schema', true, undefined],
    ['texts, numbers and null', true, nested([1, 'a', null, true, undefined])],
    ['an object without a prototype', true, nested(Object.create(null))],
    ['a symbol', true, nested(Symbol('a'))],
    ['a date', false, nested(new Date(0))],
    ['a map', false, nested(new Map())],
    ['an instance of a class', false, nested(new Level())],
    ['a list of a class of its own', false, nested(new (class extends Array {})())],
    ['bytes', false, nested(Buffer.from('a'))],
    ['a function', false, nested(() => 'a')],
    ['a date that is not enumerated', false, nested(hidden)],
    ['a date under a symbol', false, nested({ [Symbol('a')]: new Date(0) })],
    [
      'what a getter gives anew',
      true,
      {
        get now() {
          return 'a';
        },
      },
    ],
    [
      'an object whose getter gives another object each time',
      false,
      nested({
        get roles() {
          return ['a'];
        },
      }),
    ],
    ['a date beside what can be frozen', false, { a: new Date(0), b: { c: 1 } }],
  ])('tells whether claims can be given to several requests: %s, %s', async (_, isFrozen, output) => {
    covers('H25');
    const schema = output === undefined ? undefined : schemaOf(() => ({ value: output }));
    expect(await shape(schema)).toMatchObject({ isFrozen });
  });

  it('takes null, numbers and functions in an output as they are', async () => {
    const output = { none: null, level: 3, greet: () => 'hello' };
    const claims = (await apply(schemaOf(() => ({ value: output })))) as JsonObject;
    expect([claims['none'], claims['level'], claims['greet']]).toEqual([null, 3, output.greet]);
  });

  it('comes to an end with an output that contains itself', async () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    const claims = (await apply(schemaOf(() => ({ value: { loop } })))) as JsonObject;
    expect(claims['loop']).toBe(loop);
    expect(Object.isFrozen(loop)).toBe(true);
  });

  it('CWE-636: refuses an output that is an instance of a class, whose getters and methods would be lost', async () => {
    covers('G6');
    class Account {
      readonly status = 'suspended';
      get isSuspended(): boolean {
        return this.status === 'suspended';
      }
    }
    expect(await shape(schemaOf(() => ({ value: { ...new Account() } })))).toMatchObject({
      claims: { status: 'suspended' },
    });
    expect(await shape(schemaOf(() => ({ value: Object.create(null) })))).toMatchObject({ isFrozen: true });
    expect(await shape(schemaOf(() => ({ value: new Account() })))).toMatchObject({
      reason: 'claims_schema_failed',
      detail: 'it gave an instance of a class',
    });
  });
});
