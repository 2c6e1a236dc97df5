import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { SignJWT } from 'jose';
import type { RefusalReason } from 'scopegate';
import { listen } from '../quickstart/listen.js';
import { createApi, ISSUER, KEYS, ORDERS_API } from './api.js';
import { type Emulator, startEmulator } from './aws/emulator.js';
import { fetchSecrets } from './aws/fetch-secrets.js';

const SECRET_ID = 'orders/jwt-secret-key';
const LONGEST_BACK_OFF_SECONDS = 60;
// What stands in the environment of the old server as JWT_SECRET_KEY, one after the other.
const first = createSecret();
const second = createSecret();
const third = createSecret();
const tokens = { first: await sign(first), second: await sign(second), third: await sign(third) };

let secondsAhead = 0;
const clock = () => Date.now() + secondsAhead * 1000;
let lastReason: RefusalReason | undefined;
let reading: Promise<unknown> = Promise.resolve();

let aws = await startEmulator();
const { app, verifier } = createApi({
  secret: () => {
    const secrets = fetchSecrets(aws.client, SECRET_ID);
    reading = secrets;
    return secrets;
  },
  clock,
  onRefusal: (reason) => {
    lastReason = reason;
  },
});
const api = await listen(createServer(app), 0);

try {
  await aws.createSecret(SECRET_ID, first);
  await step('the secret is fetched with the first token', async () => {
    assert.deepEqual(await call(tokens.first), { status: 200, reason: undefined });
    assert.deepEqual(await call(tokens.second), { status: 401, reason: 'signature_invalid' });
  });

  await step('that there was none before is no failure; that there is none now is one', async () => {
    assert.deepEqual(await fetchSecrets(aws.client, SECRET_ID), [first]);
    await assert.rejects(fetchSecrets(aws.client, 'another/secret'), { name: 'ResourceNotFoundException' });
  });

  await aws.rotate(SECRET_ID, second);
  await step('after a rotation, old and new tokens are accepted, without a restart', async () => {
    await passMaxAge(tokens.first);
    assert.deepEqual(await call(tokens.second), { status: 200, reason: undefined });
    assert.deepEqual(await call(tokens.first), { status: 200, reason: undefined });
  });

  await aws.rotate(SECRET_ID, third);
  await step('after the next rotation, the oldest are refused', async () => {
    await passMaxAge(tokens.second);
    assert.deepEqual(await call(tokens.third), { status: 200, reason: undefined });
    assert.deepEqual(await call(tokens.second), { status: 200, reason: undefined });
    assert.deepEqual(await call(tokens.first), { status: 401, reason: 'signature_invalid' });
  });

  await step('a rotation between the two questions loses no secret', async () => {
    const fourth = createSecret();
    const rotating = rotatingAfterFirstAnswer(aws, fourth);
    assert.deepEqual(await fetchSecrets(rotating, SECRET_ID), [fourth, third]);
  });

  await aws.stop();
  await step('while AWS is down, the last good secrets serve', async () => {
    await passMaxAge(tokens.third);
    await assert.rejects(reading, { code: 'ECONNREFUSED' });
    assert.deepEqual(await call(tokens.third), { status: 200, reason: undefined });
    assert.deepEqual(await call(tokens.first), { status: 401, reason: 'signature_invalid' });
  });

  await step('not for ever: then it is 503, and no token is blamed', async () => {
    secondsAhead += KEYS.staleIfErrorSeconds;
    assert.deepEqual(await call(tokens.third), { status: 503, reason: 'secret_unavailable' });
  });

  aws = await startEmulator(aws.port);
  await aws.createSecret(SECRET_ID, third);
  await step('when AWS is back, so are the secrets', async () => {
    secondsAhead += LONGEST_BACK_OFF_SECONDS;
    assert.deepEqual(await call(tokens.third), { status: 200, reason: undefined });
  });
  console.log('aws-secrets-manager: every answer was as expected');
} finally {
  verifier.close();
  await api.close();
  await aws.stop();
  aws.client.destroy();
}

async function step(name: string, check: () => Promise<void>): Promise<void> {
  await check();
  console.log(`ok  ${name}`);
}

/** Lets the secrets become due. The request that finds out is answered with those at hand; a fetch goes on behind it. */
async function passMaxAge(token: string): Promise<void> {
  secondsAhead += KEYS.maxAgeSeconds;
  assert.equal((await call(token)).status, 200);
  await Promise.allSettled([reading]);
}

function createSecret(): string {
  return randomBytes(48).toString('base64url');
}

/** Signs a token as the old server does. */
function sign(secret: string): Promise<string> {
  return new SignJWT({ scope: 'orders:read' })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(ORDERS_API)
    .setExpirationTime('1 day')
    .sign(Buffer.from(secret));
}

interface Outcome {
  readonly status: number;
  readonly reason: RefusalReason | undefined;
}

async function call(token: string): Promise<Outcome> {
  lastReason = undefined;
  const response = await fetch(`${api.origin}/orders`, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return { status: response.status, reason: lastReason };
}

/** A client during whose first question the secret is rotated. */
function rotatingAfterFirstAnswer({ client, rotate }: Emulator, value: string): Pick<typeof client, 'send'> {
  let hasRotated = false;
  return {
    async send(command) {
      const answer = await client.send(command);
      if (!hasRotated) {
        hasRotated = true;
        await rotate(SECRET_ID, value);
      }
      return answer;
    },
  };
}
