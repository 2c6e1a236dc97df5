// biome-ignore lint/suspicious/noTsIgnore: an error is expected only where fastify has no types
/** @ts-ignore: fastify is an optional peer; without its types, an app is anything. */
import type { FastifyInstance } from 'fastify';
import type { AccessToken } from '../../protocol/access-token.js';
import type { RegisterClaims } from '../../protocol/register.js';
import type { FastifyGuard } from './create-fastify-guard.js';

/** The options of `scopegatePlugin`. */
export interface ScopegatePluginOptions {
  readonly guard: FastifyGuard;
}

// biome-ignore lint/suspicious/noTsIgnore: an error is expected only where fastify has no types
/** @ts-ignore: fastify is an optional peer. */
declare module 'fastify' {
  interface FastifyRequest {
    /** The access token of an accepted request. `authOf(request)` is the same and never undefined. */
    auth?: AccessToken<RegisterClaims> | undefined;
  }
  interface FastifyInstance {
    guard: FastifyGuard;
  }
}

/**
 * A plugin for Fastify 5: declares `request.auth`, and puts the guard on `app.guard`.
 *
 * @example
 * ```ts
 * await app.register(scopegatePlugin, { guard: createFastifyGuard(verifier) });
 *
 * app.get('/orders', { onRequest: app.guard('orders:read') }, async (request) => {
 *   return { subject: authOf(request).subject };
 * });
 * ```
 */
export async function scopegatePlugin(app: FastifyInstance, { guard }: ScopegatePluginOptions): Promise<void> {
  app.decorate('guard', guard);
  app.decorateRequest('auth', undefined);
}

// The decorators are for the app that registers the plugin, and not for the plugin alone, as with fastify-plugin.
Object.assign(scopegatePlugin, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'scopegate',
  [Symbol.for('plugin-meta')]: { name: 'scopegate', fastify: '5.x' },
});
