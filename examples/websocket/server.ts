import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { accessTokenSignal, isRefusal, type Verifier } from 'scopegate';

/** Creates a server that greets over a WebSocket whoever has a token with the scope events:read, until the token ends. */
export function createEventServer(verifier: Verifier): Server {
  const server = createServer((_, res) => res.writeHead(426, { Upgrade: 'websocket' }).end());
  server.on('upgrade', async (req, socket) => {
    // Node.js hands the bare socket over; without a listener, a client that hangs up would end the process.
    socket.on('error', () => socket.destroy());
    try {
      const accessToken = await verifier.authenticate(req, { policy: 'events:read' });
      accept(req, socket);
      socket.write(textFrame(`hello ${accessToken.subject ?? 'nobody'}`));

      const signal = accessTokenSignal(accessToken, { verifier });
      signal.addEventListener('abort', () => socket.end(closeFrame(signal.reason)));
    } catch (error) {
      refuse(error, socket);
    }
  });
  return server;
}

/** Writes the answer that the error brings along. */
function refuse(error: unknown, socket: Duplex): void {
  if (!isRefusal(error)) {
    socket.destroy();
    return;
  }
  const headers = { ...error.headers, Connection: 'close', 'Content-Length': Buffer.byteLength(error.body) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${error.body}`);
}

/** RFC 6455 §4.2.2. A WebSocket library does this and the next one for you. */
function accept(req: IncomingMessage, socket: Duplex): void {
  const key = `${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n');
  socket.write(`Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}\r\n\r\n`);
}

/** RFC 6455 §5.2: one unmasked text frame, of less than 126 bytes. */
function textFrame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, Buffer.byteLength(text)]), Buffer.from(text)]);
}

/** RFC 6455 §5.5.1, §7.4.1: 1008, a policy is violated. The reason of the signal is the refusal. */
function closeFrame(refusal: unknown): Buffer {
  const text = isRefusal(refusal) ? refusal.reason : 'closed';
  return Buffer.concat([Buffer.from([0x88, text.length + 2, 1008 >> 8, 1008 & 0xff]), Buffer.from(text)]);
}
