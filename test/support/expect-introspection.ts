import { expect } from 'vitest';
import { type AuthorizationServer, answerIntrospectionWell } from './authorization-server.js';
import { type Answer, expectAccepted, expectAnswer, unavailable } from './expect-answer.js';
import type { Introspecting } from './testbed.js';

/** After a second failure in a row, the next request waits this long at most. */
const BACK_OFF_SECONDS = 5;

/** Sends a token, and demands that it is refused with the whole of an answer. */
export async function expectRefusal({ api }: Pick<Introspecting, 'api'>, token: string, answer: Answer): Promise<void> {
  expectAnswer(await api.send({ token }), answer, api.realm);
}

/** Sends a token, and demands that the handler ran. Gives the claims that it saw. */
export async function expectAdmitted({ api }: Pick<Introspecting, 'api'>, token: string): Promise<object> {
  const { response } = await expectAccepted(api, { token });
  return JSON.parse(Buffer.from(response.body, 'latin1').toString());
}

/**
 * Sends a token that its issuer says something bad of between two controls, twice, so that the second is answered
 * from memory: the issuer is asked about each once. Then it says something good of it, which is believed.
 */
export async function expectBadAnswer(scene: Introspecting, text: string, answer: Answer): Promise<void> {
  const { server } = scene;
  const [token, control] = [server.issue(), server.issue()];
  server.setAnswer(token, text);
  await expectRefusal(scene, token, answer);
  await expectAdmitted(scene, control);
  await expectRefusal(scene, token, answer);
  await expectAdmitted(scene, control);
  expect(server.hits).toEqual({ metadata: 1, jwks: 0, introspection: 2, elsewhere: 0 });

  server.clock.advance(61);
  server.setAnswer(token, server.answer());
  await expectAdmitted(scene, token);
}

/**
 * Sends a token whose request comes to nothing: nobody is blamed, nothing is remembered, and the same token passes
 * once the server is well. `breakDown` may change the server; `passDeadline` ends what would hang for ever. `tries`: how often
 * each request is sent, twice where its connection ends before an answer.
 */
export async function expectNoAnswer(
  scene: Introspecting,
  breakDown: (server: AuthorizationServer) => void,
  passDeadline: (requests: number) => Promise<void> = async () => {},
  tries = 1,
): Promise<void> {
  const { server } = scene;
  const answer = unavailable('introspection_unavailable');
  const [token, other] = [server.issue(), server.issue()];
  const expectUnanswered = async (asked: string, requests: number) => {
    const refused = expectRefusal(scene, asked, answer);
    await passDeadline(requests);
    await refused;
    expect(server.introspections.length).toBe(requests);
  };
  breakDown(server);
  await expectUnanswered(token, tries);
  await expectUnanswered(token, 2 * tries);
  server.answerIntrospection = answerIntrospectionWell;
  server.clock.advance(BACK_OFF_SECONDS);
  await expectAdmitted(scene, token);
  breakDown(server);
  await expectAdmitted(scene, token);
  await expectUnanswered(other, 3 * tries + 1);
  server.answerIntrospection = answerIntrospectionWell;
  await expectAdmitted(scene, other);
  expect(server.introspections.length).toBe(3 * tries + 2);
}
