import type expressModule from 'express';
import { afterEach } from 'vitest';
import { createVerifier, type VerifierOptions } from '../../src/index.js';
import type { IntrospectionOptions } from '../../src/issuer/introspection-options.js';
import { AuthorizationServer } from './authorization-server.js';
import { type DeclareRoutes, type GuardedApi, startGuardedApi } from './guarded-api.js';
import type { RawIssuerOptions } from './raw-issuer.js';

const AUDIENCE = 'https://api.test';

export interface TestbedApiOptions {
  /** What differs from a verifier of the strict profile that trusts every issuer of the test. */
  readonly verifier?: Partial<VerifierOptions>;
  /** Adds to `GET /orders`, which wants the scope `read`. */
  readonly routes?: DeclareRoutes;
}

/** What differs from an API whose one issuer introspects, and finds the endpoint by its metadata. */
export interface IntrospectingApiOptions extends TestbedApiOptions {
  readonly introspection?: Partial<IntrospectionOptions>;
  readonly server?: RawIssuerOptions;
}

/** An API that introspects its tokens. */
export interface Introspecting {
  readonly server: AuthorizationServer;
  readonly api: GuardedApi;
}

/** The authorization servers and APIs of one test. All are closed after it. */
export interface Testbed {
  openIssuer(options?: RawIssuerOptions): Promise<AuthorizationServer>;
  /** Starts an API with a new verifier, whose cache is cold. */
  startApi(options?: TestbedApiOptions): Promise<GuardedApi>;
  /** Opens an issuer, and starts an API that trusts it. */
  open(
    verifier?: TestbedApiOptions['verifier'],
  ): Promise<{ readonly issuer: AuthorizationServer; readonly api: GuardedApi }>;
  openIntrospecting(options?: IntrospectingApiOptions): Promise<Introspecting>;
  /** Starts another API that introspects at the same server. */
  startIntrospecting(server: AuthorizationServer, options?: IntrospectingApiOptions): Promise<GuardedApi>;
}

/** Call in a `describe`: for tests of several issuers or APIs. The clock is that of the first issuer. */
export function useTestbed(express?: typeof expressModule): Testbed {
  const issuers: AuthorizationServer[] = [];
  afterEach(() => {
    issuers.length = 0;
  });

  const testbed: Testbed = {
    async openIssuer(options) {
      const issuer = await AuthorizationServer.start(options);
      issuers.push(issuer);
      return issuer;
    },

    async startApi({ verifier: changes, routes } = {}) {
      const verifier = createVerifier({
        issuer: issuers.map(({ issuer }) => issuer),
        audience: AUDIENCE,
        profile: 'rfc9068',
        clock: issuers[0]?.clock.now,
        dangerouslyAllowInsecureHttp: true,
        ...changes,
      } as Omit<VerifierOptions, 'claims'>);
      return startGuardedApi({ verifier, express, routes, audience: AUDIENCE, maxHeaderBytes: 65_536 });
    },

    async open(verifier = {}) {
      const issuer = await testbed.openIssuer();
      return { issuer, api: await testbed.startApi({ verifier }) };
    },

    async openIntrospecting(options = {}) {
      const server = await AuthorizationServer.start(options.server);
      return { server, api: await testbed.startIntrospecting(server, options) };
    },

    startIntrospecting(server, { introspection, verifier, routes } = {}) {
      const issuer = server.issuerOptions(introspection);
      return testbed.startApi({
        verifier: { issuer, clock: server.clock.now, ...verifier },
        ...(routes && { routes }),
      });
    },
  };
  return testbed;
}
