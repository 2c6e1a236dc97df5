// What is used of the peers, so that types are checked without them being installed.

declare module 'aws-jwt-verify' {
  interface Rules {
    readonly issuer: string;
    readonly audience: string;
    readonly jwksUri: string;
  }
  export class JwtVerifier {
    static create(rules: Rules): JwtVerifier;
    cacheJwks(jwks: object): void;
    verify(token: string): Promise<{ readonly scope?: string }>;
  }
}

declare module 'fast-jwt' {
  interface Options {
    readonly key: string;
    readonly algorithms?: readonly string[];
    readonly allowedIss?: string;
    readonly allowedAud?: string;
    readonly cache?: boolean | number;
  }
  export function createVerifier(options: Options): (token: string) => { readonly scope?: string };
}

declare module 'express-jwt' {
  export function expressjwt(options: object): import('express').RequestHandler;
}

declare module 'jwks-rsa' {
  const jwksRsa: { expressJwtSecret(options: object): unknown; passportJwtSecret(options: object): unknown };
  // biome-ignore lint/style/noDefaultExport: it is how the package is
  export default jwksRsa;
}

declare module 'passport' {
  const passport: {
    use(strategy: object): void;
    initialize(): import('express').RequestHandler;
    authenticate(name: string, options: object): import('express').RequestHandler;
  };
  // biome-ignore lint/style/noDefaultExport: it is how the package is
  export default passport;
}

declare module 'passport-jwt' {
  type Done = (error: unknown, user?: unknown) => void;
  export class Strategy {
    constructor(options: object, verify: (payload: { readonly scope?: string }, done: Done) => void);
  }
  export const ExtractJwt: { fromAuthHeaderAsBearerToken(): unknown };
}

declare module 'autocannon' {
  interface Result {
    readonly '2xx': number;
    readonly non2xx: number;
    readonly errors: number;
    readonly duration: number;
    readonly latency: { readonly p50: number; readonly p99: number };
  }
  interface Options {
    readonly url: string;
    readonly connections: number;
    readonly duration: number;
    readonly requests: readonly { readonly setupRequest: (request: object) => object }[];
  }
  const autocannon: (options: Options) => Promise<Result> & { stop(): void };
  // biome-ignore lint/style/noDefaultExport: it is how the package is
  export default autocannon;
}

declare module 'mitata' {
  interface Stats {
    readonly p50: number;
    readonly p99: number;
    readonly heap?: { readonly avg: number };
  }
  interface Options {
    readonly min_cpu_time?: number;
    readonly min_samples?: number;
    readonly batch_samples?: number;
    readonly gc?: boolean;
    readonly heap?: () => number;
  }
  export function measure(subject: unknown, options?: Options): Promise<Stats>;
  export function do_not_optimize(value: unknown): void;
}
