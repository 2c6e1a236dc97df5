/** Drops the slash at the end of a URL. */
export function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}

/** Gives the same text for names of issuers that differ by case or a trailing slash alone. For hints, never for trust. */
export function withoutSlashAndCase(issuer: string): string {
  return withoutSlash(issuer.toLowerCase());
}
