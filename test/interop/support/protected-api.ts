import { createServer } from 'node:http';
import express from 'express';
import {
  type AccessToken,
  createGuard,
  createVerifier,
  type RefusalReason,
  type Verifier,
  type VerifierOptions,
} from '../../../src/index.js';
import { listen } from '../../support/listen.js';

/** What a handler saw of the access token. */
export type Seen = Pick<
  AccessToken<Readonly<Record<string, unknown>>>,
  'issuer' | 'subject' | 'clientId' | 'scopes' | 'audience' | 'claims' | 'expiresAt'
>;

/** What came of a request. */
export interface Outcome {
  readonly status: number;
  readonly reason: RefusalReason | undefined;
  /** Undefined where no handler ran. */
  readonly seen: Seen | undefined;
}

/** An Express API: `/read` needs the scope `read`, `/write` the scope `write`. */
export interface ProtectedApi {
  readonly verifier: Verifier;
  /** What the verifier asked its issuer, as `POST /introspect`. */
  readonly asked: readonly string[];
  /** Why the last request was refused, for the server's side. */
  readonly detail: string;
  get(path: '/read' | '/write', token: string): Promise<Outcome>;
  /** Moves the clock of the verifier. */
  advance(seconds: number): void;
  close(): Promise<void>;
}

/** Starts an API whose verifier has these options. Its clock is that of the system, moved by what `advance` was told. */
export async function startApi(options: VerifierOptions): Promise<ProtectedApi> {
  const asked: string[] = [];
  let movedBy = 0;
  const verifier = createVerifier({
    dangerouslyAllowInsecureHttp: true,
    clock: () => Date.now() + movedBy,
    fetch: (input, init) => {
      asked.push(`${init?.method ?? 'GET'} ${new URL(String(input)).pathname}`);
      return fetch(input, init);
    },
    ...options,
  });
  const refusals: { reason: RefusalReason; detail: string }[] = [];
  const seen: Seen[] = [];
  const guard = createGuard(verifier, { onRefusal: (refusal) => refusals.push(refusal) });
  const app = express();
  for (const scope of ['read', 'write']) {
    const handler = guard(scope, (req, res) => {
      seen.push(req.auth);
      res.json({});
    });
    app.get(`/${scope}`, handler);
  }
  const server = await listen(createServer(app));
  return {
    verifier,
    asked,
    get detail() {
      return refusals.at(-1)?.detail ?? '';
    },
    async get(path, token) {
      refusals.length = 0;
      seen.length = 0;
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      await response.text();
      return { status: response.status, reason: refusals.at(-1)?.reason, seen: seen.at(-1) };
    },
    advance(seconds) {
      movedBy += seconds * 1000;
    },
    async close() {
      await server.close();
      verifier.close();
    },
  };
}
