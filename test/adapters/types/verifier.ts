import type { StandardSchema } from 'scopegate';
import { createVerifier } from 'scopegate';

declare const schema: StandardSchema<{ tenant: string }>;

export const verifier = createVerifier({ issuer: 'https://a.test', audience: 'https://b.test', claims: schema });
