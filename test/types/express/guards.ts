import { createGuard, createVerifier } from 'scopegate';
import { z } from 'zod';

export const base = { issuer: 'https://login.example.com', audience: 'https://orders.example.com' };

export const verifier = createVerifier({ ...base, claims: z.object({ tenant: z.string() }) });

/** Knows the claims by a schema. */
export const guard = createGuard(verifier);

/** Knows no claims but the registered ones. */
export const untypedGuard = createGuard(createVerifier(base));
