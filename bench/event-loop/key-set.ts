import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVerifier } from '../../dist/index.js';
import { sendResult } from '../lib/programs.js';

// How long a large key set stops the event loop: when it is fetched first, and when it is fetched again unchanged.

const KEYS = 1000;
const ROUNDS = 15;
const BITS = 2048;

/** Numbers like moduli. A key of such a one is imported as any other, and takes no minute to be made. */
function toMember(_: unknown, index: number): object {
  const modulus = randomBytes(BITS / 8);
  modulus.writeUInt8(modulus.readUInt8(0) | 0x80, 0);
  modulus.writeUInt8(modulus.readUInt8(BITS / 8 - 1) | 1, BITS / 8 - 1);
  return { kty: 'RSA', kid: `key-${index}`, use: 'sig', alg: 'RS256', n: modulus.toString('base64url'), e: 'AQAB' };
}

interface Watched {
  /** The longest time between two turns of the event loop. */
  readonly blockMs: number;
  /** The most that the process used of the processor between two turns: it leaves out what other processes took. */
  readonly blockCpuMs: number;
  readonly tookMs: number;
}

async function watch(work: () => Promise<unknown>): Promise<Watched> {
  let [blockMs, blockCpuMs, isOver] = [0, 0, false];
  const startedAt = performance.now();
  let turnedAt = startedAt;
  let cpuAt = cpuMs();
  const turn = () => {
    const [now, cpu] = [performance.now(), cpuMs()];
    blockMs = Math.max(blockMs, now - turnedAt);
    blockCpuMs = Math.max(blockCpuMs, cpu - cpuAt);
    turnedAt = now;
    cpuAt = cpu;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);

  await work();
  isOver = true;
  turn();
  return { blockMs, blockCpuMs, tookMs: performance.now() - startedAt };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function listen(document: string): Promise<Server> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(document);
  });
  return once(server.listen(0, '127.0.0.1'), 'listening').then(() => server);
}

const document = JSON.stringify({ keys: Array.from({ length: KEYS }, toMember) });
const server = await listen(document);
const { port } = server.address() as AddressInfo;
const rounds: { readonly first: Watched; readonly again: Watched }[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const jwksUri = `http://127.0.0.1:${port}/jwks`;
  const verifier = createVerifier({
    issuer: { issuer: 'https://login.example.com', jwksUri },
    audience: 'https://orders.example.com',
    dangerouslyAllowInsecureHttp: true,
  });
  const first = await watch(() => verifier.ready());
  const again = await watch(() => verifier.refresh());
  if (verifier.status().issuers[0]?.keys.length !== KEYS) throw new Error('the keys were not imported');
  await verifier.close();
  rounds.push({ first, again });
}
server.close();

const least = (what: 'first' | 'again', of: keyof Watched) =>
  Math.round(Math.min(...rounds.map((round) => round[what][of])) * 10) / 10;
const leastOf = (what: 'first' | 'again') => {
  return { blockMs: least(what, 'blockMs'), blockCpuMs: least(what, 'blockCpuMs'), tookMs: least(what, 'tookMs') };
};
// Other work on the machine only adds time, so the least counts.
const bytes = Buffer.byteLength(document);
sendResult({ keys: KEYS, bytes, rounds: ROUNDS, first: leastOf('first'), again: leastOf('again') });
