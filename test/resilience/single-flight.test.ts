import { describe, expect, it } from 'vitest';
import { SingleFlight } from '../../src/resilience/single-flight.js';

function open() {
  const flights = new SingleFlight<string, string>();
  const started: { readonly resolve: (value: string) => void; readonly reject: (error: Error) => void }[] = [];
  const start = () => new Promise<string>((resolve, reject) => started.push({ resolve, reject }));
  return { flights, started, start };
}

describe('SingleFlight', () => {
  it('runs one call for all who need the same at one time, and another afterwards', async () => {
    const { flights, started, start } = open();
    const calls = [flights.run('a', start), flights.run('a', start)];
    expect([started.length, flights.size]).toEqual([1, 1]);
    started[0]?.resolve('first');
    expect(await Promise.all(calls)).toEqual(['first', 'first']);
    expect([flights.size, flights.find('a')]).toEqual([0, undefined]);

    const later = flights.run('a', start);
    started[1]?.resolve('second');
    expect(await later).toBe('second');
  });

  it('runs calls for different keys side by side', async () => {
    const { flights, started, start } = open();
    const calls = [flights.run('a', start), flights.run('b', start)];
    expect(flights.size).toBe(2);
    started[1]?.resolve('of b');
    started[0]?.resolve('of a');
    expect(await Promise.all(calls)).toEqual(['of a', 'of b']);
  });

  it('forgets a call that failed', async () => {
    const { flights, started, start } = open();
    const failing = flights.run('a', start);
    started[0]?.reject(new Error('boom'));
    await expect(failing).rejects.toThrow('boom');
    expect(flights.size).toBe(0);
  });

  it('joins the newest call, though an older one settles first', async () => {
    const { flights, started, start } = open();
    const older = flights.run('a', start);
    const newer = flights.restart('a', start);
    expect(flights.find('a')).toBe(newer);
    started[0]?.resolve('old');
    expect(await older).toBe('old');
    expect(flights.run('a', start)).toBe(newer);
    started[1]?.resolve('new');
    expect(await newer).toBe('new');
    expect(flights.size).toBe(0);
  });
});
