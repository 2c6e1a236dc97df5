import type { CatalogueSection } from './matrix.js';
import { section } from './rows.js';

/** Attacks on servers that verify tokens: what was seen in the field, and what follows from it. */
export const ATTACKS: readonly CatalogueSection[] = [
  section(
    'A: the algorithm',
    `
    A1 | CVE-2015-9235, CVE-2022-23540 | A token whose alg is none is refused.
    A2 | RFC 8725 §2.1 | Other spellings and types of none are refused as well.
    A3 | RFC 7515 §5.2 | none with the signature of another token is refused.
    A4 | CVE-2015-9235, CVE-2022-29217, CVE-2023-48223 | A public key, however it is written, is never the secret of an HMAC.
    A5 | CVE-2026-44351, CVE-2019-20933 | An empty key makes no valid HMAC.
    A6 | RFC 7517 §4.4, CVE-2026-48523 | A token by another algorithm than its key names is refused.
    A7 | CVE-2026-22817 | The header does not decide what is allowed, even where the key names no algorithm.
    A8 | CVE-2022-23539 | An algorithm never meets a key on another curve.
    A9 | CVE-2022-23539 | An algorithm never meets a key of another type; a key is of the type that its kty says.
    A10 | RFC 7515 §4.1.1 | Names of members that every object has are no algorithms.
    A11 | RFC 9864 §2 | EdDSA and Ed25519 are accepted as options and keys say.
    A12 | CVE-2020-15084 | Algorithms that are empty, unsafe or unfit are refused at start; left out, they are safe.
    `,
  ),
  section(
    'B: the bytes of the signature, and the encoding',
    `
    B1 | RFC 7515 §5.2 | A token without a signature is refused.
    B2 | CVE-2022-21449 | ECDSA signatures of zero, one, or the order of the curve are refused.
    B3 | RFC 7518 §3.4 | An ECDSA signature in DER is refused.
    B4 | RFC 7518 §3.4 | Signatures of another length than the algorithm has are refused.
    B5 | RFC 7515 §5.2 | The twin of an ECDSA signature gains nothing: the same claims, the same refusals.
    B6 | CVE-2006-4339, CVE-2021-30246 | Forged paddings of RSA signatures are refused.
    B7 | RFC 8017 §8.2.2 | RSA signatures that are out of range, cut or extended are refused.
    B8 | RFC 7518 §3.5 | PSS with another salt length or hash is refused.
    B9 | RFC 7515 §2 | Padded segments are refused.
    B10 | RFC 7515 §2, CVE-2022-25898 | White space in segments is refused.
    B11 | RFC 4648 §5 | The standard alphabet of base64 is refused.
    B12 | RFC 4648 §3.5 | A segment with its unused bits set is refused.
    B13 | RFC 4648 §5 | A segment of an impossible length is refused.
    B14 | rfc8725bis §3.14 | Any other character is refused, and never an error of the server.
    B15 | CVE-2025-27144, CVE-2025-30204 | Too few or too many dots are refused, a million of them as well.
    B16 | CVE-2022-39227 | The JSON serializations of a JWS, and mixtures with the compact one, are refused.
    B17 | CVE-2023-51774, CVE-2024-28176, CVE-2022-36083 | An encrypted token is refused without being decrypted or inflated.
    B18 | RFC 7519 §7.2 | A token within a token is refused.
    `,
  ),
  section(
    'C: keys, kid and crit in the header',
    `
    C1 | CVE-2018-0114, CVE-2026-27962 | A key that comes with the token does not verify it.
    C2 | RFC 8725 §3.10, CVE-2024-21643 | A URL that comes with the token is not fetched.
    C3 | RFC 7515 §4.1.6 | A certificate that comes with the token is not trusted.
    C4 | RFC 7515 §4.1.2 to §4.1.8 | Beside a good signature such members change nothing.
    C5 | RFC 8725 §3.10 | A kid with a path, SQL or a command is a name without a key, and forges no log line.
    C6 | RFC 8725 §3.10 | A huge kid is refused, and not remembered.
    C7 | RFC 7515 §4.1.4 | A kid of another type, or nearly the right one, finds no key.
    C8 | RFC 7515 §4.1.4 | Without kid, two keys at most are tried; or none, with requireKid.
    C9 | RFC 7517 §4.5 | Keys that share a kid are told apart by their kind, and two at most are tried.
    C10 | RFC 7515 §4.1.4 | A kid that is the name of a member of every object finds no key.
    C11 | RFC 7515 §4.1.11, CVE-2025-59420, CVE-2026-35042 | Any crit is refused, well-formed or not.
    C12 | RFC 7797 §6 | An unencoded payload is refused.
    C13 | CVE-2025-59420 | A binding that is declared critical is refused.
    `,
  ),
  section(
    'D: JSON and claims',
    `
    D1 | RFC 7515 §4, RFC 7519 §4 | Duplicate members are refused, at every level and in every spelling.
    D2 | CWE-1321 | Members that objects inherit grant nothing and change no prototype.
    D3 | RFC 7519 §4 | A required claim inside of __proto__ is not there.
    D4 | RFC 7519 §7.2 | A payload that is no object is refused.
    D5 | RFC 7519 §2, CVE-2026-44459 | Dates of other types, or beyond all calendars, are refused.
    D6 | RFC 9068 §2.2 | A token without exp is refused.
    D7 | RFC 7519 §4.1.4 | exp is kept to the second.
    D8 | RFC 7519 §4.1.5, §4.1.6 | nbf and iat in the future are refused.
    D9 | RFC 6750 §5.3 | A token that is older than maxTokenAgeSeconds is refused, however far its exp lies.
    D10 | RFC 7519 §2 | Milliseconds in place of seconds are refused.
    D11 | RFC 8725 §3.7 | Ill-formed UTF-8, other encodings and byte order marks are refused.
    D12 | RFC 8259 §8.2 | Lone surrogates and control characters are refused; look-alike letters are other letters.
    D13 | CVE-2025-53864, CWE-674 | JSON that is deep, wide or long is refused within bounds, and ends no process.
    D14 | RFC 8259 §6 | A number in place of an identifier is refused.
    D15 | RFC 8259 §2 | Bytes after the JSON, comments and trailing commas are refused.
    `,
  ),
  section(
    'E: issuer, audience, scope, route',
    `
    E1 | RFC 7519 §7.3, CVE-2025-30144, CVE-2024-53861 | An issuer that is nearly the right one is not trusted.
    E2 | RFC 7519 §4.1.3, CVE-2020-26160, CVE-2024-5798 | An audience that is nearly the right one, empty or malformed is refused.
    E3 | RFC 8725 §3.9, CVE-2025-62610 | A verifier without an audience does not start, unless another rule stands in writing.
    E4 | RFC 9700 §2.3 | A token for another API of the same issuer is refused.
    E5 | RFC 6749 §3.3 | Only scopes of the grammar, to the letter, are granted; malformed ones refuse the token.
    E6 | RFC 6749 §3.3 | Only the configured claims grant scopes.
    E7 | RFC 6750 §3 | Some of the scopes are not enough, and the challenge names those that are.
    E8 | CVE-2021-21378 | A guard lets nobody in by omission, and a bad token is never taken for none.
    E9 | RFC 9112 §3.2 | No spelling of a path reaches a handler past its guard.
    E10 | RFC 9110 §9 | A route is held to its policy whatever the method is, or is said to be.
    E11 | RFC 9700 §2.3 | A claim rule is not met by claims that are empty or missing.
    E14 | CWE-862, CWE-178 | No handler runs for a request without a token whose every row in the list of routes says guarded.
    E15 | CWE-862 | With denyUnguarded, no handler of a route runs before a guard let the request through.
    `,
  ),
  section(
    'F: the way over HTTP',
    `
    F1 | RFC 6750 §3.1 | No credentials, or those of another scheme, are 401 without an error code.
    F2 | RFC 6750 §2.1 | The scheme without a token is 400.
    F3 | RFC 9110 §11.1 | The scheme in any case is the scheme.
    F4 | RFC 9110 §11.4 | Spaces part scheme and token; a tab does not.
    F5 | RFC 6750 §2.1 | Two tokens in one header are refused; the first one does not win.
    F6 | RFC 9110 §11.6.2 | Two Authorization headers are refused, in either order.
    F7 | RFC 6750 §2 | A token in header and query is refused.
    F8 | RFC 6750 §2.3 | A token parameter that is a list is refused, or is none.
    F9 | RFC 6750 §2 | Cookies, JSON bodies and other headers carry no token.
    F10 | RFC 9110 §5.5 | Control characters and non-ASCII bytes are 400, never an error of the server.
    F11 | RFC 9110 §5.4 | A token beyond maxTokenBytes is refused.
    F12 | RFC 6750 §3 | Text of a token never becomes part of a challenge.
    F13 | RFC 9110 §7.2 | Host and its likes never show in an answer.
    F14 | RFC 6750 §3.1, CWE-209 | A client reads one fixed text a reason, and no details.
    F15 | RFC 9700 §4.9 | Nothing of a token shows in answers, errors and inspected objects.
    F16 | RFC 9110 §9.3.7 | A preflight request counts as a request without a token.
    F17 | RFC 9110 §7.6.1 | An Authorization header that was taken away on the way is none.
    F18 | RFC 6455 §10.5 | A WebSocket upgrade without a good token is refused by the same rules.
    `,
  ),
  section(
    'G: other kinds of JWT',
    `
    G1 | RFC 9068 §5, RFC 8725 §3.12 | An ID token is no access token, even with the right audience.
    G2 | RFC 8725 §3.11, §3.12 | Refresh tokens, logout tokens, proofs, assertions and other JWTs of the issuer are no access tokens.
    G3 | RFC 9068 §4 | typ is compared without case, and nothing else is let pass.
    G4 | RFC 8725 §3.12 | Where typ does not tell, tokens of another kind are known by their marks.
    `,
  ),
  section(
    'H: keys, discovery, several issuers, caches',
    `
    H1 | CVE-2025-59936, CVE-2026-49998 | Issuers that share a kid do not share a key.
    H2 | CVE-2026-32301 | An issuer that is not trusted is refused, and nobody is asked.
    H3 | RFC 8725 §3.10, CWE-918 | The iss of a token leads nowhere by itself, also where a function finds issuers.
    H4 | RFC 8414 §3.2 | A redirect of a metadata document is not followed, and nothing of the client is sent.
    H5 | RFC 8414 §3.3 | Metadata of another issuer is not used.
    H6 | RFC 8414 §2 | A jwks_uri by http is not used; one at another host is.
    H7 | RFC 7517 §5 | An answer that is no key set leaves the last good keys in use, or is 503 where there are none.
    H8 | CWE-400, CWE-770 | A key set that is huge, slow, endless or cut off costs a bounded time and size.
    H9 | RFC 7517 §5 | A redirect of a key set is not followed.
    H10 | RFC 7517 §9.2 | A private key in a key set is not used, and the others work.
    H11 | RFC 8725 §3.1 | A symmetric key in a key set is not used.
    H12 | RFC 8725 §3.4, CVE-2017-15361 | Weak and impossible keys are not used.
    H12b | RFC 7517 §4.2 to §4.4 | A key whose metadata is wrong or for another use is not used, and the others work.
    H13 | RFC 7517 §5 | A malformed member of a key set does not take the others with it.
    H14 | CWE-770 | A key set of very many keys is bounded.
    H15 | CVE-2026-48524 | A flood of unknown kids costs a bounded number of fetches, and known kids nothing.
    H16 | CVE-2026-48524 | The same holds while the endpoint fails, and good keys stay.
    H17 | CVE-2025-22149 | A new key works after one fetch; a withdrawn one is gone, with the tokens that it verified.
    H18 | RFC 9111 §4.2.4 | While the issuer is down the last good keys serve for a bounded time, and then 503.
    H19 | RFC 7517 §5 | refresh() drops a withdrawn key at once.
    H20 | RFC 9111 §4 | Many requests at a cold start cost one fetch, and all are answered.
    H21 | RFC 7519 §4.1.4 | A token that was accepted before is refused from exp on.
    H23 | CVE-2026-35039 | Tokens that are alike in any part but one never share claims.
    H24 | CVE-2021-32701 | What one route, audience or verifier accepted is no answer for another.
    H25 | CWE-471 | A handler cannot change what the next request sees.
    H26 | RFC 7519 §4.1.5 | A refusal is not remembered: the token passes once its time or key has come.
    H27 | CWE-770 | What is remembered of tokens, kids and issuers is bounded.
    H28 | CWE-362 | Requests that race with a rotation are each answered by one state of the keys.
    H29 | RFC 7519 §4.1.4 | A token from the cache is held to time, age, audience and binding at every request.
    `,
  ),
  section(
    'J: introspection, and failing in the right direction',
    `
    J6 | RFC 7662 §2.2 | Only active: true makes a token active; what is no answer blames nobody.
    J7 | RFC 7662 §4 | Audience, issuer, client, times, scope, type and binding of an answer are judged as those of a JWT.
    J8 | RFC 7662 §2.3, §4, CVE-2026-26998 | A question that comes to nothing is 503, never inactive; token and secret go nowhere else.
    J9 | RFC 7662 §4, CVE-2026-33496 | An answer is kept for the whole of one token, never beyond exp, and a bounded time after a revocation.
    J10 | RFC 7662 §4 | Floods of tokens cost a bounded number of questions at once, and bounded memory.
    J11 | RFC 9701 §5, §8.1 | A signed answer that is not wholly right is 503; nothing but its signed part is read.
    J12 | RFC 8414 §2, §3.3 | Tokens are shown to the endpoint of the options or of the issuer's own metadata, by https, and to no other.
    J19 | RFC 7519 §4.1.4 | A clock that jumps gives a token no more time, and an attacker no more fetches.
    J20 | CWE-248, CWE-636 | Whatever throws, rejects or never settles, no handler runs on a refusal and no rejection is unhandled.
    `,
  ),
  section(
    'K: what a lenient parser lets through',
    `
    K1 | RFC 7515 §2, rfc8725bis §3.14 | A token has one spelling.
    K2 | RFC 7515 §5.2 | The string of a token is not its identity; the token cache takes no twin for the other.
    K3 | RFC 7519 §2 | Dates such as 1e400 are refused, and lifetimes can be bounded.
    K4 | RFC 7515 §4, RFC 7519 §4 | Duplicate members are refused.
    K5 | CWE-1321 | A member named __proto__ is refused; claims have no prototype.
    K6 | RFC 7519 §4.1, RFC 6749 §3.3 | Claims that are used have the types of the specification.
    K7 | CWE-674 | Nesting is refused beyond 32 levels, before it can hurt anybody.
    K8 | RFC 8259 §8 | Byte order marks, ill-formed Unicode and control characters in identifiers are refused.
    K9 | RFC 7515 §4.1 | Header members that are not used change nothing and fetch nothing.
    K10 | RFC 7515 §4.1.4 | A token without kid is verified with a key that fits, or refused with requireKid.
    K11 | RFC 7518 §6.3.1 | RSA keys with an unsafe exponent, or that can be factored, are not used.
    `,
  ),
];
