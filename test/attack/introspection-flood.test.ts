import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVerifier, type HttpRequest, type Verifier } from '../../src/index.js';
import type { IntrospectionOptions } from '../../src/issuer/introspection-options.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { verdictOf } from '../support/clients.js';
import { covers } from '../support/covers.js';
import { thorough } from '../support/thorough.js';

const ISSUER = 'https://issuer.test';
const AUDIENCE = 'https://api.test';
/** How long the endpoint takes for each token. With 100 requests in flight it answers 200 a second. */
const ENDPOINT_MS = 500;
const STEP_MS = 20;
const FLOOD_SECONDS = thorough(5, 2);

/** A kind of client: what it sends, how often, and what became of it. */
interface Load {
  readonly perSecond: number;
  readonly request: (count: number) => HttpRequest;
  readonly verdicts: string[];
}

beforeEach(() => {
  // Time passes when a test says so.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => vi.useRealTimers());

const withToken = (token: string, from: Partial<HttpRequest>): HttpRequest => {
  return { headers: { authorization: `Bearer ${token}` }, ...from };
};
const made = (prefix: string, perSecond: number, from: (count: number) => Partial<HttpRequest>): Load => {
  return { perSecond, request: (count) => withToken(`${prefix}-${count}`, from(count)), verdicts: [] };
};

/** Tokens that begin with `good` are active. Those that begin with `slow` take as long as the deadline lets them. */
function open(introspection: Partial<IntrospectionOptions> = {}) {
  const clock = new TestClock(1_800_000_000_000);
  const answer = async (_url: unknown, init?: RequestInit) => {
    const token = new URLSearchParams(String(init?.body)).get('token') ?? '';
    await new Promise((resolve) => setTimeout(resolve, token.startsWith('slow') ? 60_000 : ENDPOINT_MS));
    return Response.json(token.startsWith('good') ? { active: true, aud: AUDIENCE, sub: token } : { active: false });
  };
  const credentials = { endpoint: `${ISSUER}/introspect`, clientId: 'api', clientSecret: 'secret' };
  const verifier = createVerifier({
    issuer: { issuer: ISSUER, introspection: { ...credentials, ...introspection } as IntrospectionOptions },
    audience: AUDIENCE,
    tokenCache: false,
    clock: clock.now,
    fetch: answer as typeof fetch,
  });
  return { verifier, clock };
}

async function pass(clock: TestClock, ms: number): Promise<void> {
  clock.advance(ms / 1000);
  await vi.advanceTimersByTimeAsync(ms);
}

/** Sends all loads at once for some seconds, and waits for every answer. */
async function run({ verifier, clock }: { verifier: Verifier; clock: TestClock }, loads: readonly Load[]) {
  const calls: Promise<unknown>[] = [];
  for (let ms = 0; ms < FLOOD_SECONDS * 1000; ms += STEP_MS) {
    for (const { perSecond, request, verdicts } of loads) {
      const due = Math.floor(((ms + STEP_MS) * perSecond) / 1000) - Math.floor((ms * perSecond) / 1000);
      for (let i = 0; i < due; i += 1) {
        const call = verdictOf(verifier.authenticate(request(calls.length)));
        calls.push(call.then((verdict) => verdicts.push(verdict)));
      }
    }
    await pass(clock, STEP_MS);
  }
  for (let ms = 0; ms < 6000; ms += 100) await pass(clock, 100);
  await Promise.all(calls);
}

const shareOf = ({ verdicts }: Load, verdict = 'accepted') =>
  verdicts.filter((one) => one === verdict).length / verdicts.length;

describe('J: a flood of made-up opaque tokens from one source', () => {
  it.each(thorough([300, 600, 2000], [600]))(
    'of %i a second: 95 in 100 new tokens of another source are answered',
    async (perSecond) => {
      covers('J23');
      const api = open();
      const flood = made('made-up', perSecond, () => ({ ip: '192.0.2.1' }));
      const good = made('good', 20, () => ({ ip: '198.51.100.7' }));
      await run(api, [flood, good]);
      expect(shareOf(good)).toBeGreaterThanOrEqual(0.95);
      // The flood gets what is left, and 503 for the rest: its tokens are not said to be bad.
      expect(new Set(flood.verdicts)).toEqual(new Set(['token_inactive', 'introspection_unavailable']));
      expect(api.verifier.status().issuers[0]?.introspection).toMatchObject({ inFlight: 0, waiting: 0 });
    },
  );

  it('the control: from the same source good tokens are 503 like all others', async () => {
    covers('J23');
    const api = open();
    const flood = made('made-up', 600, () => ({ ip: '192.0.2.1' }));
    const good = made('good', 20, () => ({ ip: '192.0.2.1' }));
    await run(api, [flood, good]);
    expect(shareOf(good)).toBeLessThan(0.6);
  });

  it.each<[string, Partial<HttpRequest>, Partial<HttpRequest>]>([
    [
      'by the address of the connection',
      { socket: { remoteAddress: '192.0.2.1' } },
      { socket: { remoteAddress: '::1' } },
    ],
    [
      'by ip before the address of a proxy',
      { ip: '192.0.2.1', socket: { remoteAddress: '::1' } },
      { ip: '192.0.2.2', socket: { remoteAddress: '::1' } },
    ],
  ])('sources are told apart %s', async (_, bad, other) => {
    covers('J23');
    const api = open();
    const good = made('good', 20, () => other);
    await run(api, [made('made-up', 600, () => bad), good]);
    expect(shareOf(good)).toBeGreaterThanOrEqual(0.95);
  });

  it('RFC 6177 §2: addresses of one IPv6 network of 56 bits are one source', async () => {
    covers('J23');
    const api = open();
    const good = made('good', 20, () => ({ ip: '2001:db8:0:100::1' }));
    const flood = made('made-up', 600, (count) => ({
      ip: `2001:db8::${(count % 256).toString(16)}:0:0:0:1`.replace('::', ':0:'),
    }));
    await run(api, [flood, good]);
    expect(shareOf(good)).toBeGreaterThanOrEqual(0.95);
  });

  it('sourceOf tells sources apart that share an address', async () => {
    covers('J23');
    const api = open({ sourceOf: ({ url }) => url });
    const good = made('good', 20, () => ({ ip: '192.0.2.1', url: '/good' }));
    await run(api, [made('made-up', 600, () => ({ ip: '192.0.2.1', url: '/bad' })), good]);
    expect(shareOf(good)).toBeGreaterThanOrEqual(0.95);
  });

  it('tokens that were active before are asked about first, whatever the sources of the flood', async () => {
    covers('J23');
    const api = open();
    const known = Array.from({ length: 80 }, (_, i) => withToken(`good-${i}`, { ip: '198.51.100.7' }));
    const first = Promise.all(known.map((request) => verdictOf(api.verifier.authenticate(request))));
    await pass(api.clock, ENDPOINT_MS);
    expect(new Set(await first)).toEqual(new Set(['accepted']));
    // Their answers are too old.
    await pass(api.clock, 60_000);

    const flood = made('made-up', 600, (count) => ({ ip: `10.0.${count >> 8}.${count & 255}` }));
    let next = 0;
    const returning: Load = { perSecond: 15, request: () => known[next++] as HttpRequest, verdicts: [] };
    const fresh = made('good-new', 20, (count) => ({ ip: `198.51.100.${count & 127}` }));
    await run(api, [flood, returning, fresh]);
    expect(shareOf(returning)).toBeGreaterThanOrEqual(0.95);
    // Nobody can tell a new token of a source that is new from the made-up ones of sources that are new.
    expect(shareOf(fresh)).toBeLessThan(0.6);
  });

  it('a token that a flood brings, too, is answered in the turn of the other source', async () => {
    covers('J23');
    const api = open();
    const flood = made('made-up', 600, () => ({ ip: '192.0.2.1' }));
    const shared: Load = {
      perSecond: 20,
      request: (count) => withToken(`good-${count >> 4}`, { ip: '192.0.2.1' }),
      verdicts: [],
    };
    const good: Load = {
      perSecond: 20,
      request: (count) => withToken(`good-${count >> 4}`, { ip: '198.51.100.7' }),
      verdicts: [],
    };
    await run(api, [flood, shared, good]);
    expect(shareOf(good)).toBeGreaterThanOrEqual(0.95);
  });

  it('tokens that the endpoint is slow for keep no places of others, and are no outage for them', async () => {
    covers('J23', 'J24');
    const api = open();
    const good = made('good', 10, () => ({ ip: '198.51.100.7' }));
    await run(api, [made('slow', 600, () => ({ ip: '192.0.2.1' })), good]);
    expect(shareOf(good)).toBeGreaterThanOrEqual(0.95);
  });

  it('no message of the queue names a token or a source', async () => {
    covers('J23');
    const api = open({ maxInFlight: 1 });
    const calls = [1, 2, 3].map((i) =>
      api.verifier.authenticate(withToken(`made-up-${i}`, { ip: '192.0.2.1' })).catch((e) => e),
    );
    await pass(api.clock, 10_000);
    const errors = await Promise.all(calls);
    const late = errors.find(({ reason }) => reason === 'introspection_unavailable');
    expect(late).toMatchObject({ retryAfterSeconds: 1, detail: '1 requests are in flight, and too many wait' });
    expect(JSON.stringify([errors, api.verifier.status()])).not.toMatch(/made-up|192\.0\.2/);
  });
});
