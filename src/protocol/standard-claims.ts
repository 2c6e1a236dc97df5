/** The `address` claim. @see OpenID Connect Core §5.1.1 */
export interface AddressClaim {
  readonly formatted?: string;
  readonly street_address?: string;
  readonly locality?: string;
  readonly region?: string;
  readonly postal_code?: string;
  readonly country?: string;
}

/**
 * The standard claims of OpenID Connect about a user, as on the wire. An issuer may send other types: check a claim
 * before a decision rests on it.
 *
 * @see OpenID Connect Core §5.1
 */
export interface StandardClaims {
  readonly sub: string;
  readonly name?: string;
  readonly given_name?: string;
  readonly family_name?: string;
  readonly middle_name?: string;
  readonly nickname?: string;
  readonly preferred_username?: string;
  /** A URL. */
  readonly profile?: string;
  /** A URL. */
  readonly picture?: string;
  /** A URL. */
  readonly website?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly gender?: string;
  /** `YYYY-MM-DD`, `YYYY`, or `0000-MM-DD` without a year. */
  readonly birthdate?: string;
  /** Such as `Europe/Paris`. */
  readonly zoneinfo?: string;
  /** Such as `en-US`. */
  readonly locale?: string;
  /** Best with a country code, such as `+1 (604) 555-1234`. */
  readonly phone_number?: string;
  readonly phone_number_verified?: boolean;
  readonly address?: AddressClaim;
  /** Seconds since the epoch. */
  readonly updated_at?: number;
  readonly [name: string]: unknown;
}
