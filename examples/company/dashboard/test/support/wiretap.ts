import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request, and its answer, as a server of this process has seen them. */
export interface Exchange {
  /** As in `POST http://127.0.0.1:4000/token`, without the query. */
  readonly call: string;
  readonly origin: string;
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, unknown>>;
  readonly requestBody: () => string;
  readonly status: () => number;
  readonly answerHeaders: () => Readonly<Record<string, unknown>>;
  readonly answerBody: () => string;
}

type Written = Parameters<ServerResponse['write']>[0] | (() => void) | null | undefined;

const CHANNEL = 'http.server.request.start';

/** Keeps all that goes in and out of the servers of this process. */
export class Wiretap {
  readonly exchanges: Exchange[] = [];

  constructor() {
    subscribe(CHANNEL, this.#tap);
  }

  /** Where a text went and came: a line a place, each once. */
  placesOf(text: string): readonly string[] {
    const places = this.exchanges.flatMap((exchange) => {
      const { call, url, requestHeaders, requestBody, answerHeaders, answerBody } = exchange;
      const headers = Object.entries(requestHeaders).map(([name, value]) => [`${name} of`, JSON.stringify(value)]);
      const answered = Object.entries(answerHeaders()).map(([name, value]) => [`${name} from`, JSON.stringify(value)]);
      const parts = [['URL of', url], ...headers, ['body of', requestBody()], ...answered, ['answer of', answerBody()]];
      return parts.filter(([, content]) => content?.includes(text)).map(([place]) => `${place} ${call}`);
    });
    return [...new Set(places)].sort();
  }

  close(): void {
    unsubscribe(CHANNEL, this.#tap);
  }

  readonly #tap = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const asked: Buffer[] = [];
    const answered: Buffer[] = [];
    const push = request.push.bind(request);
    request.push = (chunk, encoding) => {
      if (chunk !== null && chunk !== undefined) asked.push(Buffer.from(chunk));
      return push(chunk, encoding);
    };
    const note = (chunk: Written) => {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) answered.push(Buffer.from(chunk as Buffer));
    };
    const write = response.write.bind(response) as (...args: unknown[]) => boolean;
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
    response.write = (...args: unknown[]) => {
      note(args[0] as Written);
      return write(...args);
    };
    response.end = (...args: unknown[]) => {
      note(args[0] as Written);
      return end(...args);
    };
    const origin = `http://127.0.0.1:${request.socket.localPort}`;
    const url = request.url ?? '';
    this.exchanges.push({
      call: `${request.method} ${origin}${url.split('?')[0]}`,
      origin,
      url,
      requestHeaders: request.headers,
      requestBody: () => Buffer.concat(asked).toString(),
      status: () => response.statusCode,
      answerHeaders: () => ({ ...response.getHeaders() }),
      answerBody: () => Buffer.concat(answered).toString(),
    });
  };
}
