import { Agent, get } from 'node:http';
import { sendResult } from '../lib/programs.js';
import { readLines } from '../lib/token-pool.js';

// Sends each token of a file once, on so many connections, and ends when all are answered with 200.

export interface TokensToSend {
  readonly port: number;
  readonly connections: number;
  readonly file: string;
  readonly stride: number;
  readonly from: number;
  readonly count: number;
}

const load = JSON.parse(process.argv[2] ?? '{}') as TokensToSend;
const tokens = readLines(load);
const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
await Promise.all(Array.from({ length: load.connections }, sendSome));
agent.destroy();
sendResult({ requests: load.count });

async function sendSome(): Promise<void> {
  for (let token = tokens.pop(); token !== undefined; token = tokens.pop()) await send(token);
}

function send(token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port: load.port, path: '/orders', agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`answered with ${response.statusCode}`));
      response.resume().once('end', resolve);
    });
    request.once('error', reject);
  });
}
