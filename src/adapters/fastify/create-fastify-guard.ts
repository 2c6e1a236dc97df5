import type { IncomingMessage } from 'node:http';
// biome-ignore lint/suspicious/noTsIgnore: an error is expected only where fastify has no types
/** @ts-ignore: fastify is an optional peer; without its types, a request is anything. */
import type { FastifyRequest } from 'fastify';
import type { PolicyInput } from '../../policy/policy.js';
import type { AccessToken } from '../../protocol/access-token.js';
import type { HttpAnswer } from '../../protocol/http-answer.js';
import type { HttpRequest } from '../../protocol/http-request.js';
import type { Verifier } from '../../verifier/verifier.js';
import { cacheHeaders } from '../core/cache-headers.js';
import { parseGuardArguments } from '../core/guard-arguments.js';
import { requireInternals } from '../core/require-internals.js';
import { type Decide, RouteGuard, type RouteGuardOptions } from '../core/route-guard.js';

/** The part of a request of Fastify that the guard uses. */
export interface GuardableFastifyRequest {
  readonly raw: IncomingMessage;
  readonly body?: unknown;
  readonly ip?: string;
}

/** The part of a reply of Fastify that the guard uses. */
export interface GuardableFastifyReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  headers(headers: Readonly<Record<string, string>>): unknown;
  getHeader(name: string): unknown;
  send(body: unknown): unknown;
}

/** The options of `createFastifyGuard`. */
export interface FastifyGuardOptions extends RouteGuardOptions<FastifyRequest> {}

/** A hook of Fastify: `onRequest`, or `preHandler` for tokens in a form, which is read by then. */
export type FastifyHook = (request: GuardableFastifyRequest, reply: GuardableFastifyReply) => Promise<unknown>;

/**
 * Creates the hook of one route, or of all routes of an app. It requires a valid access token that meets the policy;
 * without a policy, any valid one.
 *
 * @throws {ConfigurationError}
 */
export type FastifyGuardCall = (...policy: readonly [] | readonly [policy: PolicyInput]) => FastifyHook;

/** Creates hooks for Fastify that accept only requests with a valid access token. */
export interface FastifyGuard extends FastifyGuardCall {
  /** Accepts a request without a token too. A token that is given must be good. */
  readonly optional: FastifyGuardCall;
}

/**
 * Creates a guard for Fastify. It puts the access token on `request.auth`. `scopegatePlugin` does this and declares the
 * types; use this function for a second guard, with another audience.
 *
 * @example
 * ```ts
 * const guard = createFastifyGuard(verifier, { audience: 'https://reports.example.com' });
 *
 * app.get('/reports', { onRequest: guard('reports:read') }, async (request) => {
 *   return { subject: authOf(request).subject };
 * });
 * ```
 *
 * @throws {ConfigurationError} an option is unknown or wrong, or the first argument is no verifier
 */
export function createFastifyGuard(verifier: Verifier<unknown>, options: FastifyGuardOptions = {}): FastifyGuard {
  const guard = new RouteGuard(requireInternals(verifier, 'createFastifyGuard'), options);
  const create = (input: readonly unknown[], isOptional: boolean): FastifyHook => {
    const { policy } = parseGuardArguments(input);
    return createHook(guard.forRoute(policy, isOptional));
  };

  const fastifyGuard = (...input: readonly unknown[]) => create(input, false);
  const optional = (...input: readonly unknown[]) => create(input, true);
  return Object.freeze(Object.assign(fastifyGuard, { optional }));
}

function createHook(decide: Decide): FastifyHook {
  return async function scopegateGuard(request, reply) {
    const { answer, auth, caching } = await decide(requestOf(request), request);
    if (answer !== undefined) return writeAnswer(reply, answer);

    (request as { auth?: AccessToken | undefined }).auth = auth;
    for (const [name, value] of cacheHeaders(caching, (name) => reply.getHeader(name))) reply.header(name, value);
    return undefined;
  };
}

/** A hook that has answered returns the reply. To a text, Fastify would add a charset, which JSON has not (RFC 8259 §11). */
function writeAnswer(reply: GuardableFastifyReply, { status, headers, body }: HttpAnswer): unknown {
  reply.code(status);
  reply.headers(headers);
  return reply.send(Buffer.from(body));
}

function requestOf({ raw, body, ip }: GuardableFastifyRequest): HttpRequest {
  const { method, url, headers, rawHeaders, socket } = raw;
  return { method, url, headers, rawHeaders, body, ip, socket };
}
