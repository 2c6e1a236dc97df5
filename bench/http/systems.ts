import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { VerifierOptions } from '../../dist/index.js';
import { bareRoute } from '../lib/bare-route.js';

/** Where the tokens come from, and who they are for. */
export interface World {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
}

/** Which answers a system gives, so that no system is measured that checks less than it seems to. */
export interface SystemInfo {
  readonly name: string;
  readonly checksSignature: boolean;
  readonly checksScope: boolean;
}

const SCOPE = 'orders:read';
const ALGORITHM = 'RS256';

type MakeHandlers = (world: World) => Promise<readonly RequestHandler[]> | readonly RequestHandler[];

const OPEN = { checksSignature: false, checksScope: false };
const SIGNATURE_ALONE = { checksSignature: true, checksScope: false };
const WHOLE = { checksSignature: true, checksScope: true };

/**
 * Each as its README sets it up, with the rules that all of them have: issuer, audience, one scope. Each imports what it
 * needs when it is made, so that a process holds one system.
 */
const SYSTEMS: readonly (SystemInfo & { readonly make: MakeHandlers })[] = [
  { name: 'open route', ...OPEN, make: () => [] },
  { name: 'bare crypto.verify callback', ...SIGNATURE_ALONE, make: bareCallback },
  { name: 'scopegate', ...WHOLE, make: (world) => scopegate(world, {}) },
  { name: 'scopegate, tokenCache false', ...WHOLE, make: (world) => scopegate(world, { tokenCache: false }) },
  { name: 'jose by hand', ...WHOLE, make: joseByHand },
  { name: 'fast-jwt', ...WHOLE, make: (world) => fastJwt(world, false) },
  { name: 'fast-jwt, cache', ...WHOLE, make: (world) => fastJwt(world, true) },
  { name: 'aws-jwt-verify', ...WHOLE, make: awsJwtVerify },
  { name: 'express-oauth2-jwt-bearer', ...WHOLE, make: oauth2JwtBearer },
  { name: 'express-jwt + jwks-rsa', ...WHOLE, make: expressJwt },
  { name: 'passport-jwt + jwks-rsa', ...WHOLE, make: passportJwt },
];

export const SYSTEM_INFOS: readonly SystemInfo[] = SYSTEMS;

/** Gives what stands in front of the handler of the route. */
export async function createHandlers(name: string, world: World): Promise<readonly RequestHandler[]> {
  const system = SYSTEMS.find((known) => known.name === name);
  if (system === undefined) throw new Error(`there is no system named ${name}`);
  return system.make(world);
}

/** The least that can be done, with a key that is imported once. */
async function bareCallback({ jwksUri }: World): Promise<readonly RequestHandler[]> {
  return [bareRoute('sha256', await fetchKey(jwksUri))];
}

async function scopegate(
  { issuer, audience, jwksUri }: World,
  options: Partial<VerifierOptions>,
): Promise<readonly RequestHandler[]> {
  const { createGuard, createVerifier } = await import('../../dist/index.js');
  const verifier = createVerifier({
    issuer: { issuer, jwksUri, dangerouslyAllowInsecureHttp: true },
    audience,
    ...options,
  });
  await verifier.ready();
  return [createGuard(verifier)(SCOPE)];
}

async function joseByHand({ issuer, audience, jwksUri }: World): Promise<readonly RequestHandler[]> {
  const { createRemoteJWKSet, jwtVerify } = await import('jose');
  const keys = createRemoteJWKSet(new URL(jwksUri));
  return [
    byHand(async (token) => {
      const { payload } = await jwtVerify(token, keys, { issuer, audience });
      return payload;
    }),
  ];
}

/** With its key at hand from the start, which spares it every look-up. */
async function fastJwt({ issuer, audience, jwksUri }: World, cache: boolean): Promise<readonly RequestHandler[]> {
  const { createVerifier } = await import('fast-jwt');
  const key = (await fetchKey(jwksUri)).export({ type: 'spki', format: 'pem' }).toString();
  const algorithms = [ALGORITHM];
  const verifyToken = createVerifier({ key, algorithms, allowedIss: issuer, allowedAud: audience, cache });
  return [byHand(verifyToken)];
}

