import { SignJWT } from 'jose';

/** What the old scheme writes into `iss`. It need not be a URL. */
export const LEGACY_ISSUER = 'legacy-django';
/** The one client that may still use it. */
export const NIGHTLY_REPORT = 'nightly-report';

interface LegacyToken {
  readonly issuer?: string;
  readonly clientId?: string;
}

/** Signs a token as the old server does: HS256 with the one secret that everybody shares, without `aud` and `kid`. */
export function signLegacyToken(
  sharedSecret: string,
  { issuer = LEGACY_ISSUER, clientId = NIGHTLY_REPORT }: LegacyToken = {},
): Promise<string> {
  return new SignJWT({ client_id: clientId, scope: 'orders:read' })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(issuer)
    .setSubject('7')
    .setIssuedAt()
    .setExpirationTime('1 day')
    .sign(Buffer.from(sharedSecret));
}
