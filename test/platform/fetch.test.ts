import { Readable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cancelBody, chunksOf, globalFetch } from '../../src/platform/fetch.js';
import { fetchBytes } from '../../src/platform/fetch-json.js';

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A stream of the web as some runtimes have it: it has no iterator. */
function streamWithoutIterator(chunks: readonly string[]) {
  const left = chunks.map(bytesOf);
  const state = { isCancelled: false };
  const body = {
    getReader: () => ({
      read: async () => (left.length > 0 ? { done: false, value: left.shift() } : { done: true }),
      cancel: async () => {
        state.isCancelled = true;
        throw new Error('cannot be cancelled');
      },
    }),
    cancel: async () => {
      state.isCancelled = true;
      throw new Error('cannot be cancelled');
    },
  };
  return { body, state };
}

async function read(body: object): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(body)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function fetchFrom(body: object | null, status = 200, maxBytes = 100) {
  const fetch = async () => ({ status, headers: new Headers({ etag: '"1"' }), body });
  const { signal } = new AbortController();
  return fetchBytes('https://issuer.test/jwks', { fetch, timeoutSeconds: 5, maxBytes, signal });
}

describe('the body of a response', () => {
  it.each([
    ['of the web', () => new Response('two words').body as object],
    ['of Node.js', () => Readable.from([bytesOf('two '), bytesOf('words')])],
    ['of the web, without an iterator', () => streamWithoutIterator(['two ', 'words']).body],
  ])('is read from a stream %s', async (_, create) => {
    expect(await read(create())).toBe('two words');
    expect((await fetchFrom(create())).bytes?.toString()).toBe('two words');
  });

  it.each([
    ['of Node.js', () => ({ body: Readable.from([bytesOf('a'.repeat(60)), bytesOf('a'.repeat(60))]) })],
    ['of the web, without an iterator', () => streamWithoutIterator(['a'.repeat(60), 'a'.repeat(60)])],
  ])('is cancelled when a stream %s is longer than the limit', async (_, create) => {
    const { body, state } = create() as ReturnType<typeof streamWithoutIterator>;
    await expect(fetchFrom(body)).rejects.toThrow('answered with more than 100 bytes');
    expect(state?.isCancelled ?? (body as unknown as Readable).destroyed).toBe(true);
  });

  it('is cancelled when nobody reads it', async () => {
    const { body, state } = streamWithoutIterator(['nothing']);
    await expect(fetchFrom(body, 500)).rejects.toThrow('answered 500');
    expect(state.isCancelled).toBe(true);

    const stream = Readable.from([bytesOf('nothing')]);
    await expect(fetchFrom(stream, 500)).rejects.toThrow('answered 500');
    expect(stream.destroyed).toBe(true);
    await cancelBody(null);
    await cancelBody({});
  });

  it('may be missing', async () => {
    expect((await fetchFrom(null)).bytes).toEqual(Buffer.alloc(0));
  });
});

describe('globalFetch', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('is the fetch that is global when it is called', async () => {
    const answer = new Response('{}');
    const replaced = vi.fn(async () => answer);
    vi.stubGlobal('fetch', replaced);
    const init = { method: 'GET', headers: {}, redirect: 'manual', signal: new AbortController().signal } as const;
    expect(await globalFetch('https://issuer.test/jwks', init)).toBe(answer);
    expect(replaced).toHaveBeenCalledWith('https://issuer.test/jwks', init);
  });
});
