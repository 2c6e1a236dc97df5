import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// @ts-expect-error: it has no types
import requestsOfOidcProvider from 'oidc-provider/lib/helpers/als.js';
import { describe } from 'vitest';
import { AccessCounts } from '../../examples/company/access-report.js';
import { type AuthorizationServer, startAuthorizationServer } from '../../examples/company/authorization-server.js';
import { AUDITOR, createSecrets, DASHBOARD, NIGHTLY_JOB, ORDERS_API } from '../../examples/company/company.js';
import { openOrders } from '../../examples/company/database/open-orders.js';
import { INSTALL, isInstalled } from '../../examples/company/is-installed.js';
import { createManagerServer } from '../../examples/company/manager-server.js';
import { createOrdersApi } from '../../examples/company/orders-api.js';
import { type CompanyVerifier, createCompanyVerifier } from '../../examples/company/verifier.js';
import { browseTo } from '../interop/support/browser.js';
import { listen } from './listen.js';

const IS_SKIPPED = !isInstalled() && process.env['CI'] !== 'true';

/** Like `describe`. Skipped visibly where the packages of the example are not installed, but never in CI. */
export function describeCompany(name: string, declare: () => void): void {
  const note = IS_SKIPPED ? `: skipped, needs ${INSTALL}` : '';
  describe.skipIf(IS_SKIPPED)(name + note, declare);
}

export const DASHBOARD_ORIGIN = 'http://127.0.0.1:4003';

export interface SignIn {
  readonly client?: 'dashboard' | 'auditor';
  readonly scope: string;
  /** @defaultValue the orders API */
  readonly resource?: string;
  /** More APIs, for which tokens can be had by the refresh token. */
  readonly alsoFor?: readonly string[];
}

/** What the token endpoint said. */
export interface TokenAnswer {
  readonly status: number;
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly scope?: string;
  readonly error?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  readonly body: any;
}

/** The servers of examples/company in this process, on free ports, and all that they have said. */
export class CompanyWorld {
  readonly secrets = createSecrets();
  /** Every answer and log line so far. */
  readonly said: string[] = [];
  readonly log: string[] = [];
  readonly counts = new AccessCounts();
  /** Where the pages come from that may call. */
  readonly dashboardOrigin: string;
  readonly #release: (() => unknown)[] = [() => this.counts.close()];
  authorizationServer!: AuthorizationServer;
  verifier!: CompanyVerifier;
  ordersApi!: string;
  managerServer!: string;

  private constructor(dashboardOrigin: string) {
    this.dashboardOrigin = dashboardOrigin;
  }

  static async start(dashboardOrigin = DASHBOARD_ORIGIN): Promise<CompanyWorld> {
    const world = new CompanyWorld(dashboardOrigin);
    world.authorizationServer = await world.startAuthorizationServer(0);
    world.verifier = world.createVerifier();
    world.ordersApi = await world.startOrdersApi(world.verifier);
    world.managerServer = await world.startManagerServer(world.verifier);
    return world;
  }

  startAuthorizationServer(port: number): Promise<AuthorizationServer> {
    return startAuthorizationServer({ port, dashboardOrigin: this.dashboardOrigin, secrets: this.secrets });
  }

  createVerifier(issuer = this.authorizationServer.issuer): CompanyVerifier {
    const verifier = createCompanyVerifier(issuer);
    this.#release.push(() => verifier.close());
    return verifier;
  }

