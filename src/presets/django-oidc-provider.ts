import { readIntrospection, type SecretIntrospection } from '../issuer/introspection-options.js';
import type { DiscoveredIssuer } from '../issuer/issuer-options.js';
import { url } from '../options/check-url.js';
import { ConfigurationError } from '../options/configuration-error.js';
import { describeValue } from '../options/describe-value.js';
import { type ReadersOf, readOptions } from '../options/option-reader.js';
import { required, strings } from '../options/readers.js';
import { withoutSlash } from '../protocol/without-slash.js';

export interface DjangoOidcProviderOptions {
  /** `SITE_URL` and the path where it is mounted, without a slash at the end: `https://login.example.com/openid`. */
  readonly issuer: string;
  /** The credentials of this server: those of a confidential client with the scope `token_introspection`. */
  readonly introspection: Omit<SecretIntrospection, 'jwt' | 'signed'>;
  /** The clients whose tokens are accepted. They replace the audience, which its tokens do not have. */
  readonly clientIds: readonly string[];
}

const NAME = 'djangoOidcProvider';
const EXAMPLE_URL = 'https://login.example.com/openid';
const INTROSPECTION_FIX = 'Give an object such as { clientId, clientSecret }: its access tokens are opaque.';
const CLIENTS_FIX = 'Give the client ids of the apps to accept.';

// It answers active: false, or a plain answer, to whoever uses one of them. There are no JWT access tokens.
const UNKNOWN_TO_SERVER = ['bearerToken', 'privateKey', 'algorithm', 'keyId', 'signed', 'jwt'] as const;

const READERS = {
  issuer: readIssuer,
  introspection: readOwnIntrospection,
  clientIds: required(strings(CLIENTS_FIX), CLIENTS_FIX),
} satisfies ReadersOf<DjangoOidcProviderOptions>;

/**
 * Creates the issuer of a Django OIDC Provider (`django-oidc-provider`, 0.8.0 or later): its introspection endpoint,
 * credentials in the form, `active` without `exp`, which is that of the ID token, and its clients in place of an audience.
 * No JWT is accepted: all that it signs are ID tokens. It needs
 * `OIDC_INTROSPECTION_RESPONSE_SCOPE_ENABLE = True`, without which no token has scopes.
 *
 * @example
 * ```ts
 * import { djangoOidcProvider } from 'scopegate/presets';
 *
 * const verifier = createVerifier({
 *   issuer: djangoOidcProvider({
 *     issuer: 'https://login.example.com/openid',
 *     introspection: { clientId: 'orders-api', clientSecret },
 *     clientIds: ['480546'],
 *   }),
 *   audience: false, // its tokens name none
 * });
 * ```
 *
 * @see https://django-oidc-provider.readthedocs.io/en/latest/sections/tokenintrospection.html
 * @see https://django-oidc-provider.readthedocs.io/en/latest/sections/settings.html
 * @throws {ConfigurationError}
 */
export function djangoOidcProvider(options: DjangoOidcProviderOptions): DiscoveredIssuer {
  const fix = `Call ${NAME}({ issuer: '${EXAMPLE_URL}', introspection: { ... }, clientIds: ['...'] }).`;
  const { issuer, introspection, clientIds } = readOptions(options, NAME, fix, READERS);

  return Object.freeze({
    issuer,
    audience: false,
    clientIds,
    algorithms: Object.freeze(['RS256'] as const),
    profile: 'rfc9068',
    scopesFrom: Object.freeze(['scope']),
    introspection: Object.freeze({
      endpoint: `${issuer}/introspect`,
      authMethod: 'client_secret_post',
      ignoreExp: true,
      ...introspection,
    } as SecretIntrospection),
  });
}

function readIssuer(value: unknown, path: string): string {
  const issuer = url(EXAMPLE_URL)(value, path);
  if (!issuer.endsWith('/')) return issuer;
  const fix = `Give '${withoutSlash(issuer)}', as its metadata says.`;
  throw new ConfigurationError(path, `is ${describeValue(issuer)}, with a slash at the end, which iss never has.`, fix);
}

function readOwnIntrospection(value: unknown, path: string): object {
  if (value === undefined) throw new ConfigurationError(path, 'is missing.', INTROSPECTION_FIX);
  const introspection = readIntrospection(value, path, INTROSPECTION_FIX);
  const unknown = UNKNOWN_TO_SERVER.find((name) => introspection[name] !== undefined);
  if (unknown === undefined) return introspection;
  throw new ConfigurationError(
    `${path}.${unknown}`,
    'is nothing that Django OIDC Provider knows.',
    'Leave it out, and give clientId and clientSecret.',
  );
}
