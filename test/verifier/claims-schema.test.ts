import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AuthorizationError } from '../../src/protocol/errors.js';
import type { StandardSchema } from '../../src/protocol/standard-schema.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { createVerifier } from '../../src/verifier/create-verifier.js';
import type { VerifierOptions } from '../../src/verifier/options.js';
import { covers } from '../support/covers.js';
import { textsOf } from '../support/leaks.js';
import { reasonOfCall } from '../support/reason-of.js';
import { schemaOf } from '../support/schema-of.js';

const issuer = await createTestIssuer();

/** Makes a schema that counts its runs. */
function countRuns(validate: (value: Record<string, unknown>) => unknown = (value) => ({ value })) {
  const counter = { runs: 0, schema: undefined as unknown as StandardSchema<object> };
  counter.schema = schemaOf((value) => {
    counter.runs += 1;
    return validate(value);
  });
  return counter;
}

async function errorOf(call: Promise<unknown>): Promise<AuthorizationError> {
  return call.then(
    () => Promise.reject(new Error('it was accepted')),
    (error) => error,
  );
}

describe('createVerifier, claims', () => {
  it('lays the output of zod over the claims, and types them', async () => {
    const claims = z.object({ tenant: z.string(), level: z.coerce.number(), at: z.coerce.date() });
    const verifier = createVerifier({ ...issuer.verifierOptions, claims });
    const token = await issuer.token({ claims: { tenant: 'blue', level: '3', at: '2030-01-01', other: true } });
    const auth = await verifier.verify(token);
    const tenant: string = auth.claims.tenant;
    const level: number = auth.claims.level;
    const at: Date = auth.claims.at;
    expect([tenant, level, at.getUTCFullYear()]).toEqual(['blue', 3, 2030]);
    expect(auth.claims).toMatchObject({ other: true, sub: 'test-user', iss: issuer.issuer });
  });

  it('lays the output of valibot over the claims, and types them', async () => {
    const claims = v.object({ tenant: v.string(), level: v.pipe(v.string(), v.transform(Number)) });
    const verifier = createVerifier({ ...issuer.verifierOptions, claims });
    const auth = await verifier.verify(await issuer.token({ claims: { tenant: 'blue', level: '3', other: true } }));
    const tenant: string = auth.claims.tenant;
    const level: number = auth.claims.level;
    expect([tenant, level]).toEqual(['blue', 3]);
    expect(auth.claims).toMatchObject({ other: true, sub: 'test-user' });
  });

  it('lets an asynchronous schema take its time', async () => {
    const claims = z.object({ tenant: z.string().transform(async (name) => `${name}!`) });
    const verifier = createVerifier({ ...issuer.verifierOptions, claims });
    const token = await issuer.token({ claims: { tenant: 'blue' } });
    expect((await verifier.verify(token)).claims.tenant).toBe('blue!');
    expect((await verifier.verify(token)).claims.tenant).toBe('blue!');
  });

  it('runs the schema once for a token, and anew for another token', async () => {
    const counter = countRuns();
    const verifier = createVerifier({ ...issuer.verifierOptions, claims: counter.schema });
    const token = await issuer.token();
    for (let i = 0; i < 3; i += 1) await verifier.verify(token);
    expect(counter.runs).toBe(1);
    await verifier.verify(await issuer.token());
    expect(counter.runs).toBe(2);
  });

  it('runs the schema each time where tokens are not remembered', async () => {
    const counter = countRuns();
    const verifier = createVerifier({ ...issuer.verifierOptions, claims: counter.schema, tokenCache: false });
    const token = await issuer.token();
    for (let i = 0; i < 3; i += 1) await verifier.verify(token);
    expect(counter.runs).toBe(3);
  });

  it('runs the schema on nothing but a token that is good otherwise', async () => {
    const counter = countRuns();
    const verifier = createVerifier({ ...issuer.verifierOptions, claims: counter.schema });
    expect(await reasonOfCall(verifier.verify(await issuer.token({ expiresInSeconds: -60 })))).toBe('token_expired');
    expect(await reasonOfCall(verifier.verify(await issuer.token({ audience: 'x' })))).toBe('audience_mismatch');
    expect(await reasonOfCall(verifier.verify(await issuer.token({ claims: { cnf: {} } })))).toBe('binding_not_proven');
    expect(counter.runs).toBe(0);
    expect(await reasonOfCall(verifier.verify(await issuer.token()))).toBe('accepted');
    expect(counter.runs).toBe(1);
  });

  it('does not remember that a schema refused a token', async () => {
    covers('H26');
    let isOpen = false;
    const counter = countRuns((value) => (isOpen ? { value } : { issues: [{ message: 'closed' }] }));
    const verifier = createVerifier({ ...issuer.verifierOptions, claims: counter.schema });
    const token = await issuer.token();
    expect(await reasonOfCall(verifier.verify(token))).toBe('claims_rejected');
    expect(await reasonOfCall(verifier.verify(token))).toBe('claims_rejected');
    isOpen = true;
    expect(await reasonOfCall(verifier.verify(token))).toBe('accepted');
    expect(counter.runs).toBe(3);
  });
});

