export function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}

/** Maps names of issuers that differ only by case or a trailing slash to one text. For hints, never for trust. */
export function withoutSlashAndCase(issuer: string): string {
  return withoutSlash(issuer.toLowerCase());
}
