import { createHook } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isObserved } from '../../src/platform/diagnostics.js';
import { listen } from './listen.js';
import { compareStates, countOpenResources, findLeftOpen, readProcessState } from './process-state.js';

const noop = () => {};

describe('what a file of tests may leave behind', () => {
  let restore = noop;
  afterEach(() => restore());

  it.each<[what: string, change: () => () => void, name: string | RegExp]>([
    [
      'a global',
      () => {
        Object.assign(globalThis, { leftover: 1 });
        return () => Reflect.deleteProperty(globalThis, 'leftover');
      },
      'globalThis.leftover',
    ],
    [
      'another fetch',
      () => {
        const { fetch } = globalThis;
        globalThis.fetch = async () => new Response();
        return () => {
          globalThis.fetch = fetch;
        };
      },
      'globalThis.fetch',
    ],
    [
      'a method of a prototype',
      () => {
        Object.assign(Array.prototype, { leftover: noop });
        return () => Reflect.deleteProperty(Array.prototype, 'leftover');
      },
      'Array.prototype.leftover',
    ],
    [
      'another Math.random',
      () => {
        const spy = vi.spyOn(Math, 'random');
        return () => spy.mockRestore();
      },
      'Math.random',
    ],
    [
      'a variable of the environment',
      () => {
        process.env['LEFTOVER'] = '1';
        return () => Reflect.deleteProperty(process.env, 'LEFTOVER');
      },
      'process.env.LEFTOVER',
    ],
    [
      'a listener of the process',
      () => {
        process.on('exit', noop);
        return () => process.off('exit', noop);
      },
      /^process\.on\('exit'\)/,
    ],
    [
      'fake timers',
      () => {
        vi.useFakeTimers({ toFake: ['setTimeout'] });
        return () => vi.useRealTimers();
      },
      'fake timers',
    ],
    [
      'a subscriber',
      () => {
        subscribe('scopegate:fetch', noop);
        expect(isObserved('scopegate:fetch')).toBe(true);
        return () => unsubscribe('scopegate:fetch', noop);
      },
      'a subscriber of scopegate:fetch',
    ],
    [
      'a hook that watches promises',
      () => {
        const hook = createHook({ init: noop }).enable();
        return () => hook.disable();
      },
      'a hook that watches promises',
    ],
  ])('%s is found, and is not once it is gone', async (_, change, name) => {
    const before = readProcessState();
    expect(compareStates(before, readProcessState())).toEqual([]);
    restore = change();
    expect(compareStates(before, readProcessState())).toContainEqual(
      typeof name === 'string' ? name : expect.stringMatching(name),
    );
    restore();
    // Node.js stops to watch promises a moment later.
    await setImmediate();
    expect(compareStates(before, readProcessState())).toEqual([]);
  });

  it('an open server is found, and is not once it is closed', async () => {
    const before = countOpenResources();
    const server = await listen(createServer());
    expect(findLeftOpen(before)).toEqual(['TCPServerWrap']);
    await server.close();
    while (findLeftOpen(before).length > 0) await setImmediate();
  });

  it('a timer is found, and is not once it is cleared', () => {
    const before = countOpenResources();
    const timer = setTimeout(noop, 60_000);
    expect(findLeftOpen(before)).toEqual(['Timeout']);
    clearTimeout(timer);
    expect(findLeftOpen(before)).toEqual([]);
  });
});
