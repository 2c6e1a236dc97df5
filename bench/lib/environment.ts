import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { BENCH, ROOT } from './programs.js';

/** Where the numbers come from. */
export interface Environment {
  readonly node: string;
  readonly openssl: string;
  readonly v8: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly loadGenerator: string;
  readonly versions: Readonly<Record<string, string>>;
}

const PEERS = [
  'aws-jwt-verify',
  'express-jwt',
  'express-oauth2-jwt-bearer',
  'fast-jwt',
  'jwks-rsa',
  'passport',
  'passport-jwt',
];

export function describeEnvironment(node: string): Environment {
  const text = execFileSync(node, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' });
  const versions = JSON.parse(text) as Record<string, string>;
  const inRoot = ['jose', 'express', 'lru-cache'].map((name) => [name, versionOf(`${ROOT}node_modules/${name}`)]);
  const peers = PEERS.map((name) => [name, versionOf(`${BENCH}node_modules/${name}`)]);
  return {
    node: versions['node'] ?? '',
    openssl: versions['openssl'] ?? '',
    v8: versions['v8'] ?? '',
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    loadGenerator: hasWrk() ? 'wrk' : 'autocannon',
    versions: Object.fromEntries([['scopegate', versionOf(ROOT)], ...inRoot, ...peers]),
  };
}

/** Tells whether `wrk` is on the path. */
export function hasWrk(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v wrk'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { version: string }).version;
}
