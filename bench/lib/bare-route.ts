import { type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a signature is checked with: a key alone, or with options beside it. */
export type VerifyKey = KeyObject | VerifyKeyObjectInput;

/** What `verify` takes of a token. */
export interface SignedParts {
  readonly input: Buffer;
  readonly signature: Buffer;
}

/** Takes a JWS apart. Nothing is checked. */
export function split(token: string): SignedParts {
  const end = token.lastIndexOf('.');
  return {
    input: Buffer.from(token.slice(0, end), 'latin1'),
    signature: Buffer.from(token.slice(end + 1), 'base64url'),
  };
}

/** The least that a route can do: signature on the thread pool, payload parsed into `req.auth`, no rule checked. */
export function bareRoute(hash: string | null, key: VerifyKey) {
  return (req: IncomingMessage & { auth?: unknown }, _res: unknown, next: (error?: unknown) => void): void => {
    const token = (req.headers.authorization ?? '').slice(7);
    const { input, signature } = split(token);
    verify(hash, input, key, signature, (error, isValid) => {
      if (error !== null || !isValid) return next(Object.assign(new Error('a bad signature'), { status: 401 }));
      const payload = Buffer.from(token.slice(token.indexOf('.') + 1, token.lastIndexOf('.')), 'base64url');
      Object.assign(req, { auth: JSON.parse(payload.toString()) });
      next();
    });
  };
}
