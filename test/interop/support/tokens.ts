import { Buffer } from 'node:buffer';

/** A JWT, taken apart and not verified. */
export interface ReadJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

export function readJwt(jwt: string): ReadJwt {
  const [header, payload] = jwt.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  return { header: JSON.parse(header as string), payload: JSON.parse(payload as string) };
}

/** Gives a JWT other claims, and leaves its signature as it was. */
export function withClaims(jwt: string, claims: object): string {
  const [header, payload, signature] = jwt.split('.') as [string, string, string];
  const changed = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), ...claims };
  return [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
}

/** Changes the last character of an opaque token. */
export function withOtherEnd(token: string): string {
  return token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
}
