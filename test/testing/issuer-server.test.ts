import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IssuerDocuments } from '../../src/testing/issuer-documents.js';
import { IssuerServer } from '../../src/testing/issuer-server.js';

const JWKS = { keys: [] };

let server: IssuerServer;
let documents: IssuerDocuments;
let onAsked: () => void;

beforeEach(async () => {
  server = new IssuerServer();
  await server.open();
  onAsked = () => {};
  documents = new IssuerDocuments(server.origin, () => {
    onAsked();
    return JWKS;
  });
  server.serve(documents);
});
afterEach(() => server.close());

describe('IssuerServer', () => {
  it('serves a documents on a loopback port', async () => {
    expect(server.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const response = await fetch(documents.jwksUri);
    expect(response.headers.get('content-type')).toBe('application/json');
    await expect(response.json()).resolves.toEqual(JWKS);
    expect((await fetch(`${server.origin}/elsewhere`)).status).toBe(404);
  });

  it('is open once, however often it is opened', async () => {
    const { origin } = server;
    await server.open();
    expect(server.origin).toBe(origin);
    expect((await fetch(documents.jwksUri)).status).toBe(200);
  });

  it('refuses connections once it is closed, and is closed once', async () => {
    await server.close();
    await server.close();
    await expect(fetch(documents.jwksUri)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  it('ends the connections that are open when it closes', async () => {
    const { port } = new URL(server.origin);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    const ended = once(socket, 'close');
    // Its answer tells that the server has the connection.
    socket.write('GET /jwks HTTP/1.1\r\nHost: issuer.test\r\n\r\n');
    await once(socket, 'data');
    await server.close();
    await ended;
    expect(socket.destroyed).toBe(true);
  });

  it('opens again at the port that it had', async () => {
    const { origin } = server;
    await server.close();
    await server.open();
    expect(server.origin).toBe(origin);
    await expect((await fetch(documents.jwksUri)).json()).resolves.toEqual(JWKS);
  });

  it('says when its port was taken in the meantime', async () => {
    const { port } = new URL(server.origin);
    await server.close();
    const thief = createServer();
    await new Promise<void>((resolve) => thief.listen(Number(port), '127.0.0.1', resolve));
    await expect(server.open()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await new Promise((resolve) => thief.close(resolve));
  });

  it('answers nothing while the outage is "hang"', async () => {
    const controller = new AbortController();
    const requested = new Promise<void>((resolve) => {
      onAsked = resolve;
    });
    documents.outage = 'hang';
    const fetching = fetch(documents.jwksUri, { signal: controller.signal });
    await requested;
    controller.abort(new Error('enough'));
    await expect(fetching).rejects.toThrow('enough');
  });

  it('breaks the connection in the middle of the body while the outage is "reset"', async () => {
    documents.outage = 'reset';
    const response = await fetch(documents.jwksUri);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow(TypeError);
  });

  it.each([
    ['error', 500],
    ['html', 200],
  ] as const)('answers with the documents while the outage is "%s"', async (outage, status) => {
    documents.outage = outage;
    const response = await fetch(documents.jwksUri);
    expect(response.status).toBe(status);
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });
});
