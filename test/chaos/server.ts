import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { createGuard, createVerifier, type IssuerOptions, type VerifierOptions } from '../../dist/index.js';
import { AUDIENCE, DURATIONS, REFETCH_BURST, SCOPE, SOURCES, type Source } from './durations.js';
import { findServerFault, type ServerFault } from './server-faults.js';

/*
 * A process of its own: an Express API that is guarded in three ways, as a user writes it. With the name of a fault it is
 * wrong in one thing, which the oracle has to see.
 */

export interface ServerSettings {
  readonly name: string;
  readonly base: string;
  readonly clockAheadMs: number;
  readonly fault?: string | undefined;
}

export interface ServerFigures {
  /** The longest time for which the event loop did not turn, while the process was computing. */
  readonly blockMs: number;
  /** After the garbage was collected. */
  readonly heapMiB: number;
  readonly rssMiB: number;
}

// Full within a minute or two, so that a long run shows what grows without a bound.
const CACHED = 500;
const CLIENT = { clientId: 'orders-api', clientSecret: 'secret', cacheMax: CACHED };

const settings = JSON.parse(process.argv[2] ?? '{}') as ServerSettings;
const fault: ServerFault = findServerFault(settings.fault);
const app = express();

fault.prepare?.(app);
for (const source of SOURCES) app.use(`/${source}`, guardedApi(source));
app.get('/open/orders', handler('open'));

function guardedApi(source: Source): express.Router {
  const verifier = createVerifier(optionsOf(source));
  const guard = createGuard(verifier, fault.answers === undefined ? {} : { errors: 'next' });
  const router = express.Router();
  router.get('/orders', fault.ignoresScopes ? guard() : guard(SCOPE), handler(source));
  if (fault.answers !== undefined) router.use(fault.answers as ErrorRequestHandler);
  return router;
}

function handler(source: string): RequestHandler {
  return (_req, res) => void res.json({ served: source });
}

function optionsOf(source: Source): VerifierOptions {
  const options: VerifierOptions = {
    issuer: issuerOf(source),
    audience: AUDIENCE,
    clockToleranceSeconds: DURATIONS.clockTolerance,
    tokenCache: { max: CACHED },
    clock: () => Date.now() + settings.clockAheadMs,
    fetch: (input, init) => {
      const headers = { ...(init?.headers as Record<string, string>), 'x-chaos-server': settings.name };
      return fetch(input, { ...init, headers });
    },
    keys: {
      maxAgeSeconds: DURATIONS.maxAge,
      staleIfErrorSeconds: DURATIONS.staleIfError,
      fetchTimeoutSeconds: DURATIONS.timeout,
      refetchEverySeconds: DURATIONS.refetchEvery,
      refetchBurst: REFETCH_BURST,
    },
    dangerouslyAllowInsecureHttp: true,
  };
  return fault.options?.(options) ?? options;
}

function issuerOf(source: Source): IssuerOptions {
  const issuer = `${settings.base}/${source}`;
  if (source === 'discovery') return { issuer };
  if (source === 'direct') return { issuer, jwksUri: `${issuer}/keys` };
  const { cache: cacheSeconds, timeout: timeoutSeconds } = DURATIONS;
  return { issuer, introspection: { ...CLIENT, cacheSeconds, timeoutSeconds } };
}

// What another process takes is left out: a block counts by the processor time, where that is less than the time.
let blockMs = 0;
let turnedAt = performance.now();
let usedAt = usedMs();
function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
setInterval(() => {
  const [now, used] = [performance.now(), usedMs()];
  blockMs = Math.max(blockMs, Math.min(now - turnedAt, used - usedAt));
  turnedAt = now;
  usedAt = used;
}, 1);

function figures(): ServerFigures {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const taken = blockMs;
  blockMs = 0;
  turnedAt = performance.now();
  usedAt = usedMs();
  return { blockMs: taken, heapMiB: heapUsed / 1024 / 1024, rssMiB: rss / 1024 / 1024 };
}

const server = createServer({ keepAliveTimeout: 600_000 }, app).listen(0, '127.0.0.1', () => {
  blockMs = 0;
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on('message', () => process.send?.(figures()));
process.once('disconnect', () => process.exit());
