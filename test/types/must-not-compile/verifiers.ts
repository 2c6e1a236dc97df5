import { createGuard, createVerifier, type Verifier, type VerifierOptions } from 'scopegate';
import { z } from 'zod';

const base = { issuer: 'https://login.example.com', audience: 'https://orders.example.com' };
const verifier = createVerifier(base);
const typed = createVerifier({ ...base, claims: z.object({ tenant: z.string() }) });

createGuard(verifier, { errors: 'next' });
// @ts-expect-error a guard without a verifier (got 0)
createGuard();
// @ts-expect-error a guard of the options of a verifier ('{ issuer: string; audience: string; }')
createGuard(base);
// @ts-expect-error a misspelt option of a guard ('error' does not exist)
createGuard(verifier, { error: 'next' });
// @ts-expect-error another way with errors than those two (throw)
createGuard(verifier, { errors: 'throw' });
// @ts-expect-error a guard that switches the audience off (Type 'false')
createGuard(verifier, { audience: false });
// @ts-expect-error a policy among the options of a guard (policy)
createGuard(verifier, { policy: 'orders:read' });
// @ts-expect-error a place for tokens that no RFC has (cookie)
createGuard(verifier, { extraTokenLocations: ['cookie'] });

await verifier.verify('token', { audience: 'https://orders.example.com' });
// @ts-expect-error a token that is not a string ('number')
await verifier.verify(42);
// @ts-expect-error the audience in place of the options (https://orders.example.com)
await verifier.verify('token', 'https://orders.example.com');
// @ts-expect-error a call that switches the audience off (Type 'false')
await verifier.verify('token', { audience: false });
// @ts-expect-error a token in place of a request ('string')
await verifier.authenticate('token');
// @ts-expect-error undefined as a policy, which a misspelt constant is ('undefined')
await verifier.authenticate({ headers: {} }, { policy: undefined });

const accessToken = await typed.verify('token');
await verifier.userInfo(accessToken, { signal: AbortSignal.timeout(1000) });
// @ts-expect-error UserInfo about a token string ('string')
await verifier.userInfo('token');
// @ts-expect-error UserInfo within a time that is no signal ('timeoutSeconds' does not exist)
await verifier.userInfo(accessToken, { timeoutSeconds: 1 });
const person = await verifier.userInfo(accessToken);
export const familyName: string | undefined = person.family_name;
// @ts-expect-error a name that the issuer need not tell, as a string ('undefined')
export const certainName: string = person.family_name;
// @ts-expect-error a claim of the wrong type ('string')
export const wrongVerified: string | undefined = person.email_verified;
// @ts-expect-error a claim that is no standard, as a string ('unknown')
export const wrongTitle: string = person['title'];
// @ts-expect-error a claim that is changed (read-only)
person.sub = 'bob';

const { claims } = await typed.verify('token');
export const tenant: string = claims.tenant;
// @ts-expect-error a claim with the type that the schema does not give it ('string')
export const wrongTenant: number = claims.tenant;
// @ts-expect-error a claim that the schema does not know, as a string ('unknown')
export const typo: string = claims.tenat;
// @ts-expect-error claims without a schema, as a string ('unknown')
export const untyped: string = (await verifier.verify('token')).claims.tenant;

const schema = z.object({ tenant: z.string() });
const options: VerifierOptions<typeof schema> = base;
export const certain: string = (await createVerifier({ ...options, claims: schema }).verify('token')).claims.tenant;
// @ts-expect-error claims of a schema that the options may lack, and these do, as a string ('unknown')
export const uncertain: string = (await createVerifier(options).verify('token')).claims.tenant;

export const same: Verifier<typeof claims> = typed;
// @ts-expect-error a verifier that knows nothing of claims where typed ones are needed (UntypedClaims)
export const untypedVerifier: Verifier<typeof claims> = verifier;
