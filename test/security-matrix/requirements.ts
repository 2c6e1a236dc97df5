import type { CatalogueSection } from './matrix.js';
import { section } from './rows.js';

/** What specifications ask of a resource server, as far as it binds what scopegate does. */
export const REQUIREMENTS: readonly CatalogueSection[] = [
  section(
    'RFC 6750: bearer tokens',
    `
    6750-1 | RFC 6750 §2.1 | A token in the Authorization header, after the scheme Bearer, reaches the verifier.
    6750-2 | RFC 6750 §2, §3.1 | A request with tokens in two places, or twice in one place, is invalid_request with 400.
    6750-3 | RFC 6750 §2.2 | A form body is read only where the guard was told so, and only one that the RFC allows.
    6750-4 | RFC 6750 §2.3, RFC 9700 §4.3.2 | The query is read only where the guard was told so, and the answer is then private to caches.
    6750-5 | RFC 6750 §3 | Every 401 has one Bearer challenge with at least one parameter.
    6750-6 | RFC 6750 §3.1 | A request without credentials is told no error code.
    6750-7 | RFC 6750 §3 | A request whose token failed is told an error code.
    6750-8 | RFC 6750 §3 | No parameter comes twice in a challenge.
    6750-9 | RFC 6750 §3 | Challenges keep to the characters of the grammar, whatever stands in tokens and options.
    6750-10 | RFC 6750 §3.1 | invalid_request is 400, invalid_token is 401, insufficient_scope is 403 and names the scopes of the route.
    6750-11 | RFC 9110 §11.1 | The scheme is compared without regard to case.
    6750-12 | RFC 9110 §11.4, RFC 6750 §2.1 | Credentials are one token of the grammar after spaces; anything else is invalid_request.
    `,
  ),
  section(
    'RFC 7515, 7517, 7518: signatures and keys',
    `
    7515-1 | RFC 7515 §4.1.1 | alg has to be a string that is known, to the letter.
    7515-2 | RFC 7515 §4 | A header with two members of one name is refused.
    7515-3 | RFC 7515 §4.1.11 | No extension is supported, so a header with crit is refused, whatever it lists.
    7515-4 | RFC 7515 §2, §5.2 | Each segment is base64url in its one canonical spelling.
    7515-5 | RFC 7515 §5.2 | The header is one JSON object in UTF-8.
    7515-6 | RFC 7515 §4.1.4 | kid is a string, and compared to the letter.
    7515-7 | RFC 7515 §5.2 | A good signature by an algorithm that is not allowed does not make a token good.
    7515-8 | RFC 7515 §4.1.2 to §4.1.8 | Keys, certificates and URLs in a header are neither used nor fetched.
    7517-1 | RFC 7517 §4 | Of two members of one name in a published key the last one counts.
    7517-2 | RFC 7517 §4.2, §4.3 | A key that is meant for anything but verifying is not used.
    7517-3 | RFC 7517 §5 | Members of a key set that cannot be used are skipped, and the others work.
    7517-4 | RFC 7517 §4.4, RFC 8725 §3.1 | A key that names its algorithm is used with no other.
    7518-1 | RFC 7518 §3.3 to §3.5 | RSA keys have 2048 bits or more; an ECDSA signature is R and S side by side.
    DISC-1 | OpenID Connect Discovery §3, §4.3 | Private and symmetric keys in a published set are not used.
    `,
  ),
  section(
    'RFC 7519: claims',
    `
    7519-1 | RFC 7519 §4 | A payload with two members of one name is refused.
    7519-2 | RFC 7519 §4.1.3 | A token that does not name this server in aud, to the letter, is refused.
    7519-3 | RFC 7519 §4.1.4 | A token is refused from exp on; the clock tolerance is seconds.
    7519-4 | RFC 7519 §4.1.5 | A token is refused before nbf, and before iat.
    7519-5 | RFC 7519 §2 | Dates are JSON numbers that can be dates.
    7519-6 | RFC 7519 §7.2 | The payload is one JSON object in UTF-8; a nested token is refused.
    7519-7 | RFC 7519 §7.3, §4.1.1 | iss and aud are compared by code point, without any normalization.
    `,
  ),
  section(
    'RFC 8414 and OpenID Connect Discovery: metadata',
    `
    8414-1 | RFC 8414 §3.3, OpenID Connect Discovery §4.3 | Nothing of a document that names another issuer is used.
    8414-2 | RFC 8414 §3.1, OpenID Connect Discovery §4.1 | An issuer with a path is found by both rules, and nowhere else.
    8414-3 | RFC 8414 §2, §6.1 | Issuers and key sets are https with a trusted certificate; an issuer has no query and no fragment.
    8414-4 | RFC 8414 §3.2 | Only 200 with a JSON object is metadata; members that are not known do no harm.
    8414-5 | RFC 8414 §4 | The issuer in a document is compared by code point.
    `,
  ),
  section(
    'RFC 8725 and its successor: best practices for JWT',
    `
    8725-1 | RFC 8725 §3.1 | Which algorithms are accepted is set by options and keys, never by the token.
    8725-2 | RFC 8725 §3.2 | none, and algorithms that are not known, cannot be allowed by options and are refused in tokens.
    8725-3 | RFC 8725 §3.3 | Whatever fails about a token refuses the whole token.
    8725-4 | RFC 8725 §3.4 | A key that is no point of its curve is not used.
    8725-5 | RFC 8725 §3.7 | Header and payload are UTF-8, and no other encoding.
    8725-6 | RFC 8725 §3.8 | A token is verified with keys of the issuer that it names, and of no other.
    8725-7 | RFC 8725 §3.9 | The audience is always checked; leaving it out takes another rule, in writing.
    8725-8 | RFC 8725 §3.10 | kid is no more than a name to compare; no URL of a token is fetched.
    8725-9 | RFC 8725 §3.11, §3.12 | ID tokens, logout tokens, DPoP proofs and other JWTs of the issuer are no access tokens.
    bis-1 | rfc8725bis §3.1 | A key is used with the algorithm that it names; where it names none, the algorithms option says which fit.
    bis-2 | rfc8725bis §3.14 | A token of other characters than base64url and two dots, such as JSON, is no JWT.
    bis-3 | rfc8725bis §3.3 | A JWE is told from a JWS by its segments, and is not decrypted.
    bis-4 | rfc8725bis §3.13, §3.15 | No work factor and no compression in a JWE costs anything, since it is refused unread.
    `,
  ),
  section(
    'RFC 9068: JWT access tokens',
    `
    9068-1 | RFC 9068 §4 | In the strict profile typ is at+jwt, in either form, and nothing else.
    9068-2 | RFC 9068 §4 | iss is the configured issuer to the letter.
    9068-3 | RFC 9068 §4 | aud has to hold the identifier of this server.
    9068-4 | RFC 9068 §4 | Only a signature by a key of the issuer counts, and none is not one.
    9068-5 | RFC 9068 §4 | A token is refused after exp.
    9068-6 | RFC 9068 §2.2 | In the strict profile every required claim has to be there.
    9068-7 | RFC 9068 §2.1 | RS256 is supported.
    9068-8 | RFC 9068 §4 | Whatever fails is invalid_token.
    9068-9 | RFC 9068 §4 | An encrypted token is refused, with a reason of its own.
    `,
  ),
  section(
    'RFC 7662, 9701: introspection',
    `
    7662-1 | RFC 7662 §2.1, §4 | The endpoint is asked by POST over TLS, with the credentials of this server and the token in the body.
    7662-2 | RFC 7662 §2.2 | Only the boolean true makes a token active.
    7662-3 | RFC 7662 §4 | An answer is not used beyond exp.
    7662-4 | RFC 7662 §2.2, §4 | What an answer says of audience, issuer, time, scope and binding is checked.
    7662-5 | RFC 7662 §2.3 | A failure of the endpoint is 503 and does not count as inactive.
    7662-6 | RFC 7662 §4 | What cannot be an access token is not asked about.
    9701-1 | RFC 9701 §5, §8.1 | Media type, typ, signature, iss and aud of a signed answer are checked, and its token_introspection alone is read.
    9701-2 | RFC 9701 §8.1 | The signed answer of an introspection endpoint is no access token.
    `,
  ),
  section(
    'RFC 9700, 9449, 8705: best practices, bound tokens',
    `
    9700-1 | RFC 9700 §2.3 | Each request is held to the audience of this server and to the scopes of the route.
    9700-3 | RFC 9700 §4.9 | Tokens show up in no error, no answer and no printed object.
    9700-5 | RFC 9700 §4.15 | Subject and client reach the handler apart, each from claims of its own: a client is never taken for a user.
    9449-11 | RFC 9449 §7.2 | A DPoP-bound token under the Bearer scheme is refused.
    9449-15 | RFC 9449 §6.2 | The same for a token that introspection says is bound to a DPoP key.
    8705-2 | RFC 8705 §3 | A certificate-bound token without proof of its certificate is refused.
    8705-3 | RFC 8705 §3.2 | The same for a token that introspection says is bound to a certificate.
    `,
  ),
];
