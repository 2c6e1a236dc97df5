import { createVerifier, type StandardSchema } from 'scopegate';
import * as v from 'valibot';
import { z } from 'zod';
import { typeOf } from '../type-of.js';
import { base, untypedGuard, verifier } from './guards.js';

// Registered claims have their types with a schema and without one; the others are unknown.
const { claims } = await verifier.verify('token');
typeOf(claims.tenant).is<string>();
typeOf(claims.iss).is<string | undefined>();
typeOf(claims.exp).is<number | undefined>();
typeOf(claims.sub).is<string | undefined>();
typeOf(claims['department']).is<unknown>();

untypedGuard('a', (req) => {
  typeOf(req.auth.claims.iss).is<string | undefined>();
  typeOf(req.auth.claims.exp).is<number | undefined>();
  typeOf(req.auth.claims.aud).is<string | readonly string[] | undefined>();
  typeOf(req.auth.claims['tenant']).is<unknown>();
});

// Any validator of the Standard Schema will do.
const byValibot = createVerifier({ ...base, claims: v.object({ tenant: v.string(), level: v.optional(v.number()) }) });
const valibotClaims = (await byValibot.verify('token')).claims;
typeOf(valibotClaims.tenant).is<string>();
typeOf(valibotClaims.level).is<number | undefined>();
typeOf(valibotClaims.exp).is<number | undefined>();

const handMade: StandardSchema<{ tenant: string }> = {
  '~standard': { version: 1, vendor: 'example', validate: () => ({ value: { tenant: 'a' } }) },
};
typeOf((await createVerifier({ ...base, claims: handMade }).verify('token')).claims.tenant).is<string>();

// A schema that says nothing of its types leaves claims as they are without one.
const typeless = createVerifier({
  ...base,
  claims: {
    '~standard': { version: 1, vendor: 'example', validate: (value: unknown) => ({ value: value as object }) },
  },
});
const typelessClaims = (await typeless.verify('token')).claims;
typeOf(typelessClaims.exp).is<number | undefined>();
typeOf(typelessClaims['tenant']).is<unknown>();

// What comes out of the schema counts, not what goes in.
const transforming = createVerifier({
  ...base,
  claims: z.object({
    roles: z.string().transform((text) => text.split(',')),
    exp: z.number().transform((seconds) => new Date(seconds * 1000)),
    plan: z.string().default('free'),
  }),
});
const transformed = (await transforming.verify('token')).claims;
typeOf(transformed.roles).is<string[]>();
typeOf(transformed.exp).is<Date>();
typeOf(transformed.plan).is<string>();
typeOf(transformed.iss).is<string | undefined>();

// A union stays one.
const either = createVerifier({
  ...base,
  claims: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('user'), email: z.string() }),
    z.object({ kind: z.literal('machine'), rank: z.number() }),
  ]),
});
const known = (await either.verify('token')).claims;
if (known.kind === 'user') typeOf(known.email).is<string>();
else typeOf(known.rank).is<number>();
typeOf(known.exp).is<number | undefined>();
