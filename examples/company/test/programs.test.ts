import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Program, runCommand, startProgram } from '../../../test/support/child-program.js';
import { CompanyWorld, describeCompany } from '../../../test/support/company-world.js';
import { listen } from '../../../test/support/listen.js';
import { NIGHTLY_JOB, PEOPLE } from '../company.js';
import { runNightlyJob } from '../nightly-job.js';

const HAS_CURL = spawnSync('curl', ['--version']).status === 0;

describeCompany('the programs of examples/company', () => {
  let world: CompanyWorld;
  beforeAll(async () => {
    world = await CompanyWorld.start();
  });
  afterAll(() => world.close());

  describe('the nightly job', () => {
    it('counts the orders of its company', async () => {
      const ordersApi = await world.startOrdersApi(world.verifier);
      expect(await runJob({ ordersApi })).toEqual({ ended: 'well', message: '2 orders of acme, 1 open with 3 items.' });
    });

    it('counts all of them where there are more than one page', async () => {
      const ordersApi = await world.startOrdersApi(world.verifier);
      const { access_token: token } = await world.signIn('ada', { scope: 'orders:write' });
      const order = { item: 'one of many', quantity: 1 };
      for (let count = 0; count < 100; count += 1) await world.call(token, `${ordersApi}/orders`, order);
      expect((await runJob({ ordersApi })).message).toBe('102 orders of acme, 101 open with 103 items.');
    });

    it('says what to do about a 401, a 403 and a 503 of the API', async () => {
      const distrusting = await world.startOrdersApi(world.createVerifier('http://127.0.0.1:9'));
      expect(await runJob({ ordersApi: distrusting })).toEqual({
        ended: 'refused',
        message: 'The orders API does not take the token of the job. Its log says why.',
      });
      expect(await runJob({ scope: '' })).toEqual({
        ended: 'refused',
        message: 'The job lacks the scope orders:read. Let it ask for that, and allow it to have it.',
      });
      const closed = world.createVerifier();
      closed.close();
      const later = await runJob({ ordersApi: await world.startOrdersApi(closed) });
      expect(later.ended).toBe('later');
      expect(later.message).toMatch(/^The orders API cannot check tokens now. Run the job again in \d+ seconds.$/);
    });

    it('says so when a gateway in between answers with a page, or nothing is there', async () => {
      const gateway = await listen(createServer((_, res) => res.writeHead(502).end('<h1>Bad gateway</h1>')));
      onTestFinished(() => gateway.close());
      const origin = `http://127.0.0.1:${gateway.port}`;
      expect(await runJob({ issuer: origin })).toEqual({
        ended: 'later',
        message: 'The authorization server gave no token, but 502.',
      });
      expect(await runJob({ ordersApi: origin })).toEqual({
        ended: 'later',
        message: 'The orders API answered 502. Run the job again later.',
      });
      await gateway.close();
      expect(await runJob({ ordersApi: origin })).toEqual({
        ended: 'later',
        message: 'The orders API cannot be reached. Run the job again later.',
      });
    });

    it('says what to do about a wrong secret, and about a scope that it may not have', async () => {
      expect(await runJob({ clientSecret: 'wrong' })).toEqual({
        ended: 'refused',
        message: 'The authorization server does not know nightly-job by this secret.',
      });
      expect(await runJob({ scope: 'orders:write' })).toEqual({
        ended: 'refused',
        message: 'nightly-job may not have the scope orders:write. Somebody has to allow it.',
      });
    });

    function runJob(options: Partial<Parameters<typeof runNightlyJob>[0]>) {
      const { issuer } = world.authorizationServer;
      return runNightlyJob({ issuer, ordersApi: world.ordersApi, clientSecret: world.secrets.nightlyJob, ...options });
    }
  });

  describe('npm run company', () => {
    it.each(['SIGINT', 'SIGTERM'] as const)(
      'starts a process a server, and ends them all on %s',
      async (signal) => {
        const company = startCompany();
        const stdout = await company.untilItSays(END_OF_GUIDE);
        const origins = readOrigins(stdout);
        expect(origins).toHaveLength(4);
        expect(stdout).toContain(`[${NIGHTLY_JOB.id}] 2 orders of acme, 1 open with 3 items.`);
        expect(stdout).not.toContain('EXPECTED');
        const statuses = await Promise.all(origins.map(async (origin) => (await fetch(origin)).status));
        expect(statuses, 'the dashboard alone has something at its root').toEqual([200, 404, 404, 404]);
        expect(await company.end(signal)).toMatchObject({ code: 0, signal: null, stderr: '' });
        for (const origin of origins) await expect(fetch(origin)).rejects.toThrow();
      },
      60_000,
    );

    it('ends when a server has ended by itself, and says so', async () => {
      const company = startCompany();
      const stdout = await company.untilItSays(END_OF_GUIDE);
      process.kill(Number(/kill -HUP (\d+)/.exec(stdout)?.[1]), 'SIGKILL');
      expect(await company.ended).toMatchObject({ code: 1, stderr: 'A server ended by itself.\n' });
      for (const origin of readOrigins(stdout)) await expect(fetch(origin)).rejects.toThrow();
    }, 60_000);

    it.skipIf(!HAS_CURL)(
      'prints lines to paste that answer what it says, with a new key and without the authorization server',
      async () => {
        const company = startCompany();
        const stdout = await company.untilItSays(END_OF_GUIDE);
        const lines = stdout.split('\n').filter((line) => line.startsWith('    '));
        expect(lines).toHaveLength(7);
        const [token, orders, create, staff, rotate, stop, goOn] = lines;
        const pasted = [token, orders, create, staff, rotate, orders, stop, orders, goOn].join('\n');
        const { stdout: answers } = await runCommand('sh', ['-c', pasted]);
        const statuses = [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
        expect(statuses).toEqual([200, 403, 401, 200, 200]);
        await company.untilItSays(/signs with a new key/);

        const secrets = [...stdout.matchAll(/^ {2}\w+ +(\S{16}) /gm), ...stdout.matchAll(/nightly-job:(\S+)/g)];
        expect(secrets).toHaveLength(PEOPLE.length + 1);
        const { stdout: all } = await company.end('SIGINT');
        const logged = all.split('\n').filter((line) => line.startsWith('['));
        expect(logged.filter((line) => line.includes('"refused"')).length).toBeGreaterThan(4);
        for (const [, secret = ''] of secrets) expect(logged.filter((line) => line.includes(secret))).toEqual([]);
      },
      60_000,
    );

    const END_OF_GUIDE = /kill -CONT \d+\n/;

    function startCompany(): Program {
      const company = startProgram('examples/company/main.ts', { env: { PORT: '0' } });
      onTestFinished(async () => {
        await company.end('SIGKILL');
      });
      return company;
    }

    function readOrigins(stdout: string): readonly string[] {
      return [...stdout.matchAll(/^\w[\w ]+? {2,}(http:\S+)$/gm)].map(([, origin = '']) => origin);
    }
  });
});
