import type { KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  type AccessToken,
  type AddressClaim,
  AuthorizationError,
  type ClaimsOf,
  createGuard,
  createVerifier,
  type Guard,
  type IntrospectionOptions,
  type IntrospectionStatus,
  IssuerUnavailableError,
  type OAuthErrorCode,
  REFUSALS,
  type RefusalReason,
  type SecretSource,
  type SharedSecret,
  type SharedSecretIssuer,
  type StandardClaims,
  type StandardSchema,
  type TextSource,
  type UntypedClaims,
  type Verifier,
  type VerifierStatus,
} from 'scopegate';
import { z } from 'zod';
import { typeOf } from '../type-of.js';
import { base, guard, verifier } from './guards.js';

typeOf(verifier).is<Verifier<ClaimsOf<{ tenant: string }>>>();
typeOf(guard).is<Guard<ClaimsOf<{ tenant: string }>>>();
typeOf(createVerifier(base)).is<Verifier<UntypedClaims>>();
typeOf(createGuard(createVerifier(base))).is<Guard<UntypedClaims>>();
typeOf(await verifier.verify('token', { audience: ['a', 'b'] })).is<AccessToken<ClaimsOf<{ tenant: string }>>>();
typeOf(verifier.status()).is<VerifierStatus>();

// Requests of Node, of the Fetch API, and plain ones.
declare const incoming: IncomingMessage;
typeOf(await verifier.authenticate(incoming)).is<AccessToken<ClaimsOf<{ tenant: string }>>>();
await verifier.authenticate(new Request('https://orders.example.com/'));
await verifier.authenticate({ headers: { authorization: 'Bearer x' } }, { policy: 'orders:read', realm: 'orders' });

// Whoever takes any verifier or guard takes one with typed claims.
const anyVerifier: Verifier = verifier;
const anyGuard: Guard = guard;
typeOf([anyVerifier, anyGuard]).is<(Verifier | Guard)[]>();

// Every form of the options.
createVerifier({ issuer: ['https://a.example.com', { issuer: 'https://b.example.com' }], audience: ['a', 'b'] });
createVerifier({ issuer: { issuer: 'https://a.example.com', jwksUri: 'https://a.example.com/jwks' }, audience: 'a' });
createVerifier({ issuer: { issuer: 'https://a.example.com', jwks: { keys: [] } }, audience: false, clientIds: ['c'] });
createVerifier({ issuer: { issuer: 'https://a.example.com', metadataUrl: 'https://b.example.com' }, audience: 'a' });
createVerifier({ ...base, tokenCache: false, keys: { maxAgeSeconds: 60 }, algorithms: ['ES256'], profile: 'rfc9068' });
createVerifier({ ...base, scopesFrom: ['scope', (claims) => (claims['admin'] === true ? ['admin'] : [])], fetch });

// Secrets that are fetched, opaque tokens, issuers that name no audience.
const secret: SecretSource = async (): Promise<readonly SharedSecret[]> => ['current', new Uint8Array(32)];
const clientSecret: TextSource = () => 'hush';
const introspection: IntrospectionOptions = { clientId: 'orders-api', clientSecret, signed: true };
const legacy: SharedSecretIssuer = { issuer: 'legacy', secret, algorithms: ['HS256'] };
createVerifier({ issuer: [legacy, { ...base, introspection, audience: false, clientIds: ['web'] }], audience: 'a' });
declare const keyObject: KeyObject;
createVerifier({
  issuer: {
    issuer: base.issuer,
    introspection: { clientId: 'a', privateKey: keyObject, authMethod: 'private_key_jwt' },
  },
  audience: 'a',
});
typeOf(verifier.status().issuers[0]?.introspection).is<IntrospectionStatus | undefined>();
typeOf(REFUSALS.introspection_unavailable.status).is<503>();

// What the issuer says of a person.
const person = await verifier.userInfo(await verifier.verify('token'), {});
typeOf(person).is<StandardClaims>();
typeOf(person.sub).is<string>();
typeOf(person.email_verified).is<boolean | undefined>();
typeOf(person.address).is<AddressClaim | undefined>();
typeOf(person['https://example.com/roles']).is<unknown>();

// A function of one's own around it.
function createOwnVerifier<Schema extends StandardSchema<object>>(claims: Schema) {
  return createVerifier({ ...base, claims });
}
typeOf((await createOwnVerifier(z.object({ tenant: z.string() })).verify('token')).claims.tenant).is<string>();

// Refusals are told apart by their class.
createGuard(verifier, {
  errors: 'next',
  onRefusal(error, request) {
    typeOf(request).is<IncomingMessage>();
    typeOf(error.reason).is<RefusalReason>();
    typeOf(error.status).is<number>();
    if (error instanceof AuthorizationError) typeOf(error.code).is<OAuthErrorCode | undefined>();
    if (error instanceof IssuerUnavailableError) typeOf(error.retryAfterSeconds).is<number | undefined>();
  },
});
typeOf(REFUSALS.token_expired.error).is<'invalid_token'>();
const documented: Record<RefusalReason, { readonly status: 400 | 401 | 403 | 500 | 503; readonly help: string }> =
  REFUSALS;
typeOf(documented.token_missing.status).is<400 | 401 | 403 | 500 | 503>();
