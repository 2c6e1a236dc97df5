import type { IncomingMessage } from 'node:http';
import { ConfigurationError } from '../../options/configuration-error.js';
import { type PolicyInput, parsePolicy } from '../../policy/policy.js';
import type { AccessToken } from '../../protocol/access-token.js';
import type { HttpAnswer } from '../../protocol/http-answer.js';
import type { HttpRequest } from '../../protocol/http-request.js';
import type { Verifier } from '../../verifier/verifier.js';
import { cacheHeaders } from '../core/cache-headers.js';
import { requireInternals } from '../core/require-internals.js';
import { type Decide, RouteGuard, type RouteGuardOptions } from '../core/route-guard.js';
import { type Access, accessOf, declareAccess } from './route-access.js';

/** What the guard takes from `@nestjs/common`. Give the module itself: `import * as nest from '@nestjs/common'`. */
export interface NestCommon {
  readonly HttpException: new (body: object, status: number, options?: { cause?: unknown }) => Error;
  createParamDecorator(
    factory: (data: unknown, context: NestExecutionContext) => unknown,
  ): (...data: never[]) => ParameterDecorator;
}

/** The part of Nest's `ExecutionContext` that the guard uses. */
export interface NestExecutionContext {
  getHandler(): object;
  getClass(): object;
  getType(): string;
  switchToHttp(): { getRequest(): unknown; getResponse(): unknown };
}

/** The options of `createNestGuard`. */
export interface NestGuardOptions extends RouteGuardOptions<IncomingMessage> {}

/** A guard for routes, `CanActivate` of Nest. It needs nothing injected: `new ScopegateGuard()` works too. */
export type NestGuardClass = new () => { canActivate(context: NestExecutionContext): Promise<boolean> };

/** The decorators and the guard for an app of Nest. */
export interface NestGuard {
  /** Guards routes: all of them by `app.useGlobalGuards` or `APP_GUARD`, or some by `@UseGuards`. */
  readonly ScopegateGuard: NestGuardClass;
  /** A module that guards every route of the app. */
  readonly ScopegateModule: {
    readonly module: new () => object;
    readonly providers: { provide: string; useClass: NestGuardClass }[];
  };
  /** Requires all of these scopes, on a route or a controller. With both, both are required. */
  readonly RequireScopes: (...scopes: readonly [string, ...(readonly string[])]) => ClassDecorator & MethodDecorator;
  /** Requires a policy, made by `allOf`, `anyOf` or `claim`. */
  readonly RequirePolicy: (policy: PolicyInput) => ClassDecorator & MethodDecorator;
  /** Accepts requests without a token too. A token that is given must be good. */
  readonly OptionalAuth: () => ClassDecorator & MethodDecorator;
  /** Accepts every request, and reads no token. */
  readonly Public: () => ClassDecorator & MethodDecorator;
  /** The access token of the request, as a parameter of a handler: `@Auth() auth: AccessToken`. */
  readonly Auth: () => ParameterDecorator;
}

/**
 * Creates the guard and the decorators for an app of Nest, on Express or Fastify. A route that says nothing demands a valid
 * access token.
 *
 * @example
 * ```ts
 * import * as nest from '@nestjs/common';
 *
 * export const { Auth, Public, RequireScopes, ScopegateModule } = createNestGuard(nest, verifier);
 * ```
 *
 * @throws {ConfigurationError} an option is unknown or wrong, or the second argument is no verifier
 */
