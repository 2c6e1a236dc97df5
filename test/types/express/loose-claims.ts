import { createVerifier } from 'scopegate';
import * as v from 'valibot';
import { z } from 'zod';
import { typeOf } from '../type-of.js';
import { base } from './guards.js';

// A loose schema says `unknown` of claims that it does not name. That is no news about registered ones.
const byZod = (await createVerifier({ ...base, claims: z.looseObject({ tenant: z.string() }) }).verify('token')).claims;
typeOf(byZod.tenant).is<string>();
typeOf(byZod.exp).is<number | undefined>();
typeOf(byZod.iss).is<string | undefined>();
typeOf(byZod['department']).is<unknown>();

const byValibot = (await createVerifier({ ...base, claims: v.looseObject({ tenant: v.string() }) }).verify('token'))
  .claims;
typeOf(byValibot.tenant).is<string>();
typeOf(byValibot.exp).is<number | undefined>();
typeOf(byValibot.iss).is<string | undefined>();
