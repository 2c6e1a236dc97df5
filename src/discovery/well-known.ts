/**
 * Returns the URLs where the metadata of an issuer may be, in the order in which they are tried.
 * OpenID Connect Discovery §4 appends to the path of the issuer, RFC 8414 §3.1 inserts before it; both drop
 * a terminating slash first.
 */
export function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.endsWith('/') ? pathname.slice(0, -1) : pathname;
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
}
