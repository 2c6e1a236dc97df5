import express, { type Express } from 'express';
import { accessTokenSignal, authOf, createGuard, type Verifier } from 'scopegate';

/** Creates an app that sends events to whoever has a token with the scope events:read, until the token ends. */
export function createEventApp(verifier: Verifier): Express {
  const guard = createGuard(verifier);
  const app = express();

  app.get('/events', guard('events:read'), (req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    res.write(`data: hello ${authOf(req).subject ?? 'nobody'}\n\n`);

    const signal = accessTokenSignal(authOf(req), { verifier });
    // The client is told why, and connects again with a new token.
    signal.addEventListener('abort', () => res.end(`event: end\ndata: ${signal.reason.reason}\n\n`));
  });

  return app;
}
