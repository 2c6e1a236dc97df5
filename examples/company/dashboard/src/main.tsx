import { render } from 'preact';
import { App } from './app.js';
import { Problem } from './problem.js';
import { PlainNotice } from './problem-notice.js';
import { start } from './start.js';

const root = document.getElementById('app') as HTMLElement;
try {
  const started = await start();
  // Undefined: the browser is leaving for the sign-in pages.
  if (started !== undefined) render(<App {...started} />, clear(root));
} catch (error) {
  const problem = error instanceof Problem ? error : new Problem('failed', {}, { cause: error });
  render(
    <main class="welcome">
      <h1>Company dashboard</h1>
      <PlainNotice problem={problem} />
      <button type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </main>,
    clear(root),
  );
}

function clear(element: HTMLElement): HTMLElement {
  element.replaceChildren();
  return element;
}
