import { bearerHeaders } from '../support/test-app.js';
import { loadFramework } from './frameworks.js';

/** What came of a request to a program of docs/frameworks.md. */
export interface ProgramAnswer {
  readonly status: number;
  /** Undefined where the protocol has no place for one. */
  readonly challenge?: string | null;
  /** Who the program says has read, if it let the request through. */
  readonly reader?: string | undefined;
}

/** Asks a program for its orders, with a token or without. */
export type ProgramClient = (origin: string, token?: string) => Promise<ProgramAnswer>;

interface OrdersDocument {
  readonly reader?: string;
  readonly result?: { readonly data?: { readonly reader?: string } };
  readonly data?: { readonly reader?: string };
}

const fetchOrders =
  (init: RequestInit = {}): ProgramClient =>
  async (origin, token) => {
    const headers = { ...init.headers, ...(token === undefined ? {} : bearerHeaders(token)) };
    const response = await fetch(`${origin}/orders`, { ...init, headers });
    const document = (await response.json()) as OrdersDocument;
    const reader = document.reader ?? document.result?.data?.reader ?? document.data?.reader;
    return { status: response.status, challenge: response.headers.get('www-authenticate'), reader };
  };

const queryOrders = fetchOrders({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ query: '{ reader }' }),
});

const connectSocketIo: ProgramClient = async (origin, token) => {
  const { io } = await loadFramework('socket.io-client');
  const socket = io(origin, { auth: { token }, transports: ['websocket'], reconnection: false });
  try {
    return await new Promise<ProgramAnswer>((resolve) => {
      socket.on('orders', ({ reader }: { reader: string }) => resolve({ status: 200, reader }));
      socket.on('connect_error', ({ data }: { data: { status: number } }) => resolve({ status: data.status }));
    });
  } finally {
    socket.close();
  }
};

const connectWs: ProgramClient = async (origin, token) => {
  const { WebSocket } = await loadFramework('ws');
  const socket = new WebSocket(origin.replace('http', 'ws'), {
    headers: token === undefined ? {} : bearerHeaders(token),
  });
  try {
    return await new Promise<ProgramAnswer>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (text: Buffer) => resolve({ status: 200, challenge: null, ...JSON.parse(String(text)) }));
      socket.on('unexpected-response', (_req: unknown, res: { statusCode: number; headers: NodeJS.Dict<string> }) => {
        resolve({ status: res.statusCode, challenge: res.headers['www-authenticate'] ?? null });
      });
    });
  } finally {
    socket.terminate();
  }
};

const CLIENTS: Readonly<Record<string, ProgramClient>> = {
  'yoga.ts': queryOrders,
  'apollo.ts': queryOrders,
  'socket-io.ts': connectSocketIo,
  'ws.ts': connectWs,
};

export function clientFor(fileName: string): ProgramClient {
  return CLIENTS[fileName] ?? fetchOrders();
}