export function createNestGuard(
  nest: NestCommon,
  verifier: Verifier<unknown>,
  options: NestGuardOptions = {},
): NestGuard {
  requireNest(nest);
  const guard = new RouteGuard(requireInternals(verifier, 'createNestGuard'), options);
  const ScopegateGuard = createGuardClass(nest, guard);

  return Object.freeze({
    ScopegateGuard,
    ScopegateModule: {
      module: class ScopegateModule {},
      // The string is Nest's own constant of this name.
      providers: [{ provide: 'APP_GUARD', useClass: ScopegateGuard }],
    },
    RequireScopes: (...scopes) => declareAccess({ kind: 'guarded', policy: parsePolicy(scopes.join(' '), 'scopes') }),
    RequirePolicy: (policy) => declareAccess({ kind: 'guarded', policy: parsePolicy(policy, 'policy') }),
    OptionalAuth: () => declareAccess({ kind: 'optional', policy: undefined }),
    Public: () => declareAccess({ kind: 'public', policy: undefined }),
    Auth: nest.createParamDecorator((_, context) => requestOf(context).auth),
  } satisfies NestGuard);
}

function requireNest(nest: unknown): void {
  const { HttpException, createParamDecorator } = Object(nest) as Partial<NestCommon>;
  if (typeof HttpException === 'function' && typeof createParamDecorator === 'function') return;
  const fix = 'Import all of @nestjs/common as nest, and call createNestGuard(nest, verifier).';
  throw new ConfigurationError('nest', 'is not the module @nestjs/common.', fix);
}

function createGuardClass({ HttpException }: NestCommon, guard: RouteGuard): NestGuardClass {
  const routes = new RouteCache(guard);

  return class ScopegateGuard {
    async canActivate(context: NestExecutionContext): Promise<boolean> {
      const decide = routes.find(context.getHandler(), context.getClass());
      if (decide === 'public') return true;

      const request = requestOf(context);
      const { answer, auth, caching } = await decide(toHttpRequest(request), request.raw ?? request);
      const response = context.switchToHttp().getResponse() as NestResponse;
      if (answer !== undefined) {
        writeHeaders(response, answer);
        throw new HttpException(JSON.parse(answer.body) as object, answer.status);
      }

      request.auth = auth;
      for (const [name, value] of cacheHeaders(caching, (name) => response.getHeader(name)))
        response.header(name, value);
      return true;
    }
  };
}

/** How each handler of each controller is decided on. Controllers may inherit a handler. */
class RouteCache {
  readonly #guard: RouteGuard;
  readonly #byController = new WeakMap<object, WeakMap<object, Decide | 'public'>>();

  constructor(guard: RouteGuard) {
    this.#guard = guard;
  }

  find(handler: object, controller: object): Decide | 'public' {
    const ofController = this.#byController.get(controller) ?? new WeakMap<object, Decide | 'public'>();
    this.#byController.set(controller, ofController);
    const found = ofController.get(handler) ?? this.#create(accessOf(handler, controller));
    ofController.set(handler, found);
    return found;
  }

  #create({ kind, policy }: Access): Decide | 'public' {
    return kind === 'public' ? kind : this.#guard.forRoute(policy, kind === 'optional');
  }
}

/** A request of Express, or of Fastify, which has that of Node in `raw`. */
interface NestRequest extends IncomingMessage {
  readonly raw?: IncomingMessage;
  readonly body?: unknown;
  readonly ip?: string;
  auth?: AccessToken | undefined;
}

/** Express and Fastify both have these. */
interface NestResponse {
  header(name: string, value: string): unknown;
  getHeader(name: string): unknown;
}

function requestOf(context: NestExecutionContext): NestRequest {
  if (context.getType() === 'http') return context.switchToHttp().getRequest() as NestRequest;
  throw new TypeError(`ScopegateGuard guards HTTP routes. For '${context.getType()}', call verifier.authenticate.`);
}

function toHttpRequest(request: NestRequest): HttpRequest {
  const { method, url, headers, rawHeaders, socket } = request.raw ?? request;
  const { body, ip } = request;
  return { method, url, headers, rawHeaders, body, ip, socket };
}

/** The body goes by the exception, so that Nest's filters and interceptors see it. */
function writeHeaders(response: NestResponse, { headers }: HttpAnswer): void {
  for (const [name, value] of Object.entries(headers)) response.header(name, value);
}
