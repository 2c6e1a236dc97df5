import { describe, expect, it } from 'vitest';
import type { Dated } from '../../src/resilience/last-good.js';
import { type Fetched, type RefreshCause, Refreshing, Unavailable } from '../../src/resilience/refreshing.js';
import { TestClock } from '../../src/testing/test-clock.js';
import { rejectionsDuring } from '../support/rejections.js';

interface Held {
  readonly cause: RefreshCause;
  readonly resolve: (value: string, order?: number) => void;
  readonly reject: (error: Error) => void;
}

const BOOM = new Error('boom');
const settle = () => new Promise(setImmediate);

/** A value whose fetches are held until a test settles them. */
function open() {
  const clock = new TestClock(1_800_000_000_000);
  const held: Held[] = [];
  const events: unknown[] = [];
  const refreshing: Refreshing<string> = new Refreshing<string>({
    clock: clock.now,
    staleIfErrorSeconds: 50,
    timeoutSeconds: 5,
    fetch: (cause) =>
      new Promise<Fetched<string>>((resolve, reject) => {
        const answer = (value: string, order?: number) =>
          resolve({ value, maxAgeSeconds: 100, ...(order !== undefined && { order }) });
        held.push({ cause, resolve: answer, reject });
      }),
    onSuccess: (value) => events.push([refreshing.last?.value, value]),
    onFailure: (cause) => events.push([cause, refreshing.failures]),
  });
  const load = async (value: string) => {
    const loading = refreshing.load();
    held.at(-1)?.resolve(value);
    expect(await loading).toBe(value);
  };
  return { clock, refreshing, held, events, load };
}

