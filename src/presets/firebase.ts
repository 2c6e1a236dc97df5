import type { JwksUriIssuer } from '../issuer/issuer-options.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';

/** For the ID tokens of users (Firebase Authentication), or for the tokens of apps (App Check). */
export type FirebaseOptions =
  | {
      /** The project whose users are accepted, by its id. Their tokens have it as `aud`. */
      readonly projectId: string;
      readonly appCheck?: never;
    }
  | {
      /** The project whose apps are accepted, by its number: App Check. */
      readonly appCheck: string;
      readonly projectId?: never;
    };

const FIX = "Call firebase({ projectId: 'acme-shop' }), or firebase({ appCheck: '123456789' }) for App Check.";
const READERS = {
  projectId: readText(/^[a-z][a-z0-9-]{3,}[a-z0-9]$/, "Give the id of the project, such as 'acme-shop'."),
  appCheck: readText(/^\d+$/, "Give the number of the project as a text, such as '123456789'."),
} satisfies ReadersOf<FirebaseOptions>;

const USER_KEYS = 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com';
const APP_KEYS = 'https://firebaseappcheck.googleapis.com/v1/jwks';

/**
 * Creates the issuer of a Firebase project: of its users, whose ID tokens are what they bring to an API, or of its apps (App
 * Check). RS256, keys at their own address, and the project as audience. These tokens have no scopes; use claim policies.
 *
 * @example
 * ```ts
 * import { firebase } from 'scopegate/presets';
 *
 * const verifier = createVerifier({ issuer: firebase({ projectId: 'acme-shop' }), audience: 'acme-shop' });
 * ```
 *
 * @see https://firebase.google.com/docs/auth/admin/verify-id-tokens
 * @see https://firebase.google.com/docs/app-check/custom-resource-backend
 * @throws {ConfigurationError}
 */
export function firebase(options: FirebaseOptions): JwksUriIssuer {
  const { projectId, appCheck } = readOptions(options, 'firebase', FIX, READERS);
  if ((projectId === undefined) === (appCheck === undefined)) {
    const problem = projectId === undefined ? 'names no project.' : 'has projectId and appCheck.';
    throw new ConfigurationError('firebase', problem, FIX);
  }

  const isUsers = projectId !== undefined;
  return Object.freeze({
    issuer: isUsers
      ? `https://securetoken.google.com/${projectId}`
      : `https://firebaseappcheck.googleapis.com/${appCheck}`,
    jwksUri: isUsers ? USER_KEYS : APP_KEYS,
    audience: Object.freeze([isUsers ? projectId : `projects/${appCheck}`]),
    algorithms: Object.freeze(['RS256'] as const),
    // Users bring ID tokens, which is what Firebase means them for.
    ...(isUsers && { dangerouslyAcceptAnyTokenKind: true }),
  });
}

function readText(form: RegExp, fix: string): (value: unknown, path: string) => string | undefined {
  return (value, path) => {
    if (value === undefined || (typeof value === 'string' && form.test(value))) return value as string | undefined;
    throw new ConfigurationError(path, `is ${describeValue(value)}.`, fix);
  };
}
