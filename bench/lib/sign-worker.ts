import { parentPort, workerData } from 'node:worker_threads';
import { createSigner, type SigningKey } from './tokens.js';

const { key, from, count } = workerData as { key: SigningKey; from: number; count: number };
const sign = createSigner(key);
const tokens = Array.from({ length: count }, (_, i) => sign(from + i));
parentPort?.postMessage(tokens.join('\n'));
