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
