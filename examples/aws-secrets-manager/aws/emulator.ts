import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

// The SDK warns of the Node.js version that its releases of 2027 will need, which is nothing to stop a demonstration.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** An AWS of our own, on a loopback port: moto, which keeps everything in memory. */
export interface Emulator {
  readonly port: number;
  readonly client: SecretsManagerClient;
  createSecret(name: string, value: string): Promise<void>;
  /** Makes this value AWSCURRENT, and the one before it AWSPREVIOUS. */
  rotate(name: string, value: string): Promise<void>;
  /** Ends it at once, and all that it kept is gone. Does nothing when it has ended. */
  stop(): Promise<void>;
}

/** Starts `moto_server`, which must be on PATH, on a free port unless one is given. */
export async function startEmulator(givenPort = 0): Promise<Emulator> {
  const program = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(givenPort)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(program, 'exit');
  async function stop(): Promise<void> {
    if (program.exitCode !== null || program.signalCode !== null) return;
    program.kill('SIGKILL');
    await ended;
  }
  const port = await Promise.race([
    readPort(program.stderr),
    ended.then(([code]) => Promise.reject(new Error(`moto_server ended with status ${code}`))),
  ]);
  // moto takes any credentials. In production the SDK finds those of the role by itself.
  const client = new SecretsManagerClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  });
  return {
    port,
    client,
    async createSecret(name, value) {
      await client.send(new CreateSecretCommand({ Name: name, SecretString: value }));
    },
    async rotate(name, value) {
      await client.send(new PutSecretValueCommand({ SecretId: name, SecretString: value }));
    },
    stop,
  };
}

/** It tells its port when it is ready, and goes on to log every request, which must be read for it not to stall. */
function readPort(stderr: NodeJS.ReadableStream): Promise<number> {
  return new Promise((resolve) => {
    createInterface(stderr).on('line', (line) => {
      const [, port] = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
