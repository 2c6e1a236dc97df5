// RFC 6749 §3.3: scope = scope-token *( SP scope-token ); scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;
const LENIENT_SCOPE = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

export function isScopeToken(text: string): boolean {
  return SCOPE_TOKEN.test(text);
}

/**
 * Parses the scope string of an issuer: several spaces count as one, and those at the ends for nothing. Returns undefined
 * if anything between them is no scope token.
 */
export function parseIssuedScope(text: string): readonly string[] | undefined {
  if (!LENIENT_SCOPE.test(text)) return undefined;
  return text.split(' ').filter((scope) => scope !== '');
}

/** Parses a scope string by the grammar. Returns undefined if it is malformed. An empty string has no scopes. */
export function parseScope(text: string): readonly string[] | undefined {
  if (text === '') return [];
  return SCOPE.test(text) ? text.split(' ') : undefined;
}
