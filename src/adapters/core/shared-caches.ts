/** Returns whether the `Cache-Control` of a response is as strict as `private`, or stricter (RFC 9111 §5.2.2). */
export function isKeptOutOfSharedCaches(cacheControl: unknown): boolean {
  return /\b(?:private|no-store)\b/i.test(String(cacheControl));
}
