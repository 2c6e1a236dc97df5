import type expressModule from 'express';
import { afterEach, expect } from 'vitest';
import type { VerifierOptions } from '../../src/index.js';
import type { IntrospectionOptions } from '../../src/issuer/introspection-options.js';
import { type AttackWorld, type IssuerApi, type IssuerApiOptions, useAttackWorld } from './attack-issuer.js';
import { type Answer, expectAccepted, expectAnswer, unavailable } from './expect-answer.js';
import type { Exchange } from './guarded-api.js';
import { IntrospectionServer, replyWell } from './introspection-server.js';
import type { RawIssuerOptions } from './raw-issuer.js';

/** What differs from an API whose one issuer introspects, and finds the endpoint by its metadata. */
export interface IntrospectingApiOptions {
  readonly introspection?: Partial<IntrospectionOptions>;
  readonly verifier?: Partial<VerifierOptions>;
  readonly routes?: IssuerApiOptions['routes'];
  readonly server?: RawIssuerOptions;
}

/** An API whose tokens an authorization server answers for. */
export interface Introspecting {
  readonly server: IntrospectionServer;
  readonly api: IssuerApi;
}

export interface IntrospectionWorld extends AttackWorld {
  openIntrospecting(options?: IntrospectingApiOptions): Promise<Introspecting>;
  /** Starts another API that asks the same server. */
  startIntrospecting(server: IntrospectionServer, options?: IntrospectingApiOptions): Promise<IssuerApi>;
}

/** Call in a `describe`: gives each of its tests a world of its own. All its servers are closed after it. */
export function useIntrospectionWorld(express: typeof expressModule): IntrospectionWorld {
  const world = useAttackWorld(express);
  const servers: IntrospectionServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  const startIntrospecting: IntrospectionWorld['startIntrospecting'] = (server, options = {}) => {
    const { introspection, verifier, routes } = options;
    const issuer = server.issuerOptions(introspection);
    return world.startApi({ verifier: { issuer, clock: server.clock.now, ...verifier }, ...(routes && { routes }) });
  };
  return {
    ...world,
    startIntrospecting,
    async openIntrospecting(options = {}) {
      const server = await IntrospectionServer.open(options.server);
      servers.push(server);
      return { server, api: await startIntrospecting(server, options) };
    },
  };
}

/** Sends a token, and demands that it is refused with the whole of an answer. */
export async function expectRefusal({ api }: Pick<Introspecting, 'api'>, token: string, answer: Answer): Promise<void> {
  expectAnswer(await api.send({ token }), answer, api.realm);
}

/** Sends a token, and demands that the handler ran. Gives the claims that it saw. */
export async function expectAdmitted({ api }: Pick<Introspecting, 'api'>, token: string): Promise<object> {
  const { response }: Exchange = await expectAccepted(api, { token });
  return JSON.parse(Buffer.from(response.body, 'latin1').toString());
}

/**
 * Sends a token that its issuer says something bad of between two controls, twice, so that the second is answered
 * from memory: the issuer is asked about each once. Then it says something good of it, which is believed.
 */
export async function expectBadAnswer(scene: Introspecting, text: string, answer: Answer): Promise<void> {
  const { server } = scene;
  const [token, control] = [server.issue(), server.issue()];
  server.say(token, text);
  await expectRefusal(scene, token, answer);
  await expectAdmitted(scene, control);
  await expectRefusal(scene, token, answer);
  await expectAdmitted(scene, control);
  expect(server.hits).toEqual({ metadata: 1, jwks: 0, introspection: 2, elsewhere: 0 });

  server.clock.advance(61);
  server.say(token, server.answer());
  await expectAdmitted(scene, token);
}

/**
 * Sends a token whose question comes to nothing: nobody is blamed, nothing is remembered, and the same token passes
 * once the server is well. `breakDown` may change the server; `passDeadline` ends what would hang for ever.
 */
export async function expectNoAnswer(
  scene: Introspecting,
  breakDown: (server: IntrospectionServer) => void,
  passDeadline: (questions: number) => Promise<void> = async () => {},
): Promise<void> {
  const { server } = scene;
  const answer = unavailable('introspection_unavailable');
  const [token, other] = [server.issue(), server.issue()];
  const expectUnanswered = async (asked: string, questions: number) => {
    const refused = expectRefusal(scene, asked, answer);
    await passDeadline(questions);
    await refused;
    expect(server.questions.length).toBe(questions);
  };
  breakDown(server);
  await expectUnanswered(token, 1);
  await expectUnanswered(token, 2);
  server.reply = replyWell;
  await expectAdmitted(scene, token);
  breakDown(server);
  await expectAdmitted(scene, token);
  await expectUnanswered(other, 4);
  server.reply = replyWell;
  await expectAdmitted(scene, other);
  expect(server.questions.length).toBe(5);
}
