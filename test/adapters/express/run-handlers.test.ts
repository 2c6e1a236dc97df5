import { beforeEach, describe, expect, it } from 'vitest';
import type { NextFunction } from '../../../src/adapters/express/guard.js';
import { type AnyHandler, runHandlers } from '../../../src/adapters/express/run-handlers.js';
import { covers } from '../../support/covers.js';

const REQ = { name: 'request' };
const RES = { name: 'response' };

let ran: string[];
/** What the router was told, in order: the arguments of each call of its `next`. */
let told: unknown[][];

beforeEach(() => {
  ran = [];
  told = [];
});

const router: NextFunction = (...given) => told.push(given);
const run = (...handlers: readonly AnyHandler[]) => runHandlers(handlers, REQ, RES, router);

function handler(name: string, act: (next: NextFunction) => unknown = (next) => next()): AnyHandler {
  return (_req, _res, next) => {
    ran.push(name);
    return act(next);
  };
}

/** Lets everything that is due by promises happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('runHandlers', () => {
  it('goes on at once where there are no handlers', () => {
    run();
    expect(told).toEqual([[]]);
  });

  it('gives every handler the request and the response', () => {
    const seen: unknown[] = [];
    const look: AnyHandler = (req, res, next) => {
      seen.push(req, res);
      next();
    };
    run(look, look);
    expect(seen).toEqual([REQ, RES, REQ, RES]);
  });

  it('runs one after the other and then goes on, without an error', () => {
    run(handler('a'), handler('b'), handler('c'));
    expect(ran).toEqual(['a', 'b', 'c']);
    expect(told).toEqual([[undefined]]);
  });

  it('stops at a handler that does not go on', async () => {
    run(
      handler('a'),
      handler('b', () => {}),
      handler('c'),
    );
    await settled();
    expect(ran).toEqual(['a', 'b']);
    expect(told).toEqual([]);
  });

  it('goes on when a handler does so later', async () => {
    run(
      handler('a', (next) => setImmediate(next)),
      handler('b'),
    );
    expect(ran).toEqual(['a']);
    await settled();
    expect(ran).toEqual(['a', 'b']);
    expect(told).toEqual([[undefined]]);
  });

  it('waits for no promise: a handler goes on when it calls next', async () => {
    run(
      handler('a', async (next) => {
        next();
        await settled();
        ran.push('rest of a');
      }),
      handler('b'),
    );
    expect(ran).toEqual(['a', 'b']);
    await settled();
    await settled();
    expect(ran).toEqual(['a', 'b', 'rest of a']);
    expect(told).toEqual([[undefined]]);
  });

  const failure = new Error('a bug');
  it.each<[how: string, act: (next: NextFunction) => unknown]>([
    [
      'throws',
      () => {
        throw failure;
      },
    ],
    ['rejects', () => Promise.reject(failure)],
    [
      'rejects later',
      async () => {
        await settled();
        throw failure;
      },
    ],
    ['gives an error to next', (next) => next(failure)],
    ['gives an error to next later', (next) => setImmediate(next, failure)],
  ])('tells the router, once, when a handler %s, and runs no other', async (_, act) => {
    covers('J20');
    run(handler('a'), handler('b', act), handler('c'));
    await settled();
    await settled();
    expect(ran).toEqual(['a', 'b']);
    expect(told).toEqual([[failure]]);
  });

  it.each([['route'], ['router']])("leaves next('%s') to the router", (word) => {
    run(
      handler('a', (next) => next(word)),
      handler('b'),
    );
    expect(ran).toEqual(['a']);
    expect(told).toEqual([[word]]);
  });

  it('tells the router when a handler rejects after it went on', async () => {
    covers('J20');
    run(
      handler('a', (next) => {
        next();
        return Promise.reject(failure);
      }),
      handler('b', () => {}),
    );
    await settled();
    expect(ran).toEqual(['a', 'b']);
    expect(told).toEqual([[failure]]);
  });

  it.each([[undefined], [null], [false], [0], [-0], [Number.NaN], [0n], ['']])(
    'takes a rejection with %s for an error, as Express 5 does, and not for a call of next',
    async (reason) => {
      covers('J20');
      run(
        handler('a', () => Promise.reject(reason)),
        handler('b'),
      );
      await settled();
      expect(ran).toEqual(['a']);
      expect(told).toEqual([[expect.any(Error)]]);
    },
  );
});
