import { AsyncLocalStorage } from 'node:async_hooks';
import { createLocalJWKSet, errors, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify } from 'jose';
import {
  type AuthorizationServer,
  clockSkew,
  clockTolerance,
  customFetch,
  type ValidateJWTAccessTokenOptions,
  validateJwtAccessToken,
} from 'oauth4webapi';
import { type AuthorizationError, createVerifier, type IssuerUnavailableError, isRefusal } from '../../src/index.js';
import { secretsOf, textsOf } from '../support/leaks.js';
import { ACCEPTED_ALGORITHMS, type OracleProfile, TOLERANCE_SECONDS, type World } from './world.js';

export interface Verdict {
  readonly accepted: boolean;
  /** `accepted`, our machine reason, or the code of their error. */
  readonly reason: string;
  /** What is said besides; for reading, and for the tables of splits. */
  readonly detail: string;
  /** What an accepted token says, as JSON. */
  readonly claims?: string;
}

/** Says whether a token is good at a time: milliseconds since the epoch. */
export type Judge = (token: string, at: number) => Promise<Verdict>;

export interface Judges {
  readonly scopegate: Judge;
  readonly jose: Judge;
  /** Knows RFC 9068 alone, so it is absent from the profile `jwt`. */
  readonly oauth4webapi?: Judge;
}

export type PeerName = 'jose' | 'oauth4webapi';
export type Verdicts = { readonly scopegate: Verdict } & { readonly [name in PeerName]?: Verdict };

const RFC_9068_CLAIMS = ['exp', 'iat', 'sub', 'jti', 'client_id'];

/** How closely every refusal of ours is searched for parts of the token: all texts cost a millisecond. */
export interface Scrutiny {
  readonly everyNthRefusal: number;
}

/** A promise of scopegate that a token broke, whatever the others say: the kind of error, or a leak. */
export class BreachError extends Error {
  override readonly name = 'BreachError';
}

export function createJudges(world: World, profile: OracleProfile, scrutiny: Scrutiny = { everyNthRefusal: 1 }) {
  const judges: Judges = {
    scopegate: createScopegateJudge(world, profile, scrutiny),
    jose: createJoseJudge(world, profile),
    ...(profile === 'rfc9068' && { oauth4webapi: createOauth4webapiJudge(world) }),
  };
  return judges;
}

/** Asks all of them at once. Those who accept a token have to read the same in it. */
export async function judgeAll(judges: Judges, token: string, at: number): Promise<Verdicts> {
  const [scopegate, jose, oauth4webapi] = await Promise.all([
    judges.scopegate(token, at),
    judges.jose(token, at),
    judges.oauth4webapi?.(token, at),
  ]);
  for (const { claims } of [jose, oauth4webapi ?? jose]) {
    const isSame = claims === undefined || scopegate.claims === undefined || claims === scopegate.claims;
    if (!isSame) throw new BreachError('other claims than the others read');
  }
  return { scopegate, jose, ...(oauth4webapi !== undefined && { oauth4webapi }) };
}

/** Calls at different times are under way together, so each carries its own. */
const times = new AsyncLocalStorage<number>();
let callsUnderWay = 0;

/** Runs a call at a time. Every promise of the process costs more while the storage is in use, so it is let go of. */
async function callAt<Result>(at: number, call: () => Promise<Result>): Promise<Result> {
  callsUnderWay += 1;
  try {
    return await times.run(at, call);
  } finally {
    callsUnderWay -= 1;
    if (callsUnderWay === 0) times.disable();
  }
}

