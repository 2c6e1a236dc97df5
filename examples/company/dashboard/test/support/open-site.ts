import { createServer } from 'node:http';
import { listen } from '../../../../../test/support/listen.js';

/** A site of somebody else. Everybody may call it and load from it. */
export interface OpenSite {
  readonly origin: string;
  /** Each request so far, such as `GET /script.js`, and whether it said where it came from. */
  readonly received: string[];
  close(): Promise<void>;
}

/** A file, and its policy if it has one. */
type File = readonly [type: string, content: string, policy?: string];

const FILES: Readonly<Record<string, File>> = {
  '/': ['text/html', '<!doctype html><title>Open</title><h1>Open</h1>'],
  '/script.js': ['text/javascript', 'globalThis.ranForeign = true;'],
  '/style.css': ['text/css', 'body { --foreign: yes; }'],
  '/image.svg': ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'],
  '/events': ['text/event-stream', 'data: one\n\n'],
};

/** @param more - files that it has besides, by path */
export async function openSite(more: Readonly<Record<string, File>> = {}): Promise<OpenSite> {
  const received: string[] = [];
  const server = createServer(({ method, url = '/', headers }, res) => {
    const path = url.split('?')[0] ?? '/';
    received.push(`${method} ${path}${headers.referer === undefined ? '' : ' with a referrer'}`);
    const [type, content, policy] = { ...FILES, ...more }[path] ?? ['application/json', '{}'];
    if (policy !== undefined) res.setHeader('content-security-policy', policy);
    res.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*' }).end(content);
  });
  server.on('upgrade', ({ url }, socket) => {
    received.push(`upgrade ${url}`);
    socket.destroy();
  });
  const { port, close } = await listen(server);
  return { origin: `http://127.0.0.1:${port}`, received, close };
}
