import type { CatalogueSection } from './matrix.js';

/** What specifications ask of a resource server, as far as it binds what scopegate does. */
export const REQUIREMENTS = [
  {
    title: 'RFC 6750: bearer tokens',
    rows: {
      '6750-1': {
        source: 'RFC 6750 §2.1',
        sentence: 'A token in the Authorization header, after the scheme Bearer, reaches the verifier.',
      },
      '6750-2': {
        source: 'RFC 6750 §2, §3.1',
        sentence: 'A request with tokens in two places, or twice in one place, is invalid_request with 400.',
      },
      '6750-3': {
        source: 'RFC 6750 §2.2',
        sentence: 'A form body is read only where the guard was told so, and only one that the RFC allows.',
      },
      '6750-4': {
        source: 'RFC 6750 §2.3, RFC 9700 §4.3.2',
        sentence: 'The query is read only where the guard was told so, and the answer is then private to caches.',
      },
      '6750-5': { source: 'RFC 6750 §3', sentence: 'Every 401 has one Bearer challenge with at least one parameter.' },
      '6750-6': { source: 'RFC 6750 §3.1', sentence: 'A request without credentials is told no error code.' },
      '6750-7': { source: 'RFC 6750 §3', sentence: 'A request whose token failed is told an error code.' },
      '6750-8': { source: 'RFC 6750 §3', sentence: 'No parameter comes twice in a challenge.' },
      '6750-9': {
        source: 'RFC 6750 §3',
        sentence: 'Challenges keep to the characters of the grammar, whatever stands in tokens and options.',
      },
      '6750-10': {
        source: 'RFC 6750 §3.1',
        sentence:
          'invalid_request is 400, invalid_token is 401, insufficient_scope is 403 and names the scopes of the route.',
      },
      '6750-11': { source: 'RFC 9110 §11.1', sentence: 'The scheme is compared without regard to case.' },
      '6750-12': {
        source: 'RFC 9110 §11.4, RFC 6750 §2.1',
        sentence: 'Credentials are one token of the grammar after spaces; anything else is invalid_request.',
      },
    },
  },
  {
    title: 'RFC 7515, 7517, 7518: signatures and keys',
    rows: {
      '7515-1': { source: 'RFC 7515 §4.1.1', sentence: 'alg has to be a string that is known, to the letter.' },
      '7515-2': { source: 'RFC 7515 §4', sentence: 'A header with two members of one name is refused.' },
      '7515-3': {
        source: 'RFC 7515 §4.1.11',
        sentence: 'No extension is supported, so a header with crit is refused, whatever it lists.',
      },
      '7515-4': { source: 'RFC 7515 §2, §5.2', sentence: 'Each segment is base64url in its one canonical spelling.' },
      '7515-5': { source: 'RFC 7515 §5.2', sentence: 'The header is one JSON object in UTF-8.' },
      '7515-6': { source: 'RFC 7515 §4.1.4', sentence: 'kid is a string, and compared to the letter.' },
      '7515-7': {
        source: 'RFC 7515 §5.2',
        sentence: 'A good signature by an algorithm that is not allowed does not make a token good.',
      },
      '7515-8': {
        source: 'RFC 7515 §4.1.2 to §4.1.8',
        sentence: 'Keys, certificates and URLs in a header are neither used nor fetched.',
      },
      '7517-1': {
        source: 'RFC 7517 §4',
        sentence: 'Of two members of one name in a published key the last one counts.',
      },
      '7517-2': {
        source: 'RFC 7517 §4.2, §4.3',
        sentence: 'A key that is meant for anything but verifying is not used.',
      },
      '7517-3': {
        source: 'RFC 7517 §5',
        sentence: 'Members of a key set that cannot be used are skipped, and the others work.',
      },
      '7517-4': {
        source: 'RFC 7517 §4.4, RFC 8725 §3.1',
        sentence: 'A key that names its algorithm is used with no other.',
      },
      '7518-1': {
        source: 'RFC 7518 §3.3 to §3.5',
        sentence: 'RSA keys have 2048 bits or more; an ECDSA signature is R and S side by side.',
      },
      'DISC-1': {
        source: 'OpenID Connect Discovery §3, §4.3',
        sentence: 'Private and symmetric keys in a published set are not used.',
      },
    },
  },
  {
    title: 'RFC 7519: claims',
    rows: {
      '7519-1': { source: 'RFC 7519 §4', sentence: 'A payload with two members of one name is refused.' },
      '7519-2': {
        source: 'RFC 7519 §4.1.3',
        sentence: 'A token that does not name this server in aud, to the letter, is refused.',
      },
      '7519-3': {
        source: 'RFC 7519 §4.1.4',
        sentence: 'A token is refused from exp on; the clock tolerance is seconds.',
      },
      '7519-4': { source: 'RFC 7519 §4.1.5', sentence: 'A token is refused before nbf, and before iat.' },
      '7519-5': { source: 'RFC 7519 §2', sentence: 'Dates are JSON numbers that can be dates.' },
      '7519-6': {
        source: 'RFC 7519 §7.2',
        sentence: 'The payload is one JSON object in UTF-8; a nested token is refused.',
      },
      '7519-7': {
        source: 'RFC 7519 §7.3, §4.1.1',
        sentence: 'iss and aud are compared by code point, without any normalization.',
      },
    },
  },
  {
    title: 'RFC 8414 and OpenID Connect Discovery: metadata',
    rows: {
      '8414-1': {
        source: 'RFC 8414 §3.3, OpenID Connect Discovery §4.3',
        sentence: 'Nothing of a document that names another issuer is used.',
      },
      '8414-2': {
        source: 'RFC 8414 §3.1, OpenID Connect Discovery §4.1',
        sentence: 'An issuer with a path is found by both rules, and nowhere else.',
      },
      '8414-3': {
        source: 'RFC 8414 §2, §6.1',
        sentence: 'Issuers and key sets are https with a trusted certificate; an issuer has no query and no fragment.',
      },
      '8414-4': {
        source: 'RFC 8414 §3.2',
        sentence: 'Only 200 with a JSON object is metadata; members that are not known do no harm.',
      },
      '8414-5': { source: 'RFC 8414 §4', sentence: 'The issuer in a document is compared by code point.' },
    },
  },
  {
    title: 'RFC 8725 and its successor: best practices for JWT',
    rows: {
      '8725-1': {
        source: 'RFC 8725 §3.1',
        sentence: 'Which algorithms are accepted is set by options and keys, never by the token.',
      },
      '8725-2': {
        source: 'RFC 8725 §3.2',
        sentence: 'none, and algorithms that are not known, cannot be allowed by options and are refused in tokens.',
      },
      '8725-3': { source: 'RFC 8725 §3.3', sentence: 'Whatever fails about a token refuses the whole token.' },
      '8725-4': { source: 'RFC 8725 §3.4', sentence: 'A key that is no point of its curve is not used.' },
      '8725-5': { source: 'RFC 8725 §3.7', sentence: 'Header and payload are UTF-8, and no other encoding.' },
      '8725-6': {
        source: 'RFC 8725 §3.8',
        sentence: 'A token is verified with keys of the issuer that it names, and of no other.',
      },
      '8725-7': {
        source: 'RFC 8725 §3.9',
        sentence: 'The audience is always checked; leaving it out takes another rule, in writing.',
      },
      '8725-8': {
        source: 'RFC 8725 §3.10',
        sentence: 'kid is no more than a name to compare; no URL of a token is fetched.',
      },
      '8725-9': {
        source: 'RFC 8725 §3.11, §3.12',
        sentence: 'ID tokens, logout tokens, DPoP proofs and other JWTs of the issuer are no access tokens.',
      },
      'bis-1': {
        source: 'rfc8725bis §3.1',
        sentence:
          'A key is used with the algorithm that it names; where it names none, the algorithms option says which fit.',
      },
      'bis-2': {
        source: 'rfc8725bis §3.14',
        sentence: 'A token of other characters than base64url and two dots, such as JSON, is no JWT.',
      },
      'bis-3': {
        source: 'rfc8725bis §3.3',
        sentence: 'A JWE is told from a JWS by its segments, and is not decrypted.',
      },
      'bis-4': {
        source: 'rfc8725bis §3.13, §3.15',
        sentence: 'No work factor and no compression in a JWE costs anything, since it is refused unread.',
      },
    },
  },
  {
    title: 'RFC 9068: JWT access tokens',
    rows: {
      '9068-1': {
        source: 'RFC 9068 §4',
        sentence: 'In the strict profile typ is at+jwt, in either form, and nothing else.',
      },
      '9068-2': { source: 'RFC 9068 §4', sentence: 'iss is the configured issuer to the letter.' },
      '9068-3': { source: 'RFC 9068 §4', sentence: 'aud has to hold the identifier of this server.' },
      '9068-4': {
        source: 'RFC 9068 §4',
        sentence: 'Only a signature by a key of the issuer counts, and none is not one.',
      },
      '9068-5': { source: 'RFC 9068 §4', sentence: 'A token is refused after exp.' },
      '9068-6': { source: 'RFC 9068 §2.2', sentence: 'In the strict profile every required claim has to be there.' },
      '9068-7': { source: 'RFC 9068 §2.1', sentence: 'RS256 is supported.' },
      '9068-8': { source: 'RFC 9068 §4', sentence: 'Whatever fails is invalid_token.' },
      '9068-9': { source: 'RFC 9068 §4', sentence: 'An encrypted token is refused, with a reason of its own.' },
    },
  },
  {
    title: 'RFC 7662, 9701: introspection',
    rows: {
      '7662-1': {
        source: 'RFC 7662 §2.1, §4',
        sentence:
          'The endpoint is asked by POST over TLS, with the credentials of this server and the token in the body.',
      },
      '7662-2': { source: 'RFC 7662 §2.2', sentence: 'Only the boolean true makes a token active.' },
      '7662-3': { source: 'RFC 7662 §4', sentence: 'An answer is not used beyond exp.' },
      '7662-4': {
        source: 'RFC 7662 §2.2, §4',
        sentence: 'What an answer says of audience, issuer, time, scope and binding is checked.',
      },
      '7662-5': {
        source: 'RFC 7662 §2.3',
        sentence: 'A failure of the endpoint is 503 and does not count as inactive.',
      },
      '7662-6': { source: 'RFC 7662 §4', sentence: 'What cannot be an access token is not asked about.' },
      '9701-1': {
        source: 'RFC 9701 §5, §8.1',
        sentence:
          'Media type, typ, signature, iss and aud of a signed answer are checked, and its token_introspection alone is read.',
      },
      '9701-2': {
        source: 'RFC 9701 §8.1',
        sentence: 'The signed answer of an introspection endpoint is no access token.',
      },
    },
  },
  {
    title: 'RFC 9700, 9449, 8705: best practices, bound tokens',
    rows: {
      '9700-1': {
        source: 'RFC 9700 §2.3',
        sentence: 'Each request is held to the audience of this server and to the scopes of the route.',
      },
      '9700-3': { source: 'RFC 9700 §4.9', sentence: 'Tokens show up in no error, no answer and no printed object.' },
      '9700-5': {
        source: 'RFC 9700 §4.15',
        sentence:
          'Subject and client reach the handler apart, each from claims of its own: a client is never taken for a user.',
      },
      '9449-11': { source: 'RFC 9449 §7.2', sentence: 'A DPoP-bound token under the Bearer scheme is refused.' },
      '9449-15': {
        source: 'RFC 9449 §6.2',
        sentence: 'The same for a token that introspection says is bound to a DPoP key.',
      },
      '8705-2': {
        source: 'RFC 8705 §3',
        sentence: 'A certificate-bound token without proof of its certificate is refused.',
      },
      '8705-3': {
        source: 'RFC 8705 §3.2',
        sentence: 'The same for a token that introspection says is bound to a certificate.',
      },
    },
  },
] as const satisfies readonly CatalogueSection[];
