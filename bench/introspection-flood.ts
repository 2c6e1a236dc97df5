import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createGuard, createVerifier } from '../dist/index.js';
import { endProgram, nextMessage, sendResult, startProgram } from './lib/programs.js';
import { quantile } from './lib/statistics.js';

/*
 * Does a flood of made-up opaque tokens keep the new tokens of others out?
 *
 * An Express API, an introspection endpoint that takes 500 ms for each token, and two clients, each a process of its own, over
 * real connections in real time. One client sends made-up tokens, the other new good ones, from addresses of their own
 * or from the same one: Linux has all of 127.0.0.0/8.
 *
 * Needs a machine with little else to do: four processes of Node.js and 1,200 requests a second.
 *
 *   npm run build && node --import ./bench/load-typescript.mjs bench/introspection-flood.ts
 */
const ENDPOINT_MS = 500;
const SECONDS = 10;
const GOOD_PER_SECOND = 20;
// A flood opens many connections at once.
const BACKLOG = 4096;
const AUDIENCE = 'https://api.test';

interface Answers {
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p95: number;
}

const [role = 'main', ...args] = process.argv.slice(2);
if (role === 'endpoint') runEndpoint();
else if (role === 'client') await runClient(args as [string, string, string, string]);
else await runAll();

function runEndpoint(): void {
  const server = createServer(async (req, res) => {
    const token = new URLSearchParams(Buffer.concat(await req.toArray()).toString()).get('token') ?? '';
    const active = { active: true, aud: AUDIENCE, sub: 'alice', scope: 'read' };
    const answer = JSON.stringify(token.startsWith('good') ? active : { active: false });
    setTimeout(() => res.setHeader('content-type', 'application/json').end(answer), ENDPOINT_MS);
  });
  server.keepAliveTimeout = 60_000;
  server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () =>
    process.send?.({ port: (server.address() as AddressInfo).port }),
  );
}

/** Sends tokens at a steady rate, and hands over what came of them. */
async function runClient([port, prefix, perSecond, localAddress]: [string, string, string, string]): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const statuses: Record<string, number> = {};
  const times: number[] = [];
  const total = Number(perSecond) * SECONDS;

  const ask = (count: number) =>
    new Promise<void>((resolve) => {
      const sentAt = performance.now();
      const settle = (status: string) => {
        statuses[status] = (statuses[status] ?? 0) + 1;
        times.push(performance.now() - sentAt);
        resolve();
      };
      const headers = { authorization: `Bearer ${prefix}-${count}` };
      get({ port, host: '127.0.0.1', path: '/orders', localAddress, agent, headers }, (res) => {
        res.resume().once('end', () => settle(String(res.statusCode)));
      }).once('error', ({ message }) => settle(message));
    });

  const calls: Promise<void>[] = [];
  const startedAt = performance.now();
  while (calls.length < total) {
    const due = Math.min(total, ((performance.now() - startedAt) * Number(perSecond)) / 1000);
    while (calls.length < due) calls.push(ask(calls.length));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(calls);
  agent.destroy();
  process.send?.({ statuses, p50: Math.round(quantile(times, 0.5)), p95: Math.round(quantile(times, 0.95)) });
}

async function runAll(): Promise<void> {
  const results: Awaited<ReturnType<typeof measure>>[] = [];
  for (const perSecond of [1, 300, 600]) results.push(await measure(perSecond, '127.0.0.3'));
  results.push(await measure(600, '127.0.0.2'));
  sendResult(results);
  process.exit();
}

/** A new API, its endpoint, and a flood from 127.0.0.2. */
async function measure(perSecond: number, goodAddress: string) {
  const node = process.execPath;
  const endpoint = startProgram('introspection-flood.ts', { node, args: ['endpoint'] });
  const { port: endpointPort } = await nextMessage<{ port: number }>(endpoint);
  const issuer = `http://127.0.0.1:${endpointPort}`;
  const introspection = { endpoint: `${issuer}/introspect`, clientId: 'api', clientSecret: 'secret' };
  const options = { audience: AUDIENCE, dangerouslyAllowInsecureHttp: true };
  const guard = createGuard(createVerifier({ issuer: { issuer, introspection }, ...options }));

  const app = express().get('/orders', guard('read'), (_req, res) => void res.json({}));
  const api = createServer(app);
  api.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => api.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, resolve));
  const port = String((api.address() as AddressInfo).port);

  const start = (prefix: string, rate: number, address: string) =>
    startProgram('introspection-flood.ts', { node, args: ['client', port, prefix, String(rate), address] });
  const flood = start('made-up', perSecond, '127.0.0.2');
  const client = start('good', GOOD_PER_SECOND, goodAddress);
  const [made, good] = await Promise.all([nextMessage<Answers>(flood), nextMessage<Answers>(client)]);

  await Promise.all([flood, client, endpoint].map(endProgram));
  api.closeAllConnections();
  api.close();
  const share = (good.statuses['200'] ?? 0) / (GOOD_PER_SECOND * SECONDS);
  return { floodPerSecond: perSecond, goodAddress, goodAnswered: share, good, flood: made };
}
