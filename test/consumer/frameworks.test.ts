import { cp } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Consumer, installProject } from './install.js';

interface Answer {
  readonly status: number;
  readonly challenge: string | null;
  readonly body: string;
}

type Answers = Readonly<Record<'good' | 'foreign' | 'lacking' | 'missing', Answer>>;

const STATUSES = { good: 200, foreign: 401, lacking: 403, missing: 401 } as const;
const REQUESTS = Object.keys(STATUSES) as (keyof Answers)[];

const REALM = 'Bearer realm="https://api.test"';
const CHALLENGES: Readonly<Record<keyof Answers, unknown>> = {
  good: null,
  foreign: expect.stringMatching(
    /^Bearer realm="https:\/\/api\.test", error="invalid_token", error_description="[^"]+"$/,
  ),
  lacking: expect.stringMatching(/ error="insufficient_scope", .*scope="orders:read"$/),
  missing: REALM,
};

let consumer: Consumer;
let answers: Readonly<Record<string, Answers>>;

beforeAll(async () => {
  consumer = await installProject('frameworks');
  await cp(fileURLToPath(new URL('fixtures/frameworks', import.meta.url)), consumer.path, { recursive: true });
  answers = (await consumer.runJson('uncaught.mjs')) as typeof answers;
});

afterAll(() => consumer?.remove());

describe('a refusal that nobody catches', () => {
  it.each(['express', 'koa', 'fastify', 'hono', 'nest'])('has the right status in %s, and leaks nothing', (name) => {
    const given = answers[name] as Answers;
    for (const request of REQUESTS) expect([request, given[request].status]).toEqual([request, STATUSES[request]]);
    expect(JSON.parse(given.good.body)).toEqual({ subject: 'test-user' });
    // The details are for the server's log: the other audience, the scopes that were granted.
    for (const request of REQUESTS) expect(given[request].body).not.toMatch(/other\.test|\bat .*\.js:\d/);
  });

  it.each(['express', 'koa', 'fastify', 'hono'])('RFC 6750 §3: has its challenge in %s', (name) => {
    const given = answers[name] as Answers;
    for (const request of REQUESTS) expect(given[request].challenge).toEqual(CHALLENGES[request]);
  });

  it('is the whole answer of the contract in hono', () => {
    const { foreign, missing } = answers['hono'] as Answers;
    expect(JSON.parse(foreign.body)).toEqual({ error: 'invalid_token', error_description: expect.any(String) });
    expect(missing.body).toBe('{}');
  });
});