/** With a JWKS that is handed over ("Loading the JWKS from file"): its own fetcher speaks https alone. */
async function awsJwtVerify({ issuer, audience, jwksUri }: World): Promise<readonly RequestHandler[]> {
  const { JwtVerifier } = await import('aws-jwt-verify');
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri: 'https://login.bench.test/jwks' });
  verifier.cacheJwks(await fetchJwks(jwksUri));
  return [byHand((token) => verifier.verify(token))];
}

async function oauth2JwtBearer({ issuer, audience, jwksUri }: World): Promise<readonly RequestHandler[]> {
  const { auth, requiredScopes } = await import('express-oauth2-jwt-bearer');
  return [auth({ issuer, audience, jwksUri, tokenSigningAlg: ALGORITHM }), requiredScopes(SCOPE)];
}

async function expressJwt({ issuer, audience, jwksUri }: World): Promise<readonly RequestHandler[]> {
  const { expressjwt } = await import('express-jwt');
  const { default: jwksRsa } = await import('jwks-rsa');
  const secret = jwksRsa.expressJwtSecret({ cache: true, rateLimit: true, jwksRequestsPerMinute: 5, jwksUri });
  const checkScope: RequestHandler = (req, res, next) => {
    if (hasScope((req as Request & { auth?: { scope?: string } }).auth?.scope)) next();
    else res.sendStatus(403);
  };
  return [expressjwt({ secret, issuer, audience, algorithms: [ALGORITHM] }), checkScope];
}

async function passportJwt({ issuer, audience, jwksUri }: World): Promise<readonly RequestHandler[]> {
  const { default: passport } = await import('passport');
  const { ExtractJwt, Strategy } = await import('passport-jwt');
  const { default: jwksRsa } = await import('jwks-rsa');
  const secretOrKeyProvider = jwksRsa.passportJwtSecret({
    cache: true,
    rateLimit: true,
    jwksRequestsPerMinute: 5,
    jwksUri,
  });
  const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken();
  passport.use(
    new Strategy({ secretOrKeyProvider, jwtFromRequest, issuer, audience, algorithms: [ALGORITHM] }, (payload, done) =>
      done(null, payload),
    ),
  );
  const checkScope: RequestHandler = (req, res, next) => {
    if (hasScope((req as Request & { user?: { scope?: string } }).user?.scope)) next();
    else res.sendStatus(403);
  };
  return [passport.initialize(), passport.authenticate('jwt', { session: false }), checkScope];
}

type Claims = object;

/** The middleware that users of a bare JWT library write. */
function byHand(verifyToken: (token: string) => Claims | Promise<Claims>): RequestHandler {
  return async (req, res, next) => {
    const credentials = /^Bearer (\S+)$/i.exec(req.headers.authorization ?? '');
    if (credentials === null) return void res.sendStatus(401);
    let claims: Claims;
    try {
      claims = await verifyToken(credentials[1] as string);
    } catch {
      return void res.sendStatus(401);
    }
    if (!hasScope((claims as { scope?: unknown }).scope)) return void res.sendStatus(403);
    Object.assign(req, { auth: claims });
    next();
  };
}

function hasScope(scope: unknown): boolean {
  return typeof scope === 'string' && scope.split(' ').includes(SCOPE);
}

async function fetchJwks(jwksUri: string): Promise<{ keys: JsonWebKey[] }> {
  return (await fetch(jwksUri)).json() as Promise<{ keys: JsonWebKey[] }>;
}

async function fetchKey(jwksUri: string): Promise<KeyObject> {
  const [key] = (await fetchJwks(jwksUri)).keys;
  if (key === undefined) throw new Error('the issuer has no key');
  return createPublicKey({ key, format: 'jwk' });
}
