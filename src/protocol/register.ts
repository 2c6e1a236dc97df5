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
 * Nothing checks this type. Use the output type of the schema of the verifier.
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications add members to it
export interface Register {}

/** The claims of an access token as `Register` says, or untyped ones. */
export type RegisterClaims = Register extends { claims: infer Claims } ? ClaimsOf<Claims> : UntypedClaims;
