import type { DashboardSettings } from '../settings.js';
import { Problem, problemOfResponse } from './problem.js';
import type { Session } from './session.js';
import { beginSignIn, finishSignIn, isCallback } from './sign-in.js';
import { forget, keep, recall, take } from './tab-storage.js';

/** What the page begins with. */
export interface Start {
  readonly settings: DashboardSettings;
  /** Undefined while nobody is signed in. */
  readonly session?: Session;
  /** Something to say first. */
  readonly problem?: Problem;
}

/**
 * Finds out who is signed in. Gives undefined when the browser leaves for the sign-in pages: a page that is loaded
 * again has no tokens, and gets new ones without a question while the session at the authorization server lasts.
 *
 * @throws {Problem} the page cannot begin
 */
export async function start(): Promise<Start | undefined> {
  const settings = await loadSettings();
  try {
    if (isCallback(location)) return await comeBack(settings);
    const scope = recall('signed-in');
    if (scope === undefined) return { settings, ...noticed() };
    await beginSignIn(settings, { scope, page: location.pathname, isSilent: true });
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { settings, problem: error };
  }
}

async function comeBack(settings: DashboardSettings): Promise<Start | undefined> {
  try {
    return { settings, session: await finishSignIn(settings), ...noticed() };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const scope = recall('signed-in');
    if (error.kind === 'not-allowed' && scope !== undefined && take('notice') === undefined) {
      // More was refused; what was allowed before goes on. With the notice, that was refused too.
      keep('notice', 'not-allowed');
      await beginSignIn(settings, { scope, page: location.pathname, isSilent: true });
      return undefined;
    }
    if (error.kind !== 'signed-out') throw error;
    // The session at the authorization server is over: no news to somebody who comes back later.
    forget('signed-in', 'notice');
    return { settings };
  }
}

function noticed(): Pick<Start, 'problem'> {
  const notice = take('notice');
  return notice === undefined ? {} : { problem: new Problem(notice) };
}

async function loadSettings(): Promise<DashboardSettings> {
  const response = await fetch('/settings.json').catch((cause) => {
    throw new Problem('unreachable', {}, { cause });
  });
  if (!response.ok) throw await problemOfResponse(response);
  return response.json();
}
