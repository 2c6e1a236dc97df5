import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { describe } from 'vitest';

const run = promisify(execFile);

const DEBIAN_VERSIONS = '/usr/lib/postgresql';
const PROGRAMS = findPrograms();
const IS_SKIPPED = PROGRAMS === undefined && process.env['CI'] !== 'true';

/** Like `describe`. Skipped visibly where PostgreSQL is not installed, but never in CI. */
export function describePostgres(name: string, declare: () => void): void {
  const note = IS_SKIPPED ? ": skipped, needs PostgreSQL's server (Debian's package postgresql)" : '';
  describe.skipIf(IS_SKIPPED)(name + note, declare);
}

/** The password of its one user, with characters that a URL has to escape. */
export const POSTGRES_PASSWORD = 'p@ss/w#rd?';

/** A cluster of PostgreSQL in a temporary folder, which listens on a socket in it and nowhere else. */
export class PostgresServer {
  readonly #programs: string;
  readonly #folder: string;
  readonly #user: User | undefined;
  #process: ChildProcess | undefined;
  #databases = 0;

  private constructor(programs: string, folder: string, user: User | undefined) {
    this.#programs = programs;
    this.#folder = folder;
    this.#user = user;
  }

  static async start(): Promise<PostgresServer> {
    if (PROGRAMS === undefined) throw new Error('There is no initdb. Install the package postgresql.');
    const folder = await mkdtemp(join(tmpdir(), 'postgres-test-'));
    const user = await findUser();
    if (user !== undefined) await chown(folder, user.uid, user.gid);
    const server = new PostgresServer(PROGRAMS, folder, user);
    await server.#create();
    await server.start();
    return server;
  }

  /** Starts again after `stop`. Does nothing where it runs. */
  async start(): Promise<void> {
    if (this.#process?.exitCode === null) return;
    const settings = ['listen_addresses=', `unix_socket_directories=${this.#folder}`, 'fsync=off', 'lc_messages=C'];
    const args = ['-D', join(this.#folder, 'data'), ...settings.flatMap((setting) => ['-c', setting])];
    const started = spawn(join(this.#programs, 'postgres'), args, {
      ...this.#user,
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = started;
    const said: string[] = [];
    for await (const line of createInterface({ input: started.stderr })) {
      said.push(line);
      // Goes on reading, so that it never has to wait for a reader.
      if (line.endsWith('ready to accept connections')) return void started.stderr.resume();
    }
    throw new Error(`PostgreSQL did not start: ${said.join('\n')}`);
  }

  /** Ends every connection, and then itself. */
  async stop(): Promise<void> {
    const stopped = this.#process;
    if (stopped === undefined || stopped.exitCode !== null) return;
    const ended = once(stopped, 'exit');
    stopped.kill('SIGINT');
    await ended;
  }

  /** Creates an empty database, and gives its URL. */
  async createDatabase(): Promise<string> {
    this.#databases += 1;
    const name = `orders_${this.#databases}`;
    await this.#run('createdb', ['-h', this.#folder, '-U', 'postgres', name]);
    return `postgresql://postgres:${encodeURIComponent(POSTGRES_PASSWORD)}@localhost/${name}?host=${this.#folder}`;
  }

  /** Runs SQL in the database of a URL, and gives the rows as text, a line each. */
  async query(databaseUrl: string, sql: string): Promise<readonly string[]> {
    const database = new URL(databaseUrl).pathname.slice(1);
    const { stdout } = await this.#run('psql', [
      ...['-h', this.#folder, '-U', 'postgres', '-d', database],
      ...['--no-psqlrc', '--tuples-only', '--no-align', '-v', 'ON_ERROR_STOP=1', '-c', sql],
    ]);
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** Stops it and removes all that it wrote. */
  async close(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #create(): Promise<void> {
    const passwordFile = join(this.#folder, 'password');
    await writeFile(passwordFile, POSTGRES_PASSWORD, { mode: 0o600 });
    if (this.#user !== undefined) await chown(passwordFile, this.#user.uid, this.#user.gid);
    await this.#run('initdb', [
      ...['-D', join(this.#folder, 'data'), '-U', 'postgres', `--pwfile=${passwordFile}`],
      ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync'],
    ]);
  }

  #run(program: string, args: readonly string[]) {
    const env = { ...process.env, PGPASSWORD: POSTGRES_PASSWORD };
    return run(join(this.#programs, program), args, { ...this.#user, cwd: this.#folder, env });
  }
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL does not run as root. */
async function findUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'nobody'])).stdout)),
  );
  return { uid, gid } as User;
}

/** The folder with the newest programs of the server: Debian has one a version, others have them on the path. */
function findPrograms(): string | undefined {
  const versions = existsSync(DEBIAN_VERSIONS) ? readdirSync(DEBIAN_VERSIONS).map(Number) : [];
  const ofDebian = versions.sort((one, other) => other - one).map((version) => join(DEBIAN_VERSIONS, `${version}/bin`));
  const ofPath = (process.env['PATH'] ?? '').split(':');
  return [...ofDebian, ...ofPath].find((folder) => existsSync(join(folder, 'initdb')));
}