function createScopegateJudge(world: World, profile: OracleProfile, { everyNthRefusal }: Scrutiny): Judge {
  const verifier = createVerifier({
    issuer: { issuer: world.issuer, jwks: world.jwks },
    audience: world.audience,
    algorithms: ACCEPTED_ALGORITHMS,
    profile,
    clockToleranceSeconds: TOLERANCE_SECONDS,
    clock: () => times.getStore() ?? 0,
  });
  let refusals = 0;

  async function judgeOnce(token: string, at: number): Promise<Verdict> {
    try {
      const { claims } = await callAt(at, () => verifier.verify(token));
      return accepted(claims);
    } catch (error) {
      if (!isRefusal(error)) {
        throw new BreachError('an error that is no refusal', { cause: error });
      }
      refusals += 1;
      expectNoLeak(error, token, refusals % everyNthRefusal === 0);
      return { accepted: false, reason: error.reason, detail: error.detail };
    }
  }

  return async (token, at) => {
    const verdict = await judgeOnce(token, at);
    if (!verdict.accepted) return verdict;
    const again = await judgeOnce(token, at);
    if (!again.accepted) throw new BreachError(`accepted at first, then ${again.reason} from the cache`);
    if (again.claims !== verdict.claims) throw new BreachError('other claims from the cache');
    return verdict;
  };
}

function expectNoLeak(error: AuthorizationError | IssuerUnavailableError, token: string, isThorough: boolean): void {
  const { message, detail, body, help, headers, stack } = error;
  const texts = isThorough
    ? textsOf(error)
    : [message, detail, body, help, stack, ...Object.values(headers), JSON.stringify(error)].join('\n');
  if (secretsOf(token).some((secret) => texts.includes(secret))) throw new BreachError('a part of the token leaked');
}

function createJoseJudge({ issuer, audience, jwks }: World, profile: OracleProfile): Judge {
  const keys = createLocalJWKSet(jwks);
  const rules: JWTVerifyOptions = {
    issuer,
    audience,
    algorithms: [...ACCEPTED_ALGORITHMS],
    clockTolerance: TOLERANCE_SECONDS,
    ...(profile === 'rfc9068' ? { typ: 'at+jwt', requiredClaims: RFC_9068_CLAIMS } : { requiredClaims: ['exp'] }),
  };
  return async (token, at) => {
    const options = { ...rules, currentDate: new Date(at) };
    try {
      const { payload } = await jwtVerify(token, keys, options).catch((error) => tryEveryKey(error, token, options));
      return accepted(payload);
    } catch (error) {
      return refused(error);
    }
  };
}

/** What the documentation of jose says to do where several keys fit. */
async function tryEveryKey(error: unknown, token: string, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
  for await (const key of error) {
    try {
      return await jwtVerify(token, key, options);
    } catch (innerError) {
      if (!(innerError instanceof errors.JWSSignatureVerificationFailed)) throw innerError;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

function createOauth4webapiJudge({ issuer, audience, jwks }: World): Judge {
  const server: AuthorizationServer = { issuer, jwks_uri: `${issuer}/jwks` };
  const rules: ValidateJWTAccessTokenOptions = {
    signingAlgorithms: [...ACCEPTED_ALGORITHMS],
    [clockTolerance]: TOLERANCE_SECONDS,
    [customFetch]: async () => Response.json(jwks),
  };

  /** It has no clock but that of the machine, which is read before the first wait. */
  function validate(request: Request, at: number): Promise<unknown> {
    const machineSeconds = Math.floor(Date.now() / 1000);
    const skew = Math.floor(at / 1000) - machineSeconds;
    const outcome = validateJwtAccessToken(server, request, audience, { ...rules, [clockSkew]: skew });
    if (Math.floor(Date.now() / 1000) === machineSeconds) return outcome;
    return outcome.then(
      () => validate(request, at),
      () => validate(request, at),
    );
  }

  return async (token, at) => {
    try {
      // Not every string can stand in a header; such a token never arrives.
      const request = new Request(`${audience}/`, { headers: { authorization: `Bearer ${token}` } });
      return accepted(await validate(request, at));
    } catch (error) {
      return refused(error);
    }
  };
}

function accepted(claims: unknown): Verdict {
  return { accepted: true, reason: 'accepted', detail: '', claims: JSON.stringify(claims) };
}

function refused(error: unknown): Verdict {
  const { code, name, message } = error as Error & { readonly code?: string };
  return { accepted: false, reason: typeof code === 'string' ? code : name, detail: message };
}
