import { connect } from 'node:net';

/** A request as it goes over the wire. Text is written byte for byte (latin1), so nothing is repaired on the way. */
export interface RawRequest {
  /** @defaultValue `'GET'` */
  readonly method?: string;
  /** @defaultValue `'/'` */
  readonly target?: string;
  /** Whole header lines, without their line ends. `Host` is added unless one of them names it. */
  readonly lines?: readonly string[];
  readonly body?: string;
}

export interface RawResponse {
  readonly status: number;
  /** By lower-case name, every value in the order of arrival. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
  /** All of the response, as received. */
  readonly text: string;
}

/**
 * Sends one request on a connection of its own and reads until the server ends it. `onConnect` learns the port of this
 * end before anything is sent.
 */
export async function sendRaw(
  port: number,
  request: RawRequest,
  onConnect: (localPort: number) => void = () => {},
): Promise<RawResponse> {
  return parseResponse(await exchange(port, formatRequest(request), onConnect));
}

function formatRequest({ method = 'GET', target = '/', lines = [], body = '' }: RawRequest): Buffer {
  const hasHost = lines.some((line) => /^host *:/i.test(line));
  const head = [
    `${method} ${target} HTTP/1.1`,
    ...(hasHost ? [] : ['Host: api.test']),
    'Connection: close',
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`]),
    ...lines,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

/** Rejects when the connection breaks before anything came back; what came back before is the answer. */
function exchange(port: number, request: Buffer, onConnect: (localPort: number) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const finish = () => resolve(Buffer.concat(chunks).toString('latin1'));
    const socket = connect(port, '127.0.0.1', () => {
      onConnect(socket.localPort ?? 0);
      socket.write(request);
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', finish);
    socket.on('error', (error) => (chunks.length === 0 ? reject(error) : finish()));
  });
}

function parseResponse(text: string): RawResponse {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1];
  if (end === -1 || status === undefined) throw new Error(`no HTTP response: ${JSON.stringify(text)}`);
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  const content = text.slice(end + 4);
  return {
    status: Number(status),
    headers,
    body: headers.has('transfer-encoding') ? joinChunks(content) : content,
    text,
  };
}

/** Reads a body of the transfer coding `chunked` (RFC 9112 §7.1). */
function joinChunks(content: string): string {
  let body = '';
  let rest = content;
  while (rest !== '') {
    const lineEnd = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, lineEnd), 16);
    if (size === 0) return body;
    body += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    rest = rest.slice(lineEnd + 2 + size + 2);
  }
  throw new Error('the last chunk is missing');
}
