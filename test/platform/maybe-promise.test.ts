import { describe, expect, it } from 'vitest';
import { chain, ignoreRejection } from '../../src/platform/maybe-promise.js';
import { covers } from '../support/covers.js';
import { watchUnhandledRejections } from '../support/rejections.js';

describe('chain', () => {
  it('goes on at once with a value that is there', () => {
    expect(chain(1, (value) => value + 1)).toBe(2);
  });

  it('goes on with a value when it comes', async () => {
    const next = chain(Promise.resolve(1), (value) => value + 1);
    expect(next).toBeInstanceOf(Promise);
    await expect(next).resolves.toBe(2);
  });

  it('waits for what comes next, too', async () => {
    await expect(chain(1, async (value) => value + 1)).resolves.toBe(2);
    await expect(chain(Promise.resolve(1), async (value) => value + 1)).resolves.toBe(2);
  });

  it('passes a failure on and does not go on', async () => {
    let went = false;
    const next = chain(Promise.reject<number>(new Error('failed')), () => {
      went = true;
    });
    await expect(next).rejects.toThrow('failed');
    expect(went).toBe(false);
  });
});

describe('disownPromise', () => {
  it('lets no promise end the process by rejecting', async () => {
    covers('J20');
    const unhandled = watchUnhandledRejections();
    Promise.reject(new Error('nobody’s'));
    await new Promise((resolve) => setImmediate(resolve));
    ignoreRejection(Promise.reject(new Error('disowned')));
    await new Promise((resolve) => setImmediate(resolve));
    unhandled.restore();
    expect(unhandled.reasons.map(String)).toEqual(['Error: nobody’s']);
  });

  it.each([[undefined], [null], [true], ['text']])('lets %j be', (value) => {
    expect(() => ignoreRejection(value)).not.toThrow();
  });
});
