import {
  AuthorizationResponseError,
  JWT_TIMESTAMP_CHECK,
  OperationProcessingError,
  PARSE_ERROR,
  RESPONSE_IS_NOT_CONFORM,
  RESPONSE_IS_NOT_JSON,
  ResponseBodyError,
  type WWWAuthenticateChallengeError,
} from 'oauth4webapi';
import { NoStorageError } from './tab-storage.js';

/** One field of a form, and what is wrong with it. */
export interface FieldIssue {
  readonly path: string;
  readonly message: string;
}

type Kind =
  /** Nobody is signed in, or not any more. */
  | 'signed-out'
  /** An answer that does not belong to a sign-in of this tab. */
  | 'foreign-answer'
  | 'code-used'
  /** What answers at the authorization server's address says that it is another one. */
  | 'wrong-server'
  | 'wrong-clock'
  | 'not-allowed'
  /** The authorization server was not told that somebody signed out. */
  | 'still-signed-in'
  | 'no-storage'
  /** The app lacks a scope, which the person may grant. */
  | 'scope-missing'
  /** The person lacks a role, which no consent gives. */
  | 'role-missing'
  | 'invalid'
  | 'not-found'
  | 'later'
  | 'unreachable'
  | 'failed';

interface Details {
  /** The scopes to ask for. */
  readonly scope?: string;
  readonly issues?: readonly FieldIssue[];
  readonly seconds?: number;
  /** Whether something was asked for that may be done although no answer came. */
  readonly mayBeDone?: boolean;
}

/** Something that a person should be told, in words of theirs. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly kind: Kind;
  readonly details: Details;

  constructor(kind: Kind, details: Details = {}, options?: ErrorOptions) {
    super(kind, options);
    this.kind = kind;
    this.details = details;
  }
}

const QUIET_ANSWERS = ['login_required', 'interaction_required', 'consent_required', 'account_selection_required'];

/** What went wrong on the way through sign-in, or with the refresh token. */
export function problemOfSignIn(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof NoStorageError) return new Problem('no-storage');
  if (error instanceof AuthorizationResponseError) {
    if (error.error === 'access_denied') return new Problem('not-allowed');
    return new Problem(QUIET_ANSWERS.includes(error.error) ? 'signed-out' : 'failed', {}, { cause: error });
  }
  if (error instanceof ResponseBodyError && error.error === 'invalid_grant') return new Problem('code-used');
  if (error instanceof OperationProcessingError) return new Problem(kindOf(error), {}, { cause: error });
  // What `fetch` throws where nobody answers.
  if (error instanceof TypeError) return new Problem('unreachable', {}, { cause: error });
  return new Problem('failed', {}, { cause: error });
}

function kindOf({ code }: OperationProcessingError): Kind {
  switch (code) {
    // An error page where JSON should be.
    case RESPONSE_IS_NOT_CONFORM:
    case RESPONSE_IS_NOT_JSON:
    case PARSE_ERROR:
      return 'failed';
    case JWT_TIMESTAMP_CHECK:
      return 'wrong-clock';
    default:
      return 'foreign-answer';
  }
}

/** What an API's refusal means for the person (RFC 6750 §3.1). */
export function problemOfChallenge({ status, cause: challenges }: WWWAuthenticateChallengeError): Problem {
  if (status === 401) return new Problem('signed-out');
  const { scope } = challenges.find(({ scheme }) => scheme === 'bearer')?.parameters ?? {};
  return scope === undefined ? new Problem('role-missing') : new Problem('scope-missing', { scope });
}

/** What an answer that is no success means for the person. */
export async function problemOfResponse(response: Response): Promise<Problem> {
  if (response.status === 401) return new Problem('signed-out');
  if (response.status === 403) return new Problem('role-missing');
  if (response.status === 404) return new Problem('not-found');
  if (response.status === 503) return new Problem('later', { seconds: readSeconds(response) });
  if (response.status < 400 || response.status >= 500) return new Problem('failed');
  const { issues = [] } = await response.json().catch(() => ({}));
  return new Problem('invalid', { issues });
}

function readSeconds({ headers }: Response): number {
  return Math.max(1, Number(headers.get('retry-after')) || 30);
}

/** What to say, and what a person can do about it. */
export function explain({ kind, details }: Problem, wishOf: (scope: string) => string): readonly [string, string] {
  switch (kind) {
    case 'signed-out':
      return ['Your sign-in has ended', 'Sign in again to go on. What you have typed is kept.'];
    case 'foreign-answer':
      return [
        'This sign-in was not accepted',
        'The answer that came back does not belong to a sign-in that you began in this tab. Sign in from here.',
      ];
    case 'code-used':
      return ['This sign-in is over', 'It was used already, or took too long. Sign in once more.'];
    case 'wrong-server':
      return [
        'This is not the sign-in server of your company',
        'Another one answers at its address. Nothing was sent to it. Tell an administrator.',
      ];
    case 'wrong-clock':
      return ['The time of this device seems to be wrong', 'Set its clock, and sign in again.'];
    case 'still-signed-in':
      return [
        'You are signed out of this page only',
        'The sign-in server cannot be reached. It may let this browser in again without a password. ' +
          'Sign in and out again in a moment.',
      ];
    case 'not-allowed':
      return ['You did not allow it', 'Nothing has changed. You can allow it at any time.'];
    case 'no-storage':
      return [
        'Your browser blocks the storage of this page',
        'Signing in needs it for a moment. Allow this site to store data, and try again.',
      ];
    case 'scope-missing':
      return ['This needs your permission', `The dashboard does not have it yet: ${wishesOf(details.scope, wishOf)}.`];
    case 'role-missing':
      return ['This is not for you', 'Your role at your company does not include it. An administrator can help.'];
    case 'invalid':
      return ['Something is not right yet', 'Nothing was saved. Look at the fields below.'];
    case 'not-found':
      return ['This does not exist', 'It may have been removed, or belongs to somebody else.'];
    case 'later':
      return [
        'This cannot be done now',
        `The server asks for patience. Try again in ${formatSeconds(details.seconds)}.`,
      ];
    case 'unreachable':
      return [
        'The server cannot be reached',
        details.mayBeDone
          ? 'It may have been done all the same: load this page again and look, before you repeat it. What you have typed is kept.'
          : 'Look at your connection, or try again in a moment. What you have typed is kept.',
      ];
    default:
      return ['Something went wrong', 'It is not your fault. Try again in a moment.'];
  }
}

function wishesOf(scope = '', wishOf: (scope: string) => string): string {
  return scope.split(' ').map(wishOf).join('; ');
}

function formatSeconds(seconds = 1): string {
  return seconds === 1 ? 'a second' : `${seconds} seconds`;
}