describe('Refreshing', () => {
  it('is empty, then fresh, then stale, then empty again', async () => {
    const { clock, refreshing, load } = open();
    const seen = () => [refreshing.state, refreshing.current(), refreshing.last?.value, refreshing.ageSeconds()];
    expect(seen()).toEqual(['empty', undefined, undefined, undefined]);
    await load('first');
    expect(seen()).toEqual(['fresh', 'first', 'first', 0]);
    clock.advance(100);
    expect(seen()).toEqual(['stale', 'first', 'first', 100]);
    clock.advance(50);
    expect(seen()).toEqual(['empty', undefined, 'first', 150]);
  });

  it('fetches once for all who wait, on account of there being nothing', async () => {
    const { refreshing, held } = open();
    const waiting = [refreshing.load(), refreshing.load()];
    expect(refreshing.underWay).toBe(waiting[0]);
    held[0]?.resolve('first');
    expect(await Promise.all(waiting)).toEqual(['first', 'first']);
    expect(held.map(({ cause }) => cause)).toEqual(['empty']);
  });

  it('looks without effect, and fetches in the background when told to and a value in use is past its age', async () => {
    const { clock, refreshing, held, load } = open();
    refreshing.refreshIfDue();
    expect(held).toHaveLength(0);
    await load('first');
    clock.advance(99.999);
    refreshing.refreshIfDue();
    expect([held.length, refreshing.isDue()]).toEqual([1, false]);
    clock.advance(0.001);
    expect([refreshing.current(), refreshing.isDue(), held.length]).toEqual(['first', true, 1]);
    refreshing.refreshIfDue();
    refreshing.refreshIfDue();
    expect(held.map(({ cause }) => cause)).toEqual(['empty', 'age']);
    expect(refreshing.isDue()).toBe(false);
    held[1]?.resolve('second');
    await settle();
    expect(refreshing.current()).toBe('second');
  });

  it('does not fetch in the background for a value that is too old to be used', async () => {
    const { clock, refreshing, held, load } = open();
    await load('first');
    clock.advance(150);
    refreshing.refreshIfDue();
    expect(held).toHaveLength(1);
  });

  it('gives the failure at once until the back-off is over', async () => {
    const { clock, refreshing, held } = open();
    const loading = refreshing.load();
    held[0]?.reject(BOOM);
    expect(await loading).toEqual(new Unavailable(BOOM));
    expect([refreshing.state, refreshing.failures]).toEqual(['failing', 1]);
    expect(refreshing.retryAfterSeconds).toBeGreaterThanOrEqual(0.5);
    expect(refreshing.load()).toBe(refreshing.failure);
    expect(refreshing.backingOff()).toBe(refreshing.failure);
    expect(held).toHaveLength(1);
    clock.advance(1);
    expect(refreshing.backingOff()).toBeUndefined();
    const again = refreshing.load();
    held[1]?.resolve('first');
    expect(await again).toBe('first');
    expect([refreshing.state, refreshing.failures, refreshing.failure]).toEqual(['fresh', 0, undefined]);
  });

  it('lets nobody but the one who started it wait for an attempt after a failure', async () => {
    const { clock, refreshing, held } = open();
    const loading = refreshing.load();
    expect(refreshing.pending).toBe(loading);
    held[0]?.reject(BOOM);
    await loading;
    expect(refreshing.pending).toBeUndefined();
    clock.advance(1);
    const trying = refreshing.load();
    expect([refreshing.pending, refreshing.load()]).toEqual([new Unavailable(BOOM), new Unavailable(BOOM)]);
    expect(refreshing.underWay).toBe(trying);
    held[1]?.resolve('first');
    expect(await trying).toBe('first');
    expect(held).toHaveLength(2);
  });

  it('gives the fetch that it starts in the background', async () => {
    const { clock, refreshing, held, load } = open();
    await load('first');
    expect(refreshing.refreshIfDue()).toBeUndefined();
    const failing = refreshing.refresh('asked');
    held[1]?.reject(BOOM);
    await failing;
    clock.advance(1);
    const retry = refreshing.refreshIfDue();
    held[2]?.resolve('second');
    expect(await retry).toBe('second');
    expect(held.map(({ cause }) => cause)).toEqual(['empty', 'asked', 'retry']);
  });

  it('keeps the last value when a fetch in the background fails, and lets nothing reject', async () => {
    const { clock, refreshing, held, load } = open();
    await load('first');
    clock.advance(100);
    const rejections = await rejectionsDuring(async () => {
      refreshing.refreshIfDue();
      held[1]?.reject(BOOM);
      await settle();
    });
    expect(rejections).toEqual([]);
    expect([refreshing.current(), refreshing.state, refreshing.isDue()]).toEqual(['first', 'failing', false]);
    clock.advance(1);
    expect(refreshing.isDue()).toBe(true);
  });

  it('calls back before a value takes the place of the last, and after a failure was counted', async () => {
    const { refreshing, held, events, load } = open();
    await load('first');
    const [second, third] = [refreshing.refresh('asked'), refreshing.refresh('asked')];
    held[1]?.resolve('second');
    await second;
    held[2]?.reject(BOOM);
    await third;
    expect(events).toEqual([
      [undefined, 'first'],
      ['first', 'second'],
      [BOOM, 1],
    ]);
  });
});

describe('Refreshing, when fetches overtake each other', () => {
  it('an older answer does not undo a newer one', async () => {
    const { refreshing, held, events } = open();
    const [older, newer] = [refreshing.refresh('asked'), refreshing.refresh('asked')];
    held[1]?.resolve('new');
    expect(await newer).toBe('new');
    held[0]?.resolve('old');
    expect(await older).toBe('new');
    expect([refreshing.current(), events.length]).toEqual(['new', 1]);
  });

  it('the order of requests counts, not that of fetches, where they differ', async () => {
    const { refreshing, held } = open();
    const [first, second] = [refreshing.refresh('asked'), refreshing.refresh('asked')];
    held[1]?.resolve('sent first', 1);
    await second;
    held[0]?.resolve('sent second', 2);
    expect(await first).toBe('sent second');
    expect(refreshing.current()).toBe('sent second');
  });

  it('a failure from before the last success says nothing', async () => {
    const { refreshing, held, events } = open();
    const [older, newer] = [refreshing.refresh('asked'), refreshing.refresh('asked')];
    held[1]?.resolve('new');
    await newer;
    held[0]?.reject(BOOM);
    expect(await older).toBe('new');
    expect([refreshing.state, events.length]).toEqual(['fresh', 1]);
  });

  it('an older answer that comes when the newer one is too old, or failed since, gives no value', async () => {
    const { clock, refreshing, held } = open();
    const waiting = [refreshing.refresh('asked'), refreshing.refresh('asked'), refreshing.refresh('asked')];
    held[2]?.resolve('new');
    await waiting[2];
    clock.advance(150);
    held[0]?.resolve('old');
    expect(await waiting[0]).toEqual(new Unavailable(new Error('a later fetch has overtaken it')));
    const failing = refreshing.refresh('asked');
    held[3]?.reject(BOOM);
    await failing;
    held[1]?.resolve('old');
    expect(await waiting[1]).toEqual(new Unavailable(BOOM));
  });
});

