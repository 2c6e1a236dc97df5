import type { Express, NextFunction, Request, Response } from 'express';
import { isRefusal, type VerifierOptions } from '../../dist/index.js';
import { OTHER_AUDIENCE } from './durations.js';

/** A server that is wrong in one thing. */
export interface ServerFault {
  readonly name: string;
  /** Where the oracle has to see it. */
  readonly scenario: string;
  readonly options?: (options: VerifierOptions) => VerifierOptions;
  readonly prepare?: (app: Express) => void;
  readonly ignoresScopes?: boolean;
  /** Answers refusals in its own way. */
  readonly answers?: (error: unknown, req: Request, res: Response, next: NextFunction) => void;
  /** What shows it, where it is no wrong answer. */
  readonly shows?: 'block' | 'memory' | 'p99';
}

const LONG = 3600;
const BLOCK_MS = 250;
const LEAK_BYTES = 40_000;
const LATE_MS = 150;
const leaked: string[] = [];

const withKeys =
  (keys: NonNullable<VerifierOptions['keys']>) =>
  (options: VerifierOptions): VerifierOptions => {
    return { ...options, keys: { ...options.keys, ...keys } };
  };

type Fetch = typeof fetch;
const withFetch =
  (wrap: (inner: Fetch) => Fetch) =>
  (options: VerifierOptions): VerifierOptions => {
    return { ...options, fetch: wrap(options.fetch as Fetch) };
  };

/** Answers some refusals otherwise; all others as they are. */
const answering = (
  answer: (status: number, res: Response, error: { reason: string }) => boolean,
): NonNullable<ServerFault['answers']> => {
  return (error, _req, res, next) => {
    if (!isRefusal(error)) return next(error);
    if (answer(error.status, res, error)) return;
    res.writeHead(error.status, error.headers).end(error.body);
  };
};

const serve = (res: Response) => {
  res.json({ served: 'by mistake' });
  return true;
};
const servesFor = (reason: string) => answering((_, res, error) => error.reason === reason && serve(res));

function writeAs(res: Response, status: number, headers: Record<string, string>, error: string): true {
  const all = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers };
  res.writeHead(status, all).end(JSON.stringify({ error, error_description: 'a fault' }));
  return true;
}

const INVALID_TOKEN = {
  'WWW-Authenticate': 'Bearer realm="https://orders.example.com", error="invalid_token", error_description="a fault"',
};

/** Gives the first answer for ever. */
const remembering =
  (isMeant: (url: string) => boolean) =>
  (inner: Fetch): Fetch => {
    const bodies = new Map<string, string>();
    return async (input, init) => {
      const url = String(input);
      const known = bodies.get(url);
      if (known !== undefined) return new Response(known);
      const response = await inner(input, init);
      if (response.ok && isMeant(url)) bodies.set(url, await response.clone().text());
      return response;
    };
  };

/** Puts keys that were there once into each key set. */
const collecting = (inner: Fetch): Fetch => {
  const seen = new Map<string, unknown>();
  return async (input, init) => {
    const response = await inner(input, init);
    const body = response.ok
      ? ((await response
          .clone()
          .json()
          .catch(() => ({}))) as { keys?: { kid: string }[] })
      : {};
    if (!Array.isArray(body.keys)) return response;
    for (const key of body.keys) if (key !== null) seen.set(key.kid, key);
    return Response.json({ keys: [...seen.values()] });
  };
};

