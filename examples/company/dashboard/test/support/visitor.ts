import type { Page } from 'playwright-core';
import { Calls } from './calls.js';
import type { DashboardWorld } from './dashboard-world.js';

const PATIENCE_MILLISECONDS = 15_000;

/** Somebody before the dashboard, and all that their browser has seen. */
export class Visitor {
  readonly page: Page;
  /** What the page asks of the authorization server and the APIs. */
  readonly calls: Calls;
  readonly #world: DashboardWorld;
  /** What the page complained of: exceptions, and what the Content-Security-Policy blocked. */
  readonly complaints: string[] = [];
  /** The URL of each request so far, pages and calls. */
  readonly urls: string[] = [];
  /** Headers and bodies of all answers so far. */
  readonly #answers: Promise<string>[] = [];

  constructor(page: Page, world: DashboardWorld) {
    this.page = page;
    this.#world = world;
    this.calls = new Calls(page, world);
    page.setDefaultTimeout(PATIENCE_MILLISECONDS);
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      // That an answer was no success is what tests are about, and the browser logs each.
      const isAnswer = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isAnswer) this.complaints.push(message.text());
    });
    page.on('request', (request) => this.urls.push(request.url()));
    page.on('response', (response) => {
      const headers = JSON.stringify(response.headers());
      const body = response.text().catch(() => '');
      this.#answers.push(body.then((text) => `${response.url()} ${response.status()}\n${headers}\n${text}`));
    });
  }

  /** Every answer so far, with its URL, status, headers and body. */
  answers(): Promise<readonly string[]> {
    return Promise.all(this.#answers);
  }

  open(path = '/'): Promise<unknown> {
    return this.page.goto(this.#world.origin + path);
  }

  heading(name: string) {
    return this.page.getByRole('heading', { name, exact: true });
  }

  button(name: string) {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** What went wrong, as the page says it. */
  get alert() {
    return this.page.getByRole('alert');
  }

  /** Opens one of the pages of the dashboard by its link. */
  async goTo(name: string): Promise<void> {
    await this.page.getByRole('link', { name, exact: true }).click();
    await this.page.getByRole('heading', { name, level: 1, exact: true }).waitFor();
  }

  /** Signs in from the first page and allows what is asked. */
  async signIn(username: string): Promise<void> {
    await this.open();
    await this.goThroughSignIn(username);
    await this.heading('Orders').waitFor();
  }

  /** Signs in from the page that is open, and allows what is asked. */
  async goThroughSignIn(username: string): Promise<void> {
    await this.button('Sign in').click();
    await this.enterPassword(username);
    await this.allow();
  }

  /** Fills in the sign-in page. */
  async enterPassword(username: string, password = this.#world.company.secrets.passwords[username]): Promise<void> {
    await this.page.getByLabel('Username').fill(username);
    await this.page.getByLabel('Password').fill(password ?? '');
    await this.button('Sign in').click();
  }

  /** Allows what the consent page asks. */
  async allow(): Promise<void> {
    await this.button('Allow').click();
    await this.page.waitForURL((url) => url.origin === this.#world.origin);
  }

  /** Grants what the page "Permissions" offers under these words. */
  async grant(wish: string): Promise<void> {
    await this.goTo('Permissions');
    await this.button(`Allow: ${wish}`).click();
    await this.allow();
  }

  /** Follows a notice that a scope is missing, and allows it. */
  async allowMore(): Promise<void> {
    await this.button('Allow it on the next page').first().click();
    await this.allow();
  }

  /** Opens the form of a new order, and fills in what is needed. */
  async fillOrder(item: string): Promise<void> {
    await this.button('New order').click();
    await this.page.getByLabel('Item').fill(item);
  }

  async leave(): Promise<void> {
    await this.page.context().close();
  }
}