describe('createVerifier, functions of the user that fail', () => {
  const SECRET = 'internal-host.example:5432';
  const fail = (): never => {
    throw new Error(SECRET);
  };

  it.each<[string, Partial<VerifierOptions>, string]>([
    ['a schema that throws', { claims: schemaOf(fail) }, 'claims_schema_failed'],
    ['a schema that rejects', { claims: schemaOf(async () => fail()) }, 'claims_schema_failed'],
    ['a schema that finds issues', { claims: schemaOf(() => ({ issues: [{ message: SECRET }] })) }, 'claims_rejected'],
    ['a schema that gives no object', { claims: schemaOf(() => ({ value: SECRET })) }, 'claims_schema_failed'],
    [
      'a schema with issues that are no array',
      { claims: schemaOf(() => ({ issues: SECRET })) },
      'claims_schema_failed',
    ],
    ['a scope function that throws', { scopesFrom: [fail] }, 'scopes_source_failed'],
    ['a scope function that gives a string', { scopesFrom: [() => SECRET as never] }, 'scopes_source_failed'],
  ])('%s refuses the token with a reason of its own, and tells the client no more', async (_, options, reason) => {
    covers('J20', 'F15');
    const control = createVerifier(issuer.verifierOptions);
    const verifier = createVerifier({ ...issuer.verifierOptions, ...options } as VerifierOptions & { claims: never });
    const token = await issuer.token();
    expect(await reasonOfCall(control.verify(token))).toBe('accepted');
    const error = await errorOf(verifier.verify(token));
    expect(error).toMatchObject({ reason, status: 401, code: 'invalid_token' });
    expect(error.message + error.body + JSON.stringify(error.headers) + JSON.stringify(error)).not.toContain(SECRET);
    expect(verifier.status().tokenCache?.size).toBe(0);
  });

  it('keeps what was thrown, for the log of the server', async () => {
    const verifier = createVerifier({ ...issuer.verifierOptions, scopesFrom: [fail] });
    const error = await errorOf(verifier.verify(await issuer.token()));
    expect(error.cause).toEqual(new Error(SECRET));
    expect(textsOf(error)).toContain(SECRET);
  });

  it('leaves no rejection unhandled when a scope function is asynchronous', async () => {
    covers('J20');
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', note);
    try {
      const verifier = createVerifier({ ...issuer.verifierOptions, scopesFrom: [(async () => fail()) as never] });
      expect(await reasonOfCall(verifier.verify(await issuer.token()))).toBe('scopes_source_failed');
      // Unhandled rejections are told when the queue of microtasks is empty.
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
      for (const listener of others) process.on('unhandledRejection', listener);
    }
  });
});
