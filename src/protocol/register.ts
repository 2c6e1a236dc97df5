import type { ClaimsOf, UntypedClaims } from './claims.js';

/**
 * Names the claims type of the application, once, for `authOf(req)` and for `scopegate/global`:
 *
 * ```ts
 * declare module 'scopegate' {
 *   interface Register { claims: { tenant: string } }
 * }
 * ```
 *
 * A promise to the compiler, which nothing checks: give it the output type of the schema that the verifier has.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be added to
export interface Register {}

/** The claims of an access token as `Register` says, or untyped ones. */
export type RegisterClaims = Register extends { claims: infer Claims } ? ClaimsOf<Claims> : UntypedClaims;
