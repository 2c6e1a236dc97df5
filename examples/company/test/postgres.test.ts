import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runCommand, startProgram } from '../../../test/support/child-program.js';
import { CompanyWorld, DASHBOARD_ORIGIN, describeCompany } from '../../../test/support/company-world.js';
import { describeOrders, NASTY_TEXTS } from '../../../test/support/orders-contract.js';
import { describePostgres, POSTGRES_PASSWORD, PostgresServer } from '../../../test/support/postgres-server.js';
import { describeDatabase, isPostgresUrl, openOrders } from '../database/open-orders.js';
import type { Orders } from '../database/orders.js';

const PAGE = { after: 0, limit: 50 };
const LONG = 60_000;
const SERVER_PROCESS = new URL('../server-process.ts', import.meta.url);

describeCompany('orders in SQLite', () => {
  let folder: string;
  let count = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orders-test-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  describeOrders(async () => {
    count += 1;
    const databaseFile = join(folder, `${count}.sqlite`);
    const again = () => openOrders({ databaseFile, log: () => {} });
    return { orders: await again(), again };
  });
});

describeCompany('DATABASE_URL', () => {
  it('is named without user and password, in every form that is taken', () => {
    expect(describeDatabase(undefined)).toBe('SQLite, in a temporary file');
    expect(describeDatabase('postgres://ada:secret@db.example:5433/orders?password=secret')).toBe(
      'PostgreSQL, at db.example:5433/orders',
    );
    expect(describeDatabase('postgresql:///orders?host=/run/postgresql&user=ada&password=secret')).toBe(
      'PostgreSQL, at /run/postgresql/orders',
    );
  });

  it('is refused, and not quoted, where a part of the password would be taken for the host', async () => {
    const open = (databaseUrl: string) => openOrders({ databaseFile: '', databaseUrl, log: () => {} });
    const bad = ['mysql://u:secret@h/d', 'secret', 'postgres://u:12/secret@h/d', 'postgres://u:12#secret@h/d'];
    for (const url of [...bad, 'postgres://u:12?secret@h/d', 'postgres://u:se/cret@h/d']) {
      const error: Error = await open(url).then(
        () => expect.unreachable(),
        (reason) => reason,
      );
      expect(error.message).toMatch(/^DATABASE_URL must be a URL of PostgreSQL/);
      expect(`${error.stack}`).not.toContain('secret');
    }
    expect(isPostgresUrl('postgres://u:12%2Fsecret@h/d')).toBe(true);
    const orders = await open('postgres://u:12%2Fsecret@h/d');
    await orders.close();
  });

  it('that is wrong ends npm run company with a line that says so, and does not quote it', async () => {
    const { code, stdout, stderr } = await startProgram('examples/company/main.ts', {
      env: { PORT: '0', DATABASE_URL: 'mysql://u:secret@h/d' },
    }).ended;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^DATABASE_URL must be a URL of PostgreSQL.*\n$/);
    expect(stderr).not.toContain('secret');
  });
});

