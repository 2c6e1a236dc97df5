/** Everything that a page shows, as HTML. */
export interface Page {
  readonly title: string;
  /** Made by `html`, so that what is put into it is escaped. */
  readonly body: Html;
}

/** Text that is HTML already. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

type Part = string | Html | readonly Html[];

/** Writes HTML, and escapes every string that is put into it. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(String.raw({ raw: texts }, ...parts.map(toHtml)));
}

function toHtml(part: Part): string {
  if (part instanceof Html) return part.toString();
  if (typeof part !== 'string') return part.join('\n');
  return part.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export const STYLE_PATH = '/sign-in.css';

export const STYLE = `
:root {
  --accent: light-dark(#3538cd, #a5a8ff);
  --on-accent: light-dark(#ffffff, #15162b);
  --surface: light-dark(#ffffff, #1d1f29);
  --line: light-dark(#dcdde5, #343747);
  --soft: light-dark(#565a6b, #a9adbf);
  --bad: light-dark(#a3201a, #ffb4ae);
  --bad-ground: light-dark(#fdeceb, #40191a);
  color-scheme: light dark;
  font: 1rem/1.5 system-ui, sans-serif;
  background: light-dark(#f6f6f9, #14151c);
  color: light-dark(#1c1d26, #eef0f6);
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; overflow-wrap: anywhere; }
main {
  max-width: 26rem;
  margin: 8vh auto 0;
  padding: 1.5rem;
  border: 1px solid var(--line);
  border-radius: 0.75rem;
  background: var(--surface);
}
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.2; }
ul { padding-left: 1.25rem; }
label { display: block; margin: 1rem 0 0.25rem; font-weight: 600; }
input, button { width: 100%; min-height: 2.75rem; padding: 0.5rem 0.75rem; border-radius: 0.5rem; font: inherit; }
input { border: 1px solid var(--soft); background: var(--surface); color: inherit; }
button { margin-top: 1rem; border: 1px solid transparent; background: var(--accent); color: var(--on-accent); }
button { font-weight: 600; cursor: pointer; }
button.second { border-color: var(--line); background: transparent; color: inherit; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[role=alert] { padding: 0.75rem 1rem; border-left: 0.25rem solid var(--bad); background: var(--bad-ground); }
`;

export function renderPage({ title, body }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="${STYLE_PATH}">
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`.toString();
}

/**
 * The headers of every page: no script at all, and no other site may show it in a frame.
 *
 * @param redirectUri - where its form ends up in the end: browsers hold `form-action` against redirects too
 */
export function pageHeaders(redirectUri?: string): Readonly<Record<string, string>> {
  const target = redirectUri === undefined ? '' : ` ${new URL(redirectUri).origin}`;
  return {
    'Content-Security-Policy': `default-src 'none'; style-src 'self'; form-action 'self'${target}; base-uri 'none'; frame-ancestors 'none'`,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
}

export function loginPage(action: string, { error, username = '' }: { error?: string; username?: string } = {}): Page {
  const alert = error === undefined ? '' : html`<p role="alert" id="error">${error}</p>`;
  const describedBy = error === undefined ? '' : html` aria-describedby="error" aria-invalid="true"`;
  return {
    title: 'Sign in',
    body: html`${alert}
<form method="post" action="${action}">
<label for="username">Username</label>
<input id="username" name="username" value="${username}" autocomplete="username" maxlength="100" required${describedBy}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="100" required${describedBy}>
<button name="decision" value="allow">Sign in</button>
<button class="second" name="decision" value="deny" formnovalidate>Cancel</button>
</form>`,
  };
}

export function consentPage(action: string, client: string, person: string, wishes: readonly string[]): Page {
  const asks = html`You are signed in as ${person}. The app <strong>${client}</strong> asks to`;
  // A tool is asked about each time, since any program could say to be it (RFC 8252 §8.6).
  const request =
    wishes.length === 0
      ? html`<p>${asks} go on with what you have allowed before.</p>`
      : html`<p>${asks} do this for you:</p>
<ul>
${wishes.map((wish) => html`<li>${wish}</li>`)}
</ul>`;
  return {
    title: `Allow ${client}?`,
    body: html`${request}
<form method="post" action="${action}">
<button name="decision" value="allow">Allow</button>
<button class="second" name="decision" value="deny">Do not allow</button>
</form>`,
  };
}

export function messagePage(title: string, message: string): Page {
  return { title, body: html`<p>${message}</p>` };
}

/** @param form - the hidden form of oidc-provider, whose id it says */
export function signOutPage(form: string): Page {
  return {
    title: 'Sign out?',
    body: html`<p>The app has forgotten you. Until you sign out here too, it lets this browser in without a password.</p>
${new Html(form)}
<button form="op.logoutForm" name="logout" value="yes">Sign out</button>
<button form="op.logoutForm" class="second">Stay signed in</button>`,
  };
}
