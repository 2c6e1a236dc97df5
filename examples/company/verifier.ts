import { createVerifier } from 'scopegate';
import { z } from 'zod';
import { ORDERS_API, TENANTS } from './company.js';

/** What the authorization server says of everybody who gets a token. */
const Claims = z.object({
  tenant: z.enum(TENANTS),
  roles: z.array(z.string()).default([]),
});

export type CompanyClaims = z.infer<typeof Claims>;

export type CompanyVerifier = ReturnType<typeof createCompanyVerifier>;

/** The one configuration of the company. Servers of one process share what this gives; other processes call it too. */
export function createCompanyVerifier(issuer: string) {
  return createVerifier({
    issuer,
    // For guards that name no other audience.
    audience: ORDERS_API,
    profile: 'rfc9068',
    claims: Claims,
    // For the demonstration alone: its authorization server has no TLS.
    dangerouslyAllowInsecureHttp: true,
  });
}