describeCompany('the driver of a database', () => {
  it.each([
    ['pg', 'postgres://name@127.0.0.1:9/orders'],
    ['node-sqlite3-wasm', undefined],
  ])('%s is loaded only where it is needed', async (driver, databaseUrl) => {
    const folder = await mkdtemp(join(tmpdir(), 'orders-test-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const options = { databaseFile: join(folder, 'orders.sqlite'), databaseUrl };
    const { href } = new URL('../database/open-orders.ts', import.meta.url);
    const program = `
      import { createRequire } from 'node:module';
      const { openOrders } = await import('${href}');
      await openOrders({ ...${JSON.stringify(options)}, log: console.log });
      console.log(Object.keys(createRequire('${href}').cache).join('\\n'));
      process.exit();`;
    const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program];
    const { stdout, stderr } = await runCommand(process.execPath, args);
    expect(stderr).toBe('');
    const loaded = new Set(
      [...stdout.matchAll(/database\/node_modules\/(pg|node-sqlite3-wasm)\//g)].map(([, name]) => name),
    );
    expect([...loaded]).toEqual([driver]);
  });
});

describeCompany('a database that does not answer', () => {
  it('is given up after a time', async () => {
    const { PostgresOrders } = await import('../database/postgres-orders.js');
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as { port: number };
    const url = `postgres://name:secret@127.0.0.1:${port}/orders`;
    const orders = new PostgresOrders({ url, connectMilliseconds: 50, onLost: () => {} });
    onTestFinished(() => orders.close());
    await expect(orders.list('acme', PAGE)).rejects.toMatchObject({ name: 'DatabaseUnavailable' });
  });
});

describePostgres('PostgreSQL', () => {
  describeCompany('behind examples/company', () => {
    let postgres: PostgresServer;
    beforeAll(async () => {
      postgres = await PostgresServer.start();
    }, LONG);
    afterAll(() => postgres?.close(), LONG);

    const log: string[] = [];
    const open = (databaseUrl: string) =>
      openOrders({ databaseFile: '/nowhere/orders.sqlite', databaseUrl, log: (line) => log.push(line) });

    describe('orders', () => {
      describeOrders(async () => {
        const url = await postgres.createDatabase();
        return { orders: await open(url), again: () => open(url) };
      });
    });

    it('makes its schema and first orders once, by however many connections at a time', async () => {
      const url = await postgres.createDatabase();
      const many = await Promise.all(Array.from({ length: 8 }, () => open(url)));
      onTestFinished(async () => {
        await Promise.all(many.map((orders) => orders.close()));
      });
      const lists = await Promise.all(many.map((orders) => orders.list('acme', PAGE)));
      for (const list of lists) expect(list.map(({ item }) => item)).toEqual(['tea', 'cups']);
      expect(await postgres.query(url, 'SELECT count(*) FROM orders')).toEqual(['3']);
    });

    it('keeps to ten connections, however many ask', async () => {
      const url = await postgres.createDatabase();
      const orders = await opened(url);
      await Promise.all(Array.from({ length: 60 }, () => orders.list('acme', PAGE)));
      const sql =
        'SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
      expect(Number((await postgres.query(url, sql))[0])).toBeGreaterThan(1);
      expect(Number((await postgres.query(url, sql))[0])).toBeLessThanOrEqual(10);
    });

    it('does not take what the server says of a question for an outage', async () => {
      const url = await postgres.createDatabase();
      const orders = await opened(url);
      const error = orders.create('acme', { item: 'x', quantity: 1.5, note: '' }, 'bo');
      await expect(error).rejects.toMatchObject({ name: 'error', code: '22P02' });
      expect(await orders.create('acme', { item: 'x', quantity: 1, note: '' }, 'bo')).toMatchObject({ quantity: 1 });
    });

    it.each([
      ['a wrong password', (url: string) => url.replace(/:[^:@]+@/, ':wrong@'), '28P01'],
      ['a database that is not there', (url: string) => url.replace('/orders_', '/nothing_'), '3D000'],
      ['a socket that is not there', (url: string) => `${url}/nowhere`, 'ENOENT'],
    ])('says that it cannot be asked with %s, and the log has no password', async (_, change, code) => {
      const world = await CompanyWorld.start();
      onTestFinished(() => world.close());
      const url = await postgres.createDatabase();
      const { access_token: token } = await world.signIn('ada', { scope: 'orders:read' });
      const bad = await world.startOrdersApi(world.verifier, change(url));
      const answer = await world.call(token, `${bad}/orders`);
      expect(answer).toMatchObject({ status: 503, text: '{"error":"database_unavailable"}' });
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(JSON.parse(world.log.at(-1) ?? '')).toMatchObject({ event: 'database_unavailable', code });
      const good = await world.startOrdersApi(world.verifier, url);
      expect((await world.call(token, `${good}/orders`)).status).toBe(200);
      for (const password of [POSTGRES_PASSWORD, encodeURIComponent(POSTGRES_PASSWORD), 'wrong@']) {
        expect(world.said.filter((text) => text.includes(password))).toEqual([]);
      }
    });

    it(
      'is stopped and started: 503 in between, nothing lost, and the process lives',
      async () => {
        const world = await CompanyWorld.start();
        onTestFinished(() => world.close());
        const ordersApi = await world.startOrdersApi(world.verifier, await postgres.createDatabase());
        const { access_token: token } = await world.signIn('ada', { scope: 'orders:read orders:write orders:report' });
        const order = { item: 'pens', quantity: 2 };
        const url = `${ordersApi}/orders`;
        const { body: kept } = await world.call(token, url, order);
        onTestFinished(() => postgres.start());
        await postgres.stop();

        const calls = [
          [url],
          [`${url}/${kept.id}`],
          [url, order],
          [`${url}/${kept.id}/cancel`, {}],
          [`${ordersApi}/report`],
        ];
        for (const [to = '', body] of calls as [string, unknown][]) {
          const answer = await world.call(token, to, body);
          expect(answer).toMatchObject({ status: 503, text: '{"error":"database_unavailable"}' });
          expect(answer.headers.get('www-authenticate')).toBeNull();
        }
        const events = world.log.map((line) => JSON.parse(line).event);
        expect(new Set(events)).toEqual(new Set(['database_connection_lost', 'database_unavailable']));
        expect((await world.fetch(`${ordersApi}/health`)).status).toBe(200);
        expect((await world.call('none', url)).status, 'who may not ask is told so first').toBe(401);

        await postgres.start();
        expect((await world.call(token, `${url}/${kept.id}`)).body).toEqual(kept);
        expect((await world.call(token, url, order)).status).toBe(201);
      },
      LONG,
    );

    it('stands still: it is given up after a time, while it answers and while it is left', async () => {
      const { PostgresOrders } = await import('../database/postgres-orders.js');
      const url = await postgres.createDatabase();
      const orders = new PostgresOrders({ url, answerMilliseconds: 1000, onLost: () => {} });
      await Promise.all([orders.list('acme', PAGE), orders.list('acme', PAGE)]);
      const name = new URL(url).pathname.slice(1);
      const others = `SELECT pid FROM pg_stat_activity WHERE datname = '${name}' AND pid <> pg_backend_pid()`;
      const pids = (await postgres.query(url, others)).map(Number);
      onTestFinished(() => {
        for (const pid of pids) process.kill(pid, 'SIGCONT');
      });
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      expect(pids).not.toEqual([]);
      await expect(orders.list('acme', PAGE)).rejects.toMatchObject({ name: 'DatabaseUnavailable' });
      await orders.close();
    });

    it(
      'is down when the API starts: the schema is made as soon as it is up',
      async () => {
        const url = await postgres.createDatabase();
        await postgres.stop();
        const orders = await opened(url);
        await expect(orders.list('acme', PAGE)).rejects.toMatchObject({ name: 'DatabaseUnavailable' });
        await postgres.start();
        expect(await orders.list('acme', PAGE)).toHaveLength(2);
      },
      LONG,
    );

    it('serves the orders API through HTTP: tenants apart, SQL as data, and a 404 for what is another company’s', async () => {
      const world = await CompanyWorld.start();
      onTestFinished(() => world.close());
      const databaseUrl = await postgres.createDatabase();
      const url = `${await world.startOrdersApi(world.verifier, databaseUrl)}/orders`;
      const [ada, cleo] = await Promise.all(
        ['ada', 'cleo'].map(
          async (name) => (await world.signIn(name, { scope: 'orders:read orders:write' })).access_token,
        ),
      );
      for (const text of NASTY_TEXTS) {
        const created = await world.call(ada, url, { item: text, quantity: 1, note: text });
        expect(created).toMatchObject({ status: 201, body: { item: text, note: text, createdBy: 'ada' } });
        expect((await world.call(ada, `${url}/${created.body.id}`)).body).toEqual(created.body);
        expect((await world.call(cleo, `${url}/${created.body.id}`)).status).toBe(404);
        expect((await world.call(cleo, `${url}/${created.body.id}/cancel`, {})).status).toBe(404);
      }
      const items = async (token = '') =>
        (await world.call(token, url)).body.orders.map((one: { item: string }) => one.item);
      expect(await items(cleo)).toEqual(['copper wire']);
      expect(await items(ada)).toEqual(['tea', 'cups', ...NASTY_TEXTS]);
      expect((await world.call(ada, `${url}/${Number.MAX_SAFE_INTEGER}`)).status).toBe(404);
      expect(await world.call(ada, url, { item: 'half \ud83d', quantity: 1 })).toMatchObject({
        status: 400,
        body: { issues: [{ path: 'item' }] },
      });
      expect(await postgres.query(databaseUrl, 'SELECT count(*) FROM orders')).toEqual([`${3 + NASTY_TEXTS.length}`]);
    });

    it(
      'is shared by two processes of the orders API that start at once',
      async () => {
        const databaseUrl = await postgres.createDatabase();
        const world = await CompanyWorld.start();
        onTestFinished(() => world.close());
        const { issuer } = world.authorizationServer;
        const common = { port: 0, issuer, dashboardOrigin: DASHBOARD_ORIGIN, databaseFile: '/nowhere/orders.sqlite' };
        const origins = await Promise.all(
          [0, 1].map(() => startOrdersProcess({ name: 'orders-api', ...common, databaseUrl })),
        );
        const { access_token: token } = await world.signIn('ada', { scope: 'orders:read orders:write' });
        const lists = await Promise.all(origins.map((origin) => world.call(token, `${origin}/orders`)));
        expect(lists.map(({ body }) => body.orders.length)).toEqual([2, 2]);
        expect(await postgres.query(databaseUrl, 'SELECT count(*) FROM orders')).toEqual(['3']);
        const { body } = await world.call(token, `${origins[0]}/orders`, { item: 'pens', quantity: 2 });
        expect((await world.call(token, `${origins[1]}/orders/${body.id}`)).body).toEqual(body);
      },
      LONG,
    );

    it.skipIf(process.platform !== 'linux')(
      'is used by npm run company, and only the process of the orders API is told where it is',
      async () => {
        const databaseUrl = await postgres.createDatabase();
        const company = startProgram('examples/company/main.ts', { env: { PORT: '0', DATABASE_URL: databaseUrl } });
        onTestFinished(async () => {
          await company.end('SIGKILL');
        });
        const stdout = await company.untilItSays(/kill -CONT \d+\n/);
        expect(stdout).toContain(`The orders are in ${describeDatabase(databaseUrl)}.\n`);
        expect(stdout).toContain('] 2 orders of acme, 1 open with 3 items.');
        expect(await postgres.query(databaseUrl, 'SELECT count(*) FROM orders')).toEqual(['3']);

        const [main = ''] = await childrenOf(process.pid, 'examples/company/main.ts');
        const servers = await childrenOf(Number(main), 'server-process');
        expect(servers.length).toBeGreaterThanOrEqual(3);
        const environments = await Promise.all(servers.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8')));
        expect(await readFile(`/proc/${main}/environ`, 'utf8')).toContain('DATABASE_URL=');
        expect(environments.filter((text) => text.includes('DATABASE_URL'))).toEqual([]);
        const { stdout: all, stderr, code } = await company.end('SIGTERM');
        expect([code, stderr]).toEqual([0, '']);
        for (const password of [POSTGRES_PASSWORD, encodeURIComponent(POSTGRES_PASSWORD)])
          expect(all).not.toContain(password);
      },
      LONG,
    );

    async function opened(url: string): Promise<Orders> {
      const orders = await open(url);
      onTestFinished(() => orders.close());
      return orders;
    }
  });
});

async function startOrdersProcess(role: object): Promise<string> {
  const child: ChildProcess = fork(SERVER_PROCESS, {
    execArgv: ['--import', import.meta.resolve('tsx')],
    silent: true,
  });
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  child.send(role);
  const [{ origin }] = (await once(child, 'message')) as [{ origin: string }];
  return origin;
}

/** The processes that one has started, with this in their command line. */
async function childrenOf(pid: number, command: string): Promise<readonly string[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const children: string[] = [];
  for (const one of all) {
    const read = (file: string) => readFile(`/proc/${one}/${file}`, 'utf8').catch(() => '');
    const isChild = new RegExp(`^PPid:\\s+${pid}$`, 'm').test(await read('status'));
    if (isChild && (await read('cmdline')).includes(command)) children.push(one);
  }
  return children;
}