describe('Refreshing, that starts with a value from elsewhere', () => {
  const valueFrom = (clock: TestClock): Dated & { value: string } => {
    return { value: 'kept', fetchedAt: clock.now() - 10_000, maxAgeSeconds: 0, staleIfErrorSeconds: 20 };
  };

  it('lets callers wait for it, counts it as due, and fetches nothing by itself', async () => {
    const { clock, refreshing, held } = open();
    refreshing.startWith(Promise.resolve(valueFrom(clock)));
    expect(await refreshing.load()).toBe('kept');
    expect([refreshing.state, refreshing.ageSeconds(), refreshing.isDue(), held.length]).toEqual([
      'stale',
      10,
      true,
      0,
    ]);
    clock.advance(10);
    expect(refreshing.current()).toBeUndefined();
  });

  it('fetches for those who wait when there is none', async () => {
    const { refreshing, held } = open();
    refreshing.startWith(Promise.resolve(undefined));
    const waiting = refreshing.load();
    await settle();
    held[0]?.resolve('first');
    expect(await waiting).toBe('first');
    expect(held.map(({ cause }) => cause)).toEqual(['empty']);
  });

  it('keeps a value that was fetched sooner, and joins a fetch that was started sooner', async () => {
    const one = open();
    const two = open();
    const three = open();
    for (const { refreshing, clock } of [one, two]) {
      refreshing.startWith(
        settle()
          .then(settle)
          .then(() => (refreshing === one.refreshing ? valueFrom(clock) : undefined)),
      );
    }
    const [early, waiting] = [one.refreshing.load(), two.refreshing.load()];
    const fetching = [one.refreshing.refresh('asked'), two.refreshing.refresh('asked')];
    one.held[0]?.resolve('fetched');
    await fetching[0];
    expect(await early).toBe('fetched');
    await settle();
    await settle();
    two.held[0]?.resolve('fetched');
    expect(await waiting).toBe('fetched');
    expect(two.held).toHaveLength(1);

    three.refreshing.startWith(
      settle()
        .then(settle)
        .then(() => undefined),
    );
    const late = three.refreshing.load();
    const failing = three.refreshing.refresh('asked');
    three.held[0]?.reject(BOOM);
    await failing;
    expect(await late).toEqual(new Unavailable(BOOM));
    expect(three.held).toHaveLength(1);
  });
});

describe('Refreshing, when the process was suspended during a fetch', () => {
  it('joins those who waited for it to the fetch that somebody else started', async () => {
    const { clock, refreshing, held } = open();
    const first = refreshing.load();
    clock.advance(3600);
    expect(refreshing.underWay).toBeUndefined();
    const second = refreshing.load();
    held[0]?.reject(BOOM);
    await settle();
    expect([held.length, refreshing.failure]).toEqual([2, undefined]);
    held[1]?.resolve('second');
    expect(await Promise.all([first, second])).toEqual(['second', 'second']);
  });

  it('starts another where nobody did', async () => {
    const { clock, refreshing, held } = open();
    const first = refreshing.load();
    clock.advance(6.001);
    held[0]?.reject(BOOM);
    await settle();
    held[1]?.resolve('second');
    expect(await first).toBe('second');
  });

  it('takes a fetch that failed up to a second after its deadline for a failure', async () => {
    const { clock, refreshing, held } = open();
    const first = refreshing.load();
    clock.advance(6);
    held[0]?.reject(BOOM);
    expect(await first).toBeInstanceOf(Unavailable);
    expect(held).toHaveLength(1);
  });
});
