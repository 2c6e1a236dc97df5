import { describe, expect, it } from 'vitest';
import { after as goOn } from '../../src/platform/maybe-promise.js';

describe('after', () => {
  it('goes on at once with a value that is there', () => {
    expect(goOn(1, (value) => value + 1)).toBe(2);
  });

  it('goes on with a value when it comes', async () => {
    const next = goOn(Promise.resolve(1), (value) => value + 1);
    expect(next).toBeInstanceOf(Promise);
    await expect(next).resolves.toBe(2);
  });

  it('waits for what comes next, too', async () => {
    await expect(goOn(1, async (value) => value + 1)).resolves.toBe(2);
    await expect(goOn(Promise.resolve(1), async (value) => value + 1)).resolves.toBe(2);
  });

  it('passes a failure on and does not go on', async () => {
    let went = false;
    const next = goOn(Promise.reject<number>(new Error('failed')), () => {
      went = true;
    });
    await expect(next).rejects.toThrow('failed');
    expect(went).toBe(false);
  });
});