const failingOnceAndForEver = (inner: Fetch): Fetch => {
  let hasFailed = false;
  return async (input, init) => {
    if (hasFailed) throw new Error('never again');
    try {
      const response = await inner(input, init);
      hasFailed = response.status !== 200;
      return response;
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  };
};

export const SERVER_FAULTS: readonly ServerFault[] = [
  { name: 'accepts expired tokens', scenario: 'quiet', answers: servesFor('token_expired') },
  {
    name: 'accepts tokens of another audience',
    scenario: 'quiet',
    options: (options) => ({ ...options, audience: [String(options.audience), OTHER_AUDIENCE] }),
  },
  { name: 'accepts wrong signatures', scenario: 'quiet', answers: servesFor('signature_invalid') },
  { name: 'accepts made-up keys', scenario: 'quiet', answers: servesFor('unknown_key') },
  { name: 'accepts inactive tokens', scenario: 'quiet', answers: servesFor('token_inactive') },
  { name: 'accepts requests without a token', scenario: 'quiet', answers: servesFor('token_missing') },
  { name: 'takes no notice of scopes', scenario: 'quiet', ignoresScopes: true },
  {
    name: 'answers 401 without a challenge',
    scenario: 'quiet',
    answers: answering((status, res) => status === 401 && writeAs(res, 401, {}, 'invalid_token')),
  },
  {
    name: "takes its fault for the client's",
    scenario: 'refuse',
    answers: answering((status, res) => status === 503 && writeAs(res, 401, INVALID_TOKEN, 'invalid_token')),
  },
  {
    name: 'says no Retry-After',
    scenario: 'refuse',
    answers: answering((status, res) => status === 503 && writeAs(res, 503, {}, 'temporarily_unavailable')),
  },
  {
    name: "takes the client's fault for its own",
    scenario: 'quiet',
    answers: answering(
      (status, res) => status === 401 && writeAs(res, 503, { 'Retry-After': '5' }, 'temporarily_unavailable'),
    ),
  },
  { name: 'keeps withdrawn keys', scenario: 'withdrawal', options: withFetch(collecting) },
  {
    name: 'keeps keys for too long',
    scenario: 'withdrawal, and no unknown keys',
    options: withKeys({ maxAgeSeconds: LONG }),
  },
  {
    name: 'keeps keys for too long in an outage',
    scenario: 'a long outage',
    options: withKeys({ staleIfErrorSeconds: LONG }),
  },
  { name: 'drops its keys in an outage', scenario: '500', options: withKeys({ staleIfErrorSeconds: 0 }) },
  {
    name: 'does not ask for new keys',
    scenario: 'rotation without overlap',
    options: withFetch(remembering((url) => url.includes('/keys'))),
  },
  {
    name: 'does not notice that the key set moved',
    scenario: 'jwks_uri moves',
    options: withFetch(remembering((url) => url.includes('.well-known'))),
  },
  {
    name: 'does not ask again after a failure',
    scenario: 'rotation in an outage',
    options: withFetch(failingOnceAndForEver),
  },
  {
    name: 'waits too long',
    scenario: 'hang before the answer',
    options: withIntrospection({ timeoutSeconds: 5 }, withKeys({ fetchTimeoutSeconds: 5 })),
  },
  {
    name: 'keeps introspection answers for too long',
    scenario: 'revocation',
    options: withIntrospection({ cacheSeconds: LONG }),
  },
  {
    name: 'does not know the time',
    scenario: 'the issuer is 30 s ahead',
    options: (options) => ({ ...options, clockToleranceSeconds: 300 }),
  },
  {
    name: 'stops its event loop',
    scenario: 'quiet',
    shows: 'block',
    prepare: () => {
      setInterval(() => {
        const until = performance.now() + BLOCK_MS;
        while (performance.now() < until) {}
      }, 1500);
    },
  },
  {
    name: 'forgets nothing',
    scenario: 'quiet',
    shows: 'memory',
    prepare: (app) => {
      app.use((_req, _res, next) => {
        leaked.push(Buffer.alloc(LEAK_BYTES, leaked.length).toString('latin1'));
        next();
      });
    },
  },
  {
    name: 'is late with known tokens',
    scenario: 'quiet',
    shows: 'p99',
    prepare: (app) => {
      app.use((req, _res, next) => {
        if (req.path.startsWith('/open')) next();
        else setTimeout(next, LATE_MS);
      });
    },
  },
];

function withIntrospection(
  changes: { timeoutSeconds?: number; cacheSeconds?: number },
  more: (options: VerifierOptions) => VerifierOptions = (options) => options,
) {
  return (options: VerifierOptions): VerifierOptions => {
    const issuer = options.issuer as { introspection?: object };
    if (issuer.introspection === undefined) return more(options);
    return more({
      ...options,
      issuer: { ...issuer, introspection: { ...issuer.introspection, ...changes } },
    } as VerifierOptions);
  };
}

export function findServerFault(name: string | undefined): ServerFault {
  if (name === undefined) return { name: 'none', scenario: 'quiet' };
  const found = SERVER_FAULTS.find((fault) => fault.name === name);
  if (found === undefined) throw new Error(`there is no fault ${name}`);
  return found;
}