  /** @param databaseUrl - of PostgreSQL; a file of SQLite otherwise */
  async startOrdersApi(verifier: CompanyVerifier, databaseUrl?: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'company-test-'));
    const orders = await openOrders({ databaseFile: join(folder, 'orders.sqlite'), databaseUrl, log: this.#note });
    this.#release.push(
      () => orders.close(),
      () => rm(folder, { recursive: true }),
    );
    return this.#serve(createOrdersApi({ ...this.#settingsOf(verifier), orders }));
  }

  startManagerServer(verifier: CompanyVerifier): Promise<string> {
    return this.#serve(createManagerServer(this.#settingsOf(verifier)));
  }

  async close(): Promise<void> {
    await this.authorizationServer.close().catch(() => {});
    for (const release of this.#release.splice(0)) await release();
    // oidc-provider leaves it switched on, and it costs every promise of the files of tests that come after.
    requestsOfOidcProvider.disable();
  }

  /** Why the last refused request was refused. */
  get lastReason(): string | undefined {
    const line = this.log.findLast((text) => text.includes('"refused"'));
    return line === undefined ? undefined : JSON.parse(line).reason;
  }

  async fetch(url: string, options: RequestInit = {}): Promise<Answer> {
    const response = await fetch(url, { redirect: 'manual', ...options });
    const text = await response.text();
    this.said.push(JSON.stringify([...response.headers]), text);
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  }

  /** Calls an API. With a body it is a POST of JSON; text goes as it is. */
  call(token: string | undefined, url: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    if (body === undefined) return this.fetch(url, { headers });
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: text });
  }

  /** A browser that keeps cookies, for what happens between two visits. */
  openBrowser(): CompanyBrowser {
    return new CompanyBrowser(this);
  }

  /** Signs a person in at an app through the pages, and gives what the app gets. */
  async signIn(username: string, wishes: SignIn): Promise<TokenAnswer> {
    const { url, verifier, redirectUri } = this.authorizationUrl(wishes);
    const answers = { username, password: this.secrets.passwords[username] ?? '' };
    const { searchParams } = await browseTo(redirectUri, url, answers);
    return this.requestToken({
      grant_type: 'authorization_code',
      client_id: wishes.client ?? DASHBOARD.id,
      code: searchParams.get('code') ?? `none: ${searchParams}`,
      code_verifier: verifier,
      redirect_uri: redirectUri,
      resource: wishes.resource ?? ORDERS_API,
    });
  }

  /** Where an app sends a person to sign in: authorization code with PKCE (RFC 7636). */
  authorizationUrl({ client = 'dashboard', scope, resource = ORDERS_API, alsoFor = [] }: SignIn) {
    const verifier = randomBytes(32).toString('base64url');
    // RFC 8252 §7.3: a tool listens on whatever port is free.
    const toolUri = AUDITOR.redirectUri.replace('127.0.0.1', '127.0.0.1:4999');
    const redirectUri = client === 'auditor' ? toolUri : this.dashboardOrigin + DASHBOARD.callbackPath;
    const params = new URLSearchParams({
      response_type: 'code',
      client_id: client,
      redirect_uri: redirectUri,
      scope: `openid ${scope}`,
      resource,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      state: 'kept by the app',
    });
    for (const other of alsoFor) params.append('resource', other);
    return { url: `${this.authorizationServer.issuer}/auth?${params}`, verifier, redirectUri };
  }

  /** RFC 6749 §4.4, as the nightly job does it. */
  signInJob(scope: string = NIGHTLY_JOB.scope): Promise<TokenAnswer> {
    const authorization = `Basic ${Buffer.from(`${NIGHTLY_JOB.id}:${this.secrets.nightlyJob}`).toString('base64')}`;
    return this.requestToken({ grant_type: 'client_credentials', scope, resource: ORDERS_API }, { authorization });
  }

  async requestToken(form: Record<string, string>, headers: Record<string, string> = {}): Promise<TokenAnswer> {
    const response = await fetch(`${this.authorizationServer.issuer}/token`, {
      method: 'POST',
      headers,
      body: new URLSearchParams(form),
    });
    return { status: response.status, ...((await response.json()) as Omit<TokenAnswer, 'status'>) };
  }

  #settingsOf(verifier: CompanyVerifier) {
    return { verifier, counts: this.counts, dashboardOrigin: this.dashboardOrigin, log: this.#note };
  }

  readonly #note = (line: string) => {
    this.log.push(line);
    this.said.push(line);
  };

  async #serve(app: RequestListener): Promise<string> {
    const server = await listen(createServer(app));
    // Before what it uses is let go of.
    this.#release.unshift(() => server.close());
    return `http://127.0.0.1:${server.port}`;
  }
}

/** Where a browser has come to. */
export interface Visit {
  readonly url: URL;
  readonly answer: Answer | undefined;
}

/** Stays at the authorization server: it goes to no other origin, and says where it was sent. */
export class CompanyBrowser {
  readonly #world: CompanyWorld;
  readonly #cookies = new Map<string, string>();

  constructor(world: CompanyWorld) {
    this.#world = world;
  }

  async open(href: string | URL, options: RequestInit = {}): Promise<Visit> {
    const url = new URL(href);
    if (url.origin !== this.#world.authorizationServer.issuer) return { url, answer: undefined };
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.#world.fetch(url.href, { ...options, headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    return location === null ? { url, answer } : this.open(new URL(location, url));
  }

  /** Sends the form of a page, with its hidden fields and these answers. */
  submit({ url, answer }: Visit, answers: Readonly<Record<string, string>>): Promise<Visit> {
    const [, action = ''] = /<form\b[^>]*\baction="([^"]*)"/.exec(answer?.text ?? '') ?? [];
    const hidden = [...(answer?.text ?? '').matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
    const fields = [...hidden.map(([, name = '', value = '']) => [name, value]), ...Object.entries(answers)];
    return this.open(new URL(action, url), { method: 'POST', body: new URLSearchParams(fields as [string, string][]) });
  }
}
