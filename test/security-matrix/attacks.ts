import type { CatalogueSection } from './matrix.js';

/** Attacks on servers that verify tokens: what was seen in the field, and what follows from it. */
export const ATTACKS = [
  {
    title: 'A: the algorithm',
    rows: {
      A1: { source: 'CVE-2015-9235, CVE-2022-23540', sentence: 'A token whose alg is none is refused.' },
      A2: { source: 'RFC 8725 §2.1', sentence: 'Other spellings and types of none are refused as well.' },
      A3: { source: 'RFC 7515 §5.2', sentence: 'none with the signature of another token is refused.' },
      A4: {
        source: 'CVE-2015-9235, CVE-2022-29217, CVE-2023-48223',
        sentence: 'A public key, however it is written, is never the secret of an HMAC.',
      },
      A5: { source: 'CVE-2026-44351, CVE-2019-20933', sentence: 'An empty key makes no valid HMAC.' },
      A6: {
        source: 'RFC 7517 §4.4, CVE-2026-48523',
        sentence: 'A token by another algorithm than its key names is refused.',
      },
      A7: {
        source: 'CVE-2026-22817',
        sentence: 'The header does not decide what is allowed, even where the key names no algorithm.',
      },
      A8: { source: 'CVE-2022-23539', sentence: 'An algorithm never meets a key on another curve.' },
      A9: {
        source: 'CVE-2022-23539',
        sentence: 'An algorithm never meets a key of another type; a key is of the type that its kty says.',
      },
      A10: { source: 'RFC 7515 §4.1.1', sentence: 'Names of members that every object has are no algorithms.' },
      A11: { source: 'RFC 9864 §2', sentence: 'EdDSA and Ed25519 are accepted as options and keys say.' },
      A12: {
        source: 'CVE-2020-15084',
        sentence: 'Algorithms that are empty, unsafe or unfit are refused at start; left out, they are safe.',
      },
    },
  },
  {
    title: 'B: the bytes of the signature, and the encoding',
    rows: {
      B1: { source: 'RFC 7515 §5.2', sentence: 'A token without a signature is refused.' },
      B2: {
        source: 'CVE-2022-21449',
        sentence: 'ECDSA signatures of zero, one, or the order of the curve are refused.',
      },
      B3: { source: 'RFC 7518 §3.4', sentence: 'An ECDSA signature in DER is refused.' },
      B4: { source: 'RFC 7518 §3.4', sentence: 'Signatures of another length than the algorithm has are refused.' },
      B5: {
        source: 'RFC 7515 §5.2',
        sentence: 'The twin of an ECDSA signature gains nothing: the same claims, the same refusals.',
      },
      B6: { source: 'CVE-2006-4339, CVE-2021-30246', sentence: 'Forged paddings of RSA signatures are refused.' },
      B7: { source: 'RFC 8017 §8.2.2', sentence: 'RSA signatures that are out of range, cut or extended are refused.' },
      B8: { source: 'RFC 7518 §3.5', sentence: 'PSS with another salt length or hash is refused.' },
      B9: { source: 'RFC 7515 §2', sentence: 'Padded segments are refused.' },
      B10: { source: 'RFC 7515 §2, CVE-2022-25898', sentence: 'White space in segments is refused.' },
      B11: { source: 'RFC 4648 §5', sentence: 'The standard alphabet of base64 is refused.' },
      B12: { source: 'RFC 4648 §3.5', sentence: 'A segment with its unused bits set is refused.' },
      B13: { source: 'RFC 4648 §5', sentence: 'A segment of an impossible length is refused.' },
      B14: {
        source: 'rfc8725bis §3.14',
        sentence: 'Any other character is refused, and never an error of the server.',
      },
      B15: {
        source: 'CVE-2025-27144, CVE-2025-30204',
        sentence: 'Too few or too many dots are refused, a million of them as well.',
      },
      B16: {
        source: 'CVE-2022-39227',
        sentence: 'The JSON serializations of a JWS, and mixtures with the compact one, are refused.',
      },
      B17: {
        source: 'CVE-2023-51774, CVE-2024-28176, CVE-2022-36083',
        sentence: 'An encrypted token is refused without being decrypted or inflated.',
      },
      B18: { source: 'RFC 7519 §7.2', sentence: 'A token within a token is refused.' },
    },
  },
  {
    title: 'C: keys, kid and crit in the header',
    rows: {
      C1: { source: 'CVE-2018-0114, CVE-2026-27962', sentence: 'A key that comes with the token does not verify it.' },
      C2: { source: 'RFC 8725 §3.10, CVE-2024-21643', sentence: 'A URL that comes with the token is not fetched.' },
      C3: { source: 'RFC 7515 §4.1.6', sentence: 'A certificate that comes with the token is not trusted.' },
      C4: { source: 'RFC 7515 §4.1.2 to §4.1.8', sentence: 'Beside a good signature such members change nothing.' },
      C5: {
        source: 'RFC 8725 §3.10',
        sentence: 'A kid with a path, SQL or a command is a name without a key, and forges no log line.',
      },
      C6: { source: 'RFC 8725 §3.10', sentence: 'A huge kid is refused, and not remembered.' },
      C7: { source: 'RFC 7515 §4.1.4', sentence: 'A kid of another type, or nearly the right one, finds no key.' },
      C8: { source: 'RFC 7515 §4.1.4', sentence: 'Without kid, two keys at most are tried; or none, with requireKid.' },
      C9: {
        source: 'RFC 7517 §4.5',
        sentence: 'Keys that share a kid are told apart by their kind, and two at most are tried.',
      },
      C10: { source: 'RFC 7515 §4.1.4', sentence: 'A kid that is the name of a member of every object finds no key.' },
      C11: {
        source: 'RFC 7515 §4.1.11, CVE-2025-59420, CVE-2026-35042',
        sentence: 'Any crit is refused, well-formed or not.',
      },
      C12: { source: 'RFC 7797 §6', sentence: 'An unencoded payload is refused.' },
      C13: { source: 'CVE-2025-59420', sentence: 'A binding that is declared critical is refused.' },
    },
  },
  {
    title: 'D: JSON and claims',
    rows: {
      D1: {
        source: 'RFC 7515 §4, RFC 7519 §4',
        sentence: 'Duplicate members are refused, at every level and in every spelling.',
      },
      D2: { source: 'CWE-1321', sentence: 'Members that objects inherit grant nothing and change no prototype.' },
      D3: { source: 'RFC 7519 §4', sentence: 'A required claim inside of __proto__ is not there.' },
      D4: { source: 'RFC 7519 §7.2', sentence: 'A payload that is no object is refused.' },
      D5: {
        source: 'RFC 7519 §2, CVE-2026-44459',
        sentence: 'Dates of other types, or beyond all calendars, are refused.',
      },
      D6: { source: 'RFC 9068 §2.2', sentence: 'A token without exp is refused.' },
      D7: { source: 'RFC 7519 §4.1.4', sentence: 'exp is kept to the second.' },
      D8: { source: 'RFC 7519 §4.1.5, §4.1.6', sentence: 'nbf and iat in the future are refused.' },
      D9: {
        source: 'RFC 6750 §5.3',
        sentence: 'A token that is older than maxTokenAgeSeconds is refused, however far its exp lies.',
      },
      D10: { source: 'RFC 7519 §2', sentence: 'Milliseconds in place of seconds are refused.' },
      D11: { source: 'RFC 8725 §3.7', sentence: 'Ill-formed UTF-8, other encodings and byte order marks are refused.' },
      D12: {
        source: 'RFC 8259 §8.2',
        sentence: 'Lone surrogates and control characters are refused; look-alike letters are other letters.',
      },
      D13: {
        source: 'CVE-2025-53864, CWE-674',
        sentence: 'JSON that is deep, wide or long is refused within bounds, and ends no process.',
      },
      D14: { source: 'RFC 8259 §6', sentence: 'A number in place of an identifier is refused.' },
      D15: { source: 'RFC 8259 §2', sentence: 'Bytes after the JSON, comments and trailing commas are refused.' },
    },
  },
  {
    title: 'E: issuer, audience, scope, route',
    rows: {
      E1: {
        source: 'RFC 7519 §7.3, CVE-2025-30144, CVE-2024-53861',
        sentence: 'An issuer that is nearly the right one is not trusted.',
      },
      E2: {
        source: 'RFC 7519 §4.1.3, CVE-2020-26160, CVE-2024-5798',
        sentence: 'An audience that is nearly the right one, empty or malformed is refused.',
      },
      E3: {
        source: 'RFC 8725 §3.9, CVE-2025-62610',
        sentence: 'A verifier without an audience does not start, unless another rule stands in writing.',
      },
      E4: { source: 'RFC 9700 §2.3', sentence: 'A token for another API of the same issuer is refused.' },
      E5: {
        source: 'RFC 6749 §3.3',
        sentence: 'Only scopes of the grammar, to the letter, are granted; malformed ones refuse the token.',
      },
      E6: { source: 'RFC 6749 §3.3', sentence: 'Only the configured claims grant scopes.' },
      E7: {
        source: 'RFC 6750 §3',
        sentence: 'Some of the scopes are not enough, and the challenge names those that are.',
      },
      E8: {
        source: 'CVE-2021-21378',
        sentence: 'A guard lets nobody in by omission, and a bad token is never taken for none.',
      },
      E9: { source: 'RFC 9112 §3.2', sentence: 'No spelling of a path reaches a handler past its guard.' },
      E10: {
        source: 'RFC 9110 §9',
        sentence: 'A route is held to its policy whatever the method is, or is said to be.',
      },
      E11: { source: 'RFC 9700 §2.3', sentence: 'A claim rule is not met by claims that are empty or missing.' },
      E14: {
        source: 'CWE-862, CWE-178',
        sentence: 'No handler runs for a request without a token whose every row in the list of routes says guarded.',
      },
      E15: {
        source: 'CWE-862',
        sentence: 'With denyUnguarded, no handler of a route runs before a guard let the request through.',
      },
      E16: {
        source: 'CWE-636',
        sentence: 'An option counts however it is given: as a member, inherited, or by a getter, which is read once.',
      },
      E17: { source: 'CWE-862', sentence: 'A policy that is undefined is refused at start; it never means any token.' },
      E18: {
        source: 'CWE-209',
        sentence: 'No error of configuration shows more than a few characters of what was given.',
      },
    },
  },
  {
    title: 'F: the way over HTTP',
    rows: {
      F1: {
        source: 'RFC 6750 §3.1',
        sentence: 'No credentials, or those of another scheme, are 401 without an error code.',
      },
      F2: { source: 'RFC 6750 §2.1', sentence: 'The scheme without a token is 400.' },
      F3: { source: 'RFC 9110 §11.1', sentence: 'The scheme in any case is the scheme.' },
      F4: { source: 'RFC 9110 §11.4', sentence: 'Spaces part scheme and token; a tab does not.' },
      F5: { source: 'RFC 6750 §2.1', sentence: 'Two tokens in one header are refused; the first one does not win.' },
      F6: { source: 'RFC 9110 §11.6.2', sentence: 'Two Authorization headers are refused, in either order.' },
      F7: { source: 'RFC 6750 §2', sentence: 'A token in header and query is refused.' },
      F8: { source: 'RFC 6750 §2.3', sentence: 'A token parameter that is a list is refused, or is none.' },
      F9: {
        source: 'RFC 6750 §2',
        sentence: 'Cookies, JSON bodies and other headers carry no token, unless an option names them.',
      },
      F30: {
        source: 'RFC 6265 §8.2, Fetch Metadata §2.3',
        sentence: 'A cookie carries no token on a request that another site sent, nor does one of two.',
      },
      F10: {
        source: 'RFC 9110 §5.5',
        sentence: 'Control characters and non-ASCII bytes are 400, never an error of the server.',
      },
      F11: { source: 'RFC 9110 §5.4', sentence: 'A token beyond maxTokenBytes is refused.' },
      F12: { source: 'RFC 6750 §3', sentence: 'Text of a token never becomes part of a challenge.' },
      F13: { source: 'RFC 9110 §7.2', sentence: 'Host and its likes never show in an answer.' },
      F14: { source: 'RFC 6750 §3.1, CWE-209', sentence: 'A client reads one fixed text a reason, and no details.' },
      F15: { source: 'RFC 9700 §4.9', sentence: 'Nothing of a token shows in answers, errors and inspected objects.' },
      F16: { source: 'RFC 9110 §9.3.7', sentence: 'A preflight request counts as a request without a token.' },
      F17: { source: 'RFC 9110 §7.6.1', sentence: 'An Authorization header that was taken away on the way is none.' },
      F18: {
        source: 'RFC 6455 §10.5',
        sentence: 'A WebSocket upgrade without a good token is refused by the same rules.',
      },
      F19: {
        source: 'CWE-248, CWE-754',
        sentence:
          'What a hook, a setter or a handler throws after the verdict goes to the error handler, and lets nobody in.',
      },
      F20: {
        source: 'CWE-117, CWE-150',
        sentence: 'No text from outside brings line breaks or terminal escapes into details, status or channels.',
      },
    },
  },
  {
    title: 'G: other kinds of JWT',
    rows: {
      G1: {
        source: 'RFC 9068 §5, RFC 8725 §3.12',
        sentence: 'An ID token is no access token, even with the right audience.',
      },
      G2: {
        source: 'RFC 8725 §3.11, §3.12',
        sentence:
          'Refresh tokens, logout tokens, proofs, assertions and other JWTs of the issuer are no access tokens.',
      },
      G3: { source: 'RFC 9068 §4', sentence: 'typ is compared without case, and nothing else is let pass.' },
      G4: {
        source: 'RFC 8725 §3.12',
        sentence: 'Where typ does not tell, tokens of another kind are known by their marks.',
      },
      G6: {
        source: 'CWE-636',
        sentence: 'Claims that a schema gives keep what their type promises, or the token is refused.',
      },
    },
  },
  {
    title: 'H: keys, discovery, several issuers, caches',
    rows: {
      H1: { source: 'CVE-2025-59936, CVE-2026-49998', sentence: 'Issuers that share a kid do not share a key.' },
      H2: { source: 'CVE-2026-32301', sentence: 'An issuer that is not trusted is refused, and nobody is asked.' },
      H3: {
        source: 'RFC 8725 §3.10, CWE-918',
        sentence: 'The iss of a token leads nowhere by itself, also where a function finds issuers.',
      },
      H4: {
        source: 'RFC 8414 §3.2',
        sentence: 'A redirect of a metadata document is not followed, and nothing of the client is sent.',
      },
      H5: { source: 'RFC 8414 §3.3', sentence: 'Metadata of another issuer is not used.' },
      H6: { source: 'RFC 8414 §2', sentence: 'A jwks_uri by http is not used; one at another host is.' },
      H7: {
        source: 'RFC 7517 §5',
        sentence: 'An answer that is no key set leaves the last good keys in use, or is 503 where there are none.',
      },
      H8: {
        source: 'CWE-400, CWE-770',
        sentence: 'A key set that is huge, slow, endless or cut off costs a bounded time and size.',
      },
      H9: { source: 'RFC 7517 §5', sentence: 'A redirect of a key set is not followed.' },
      H10: { source: 'RFC 7517 §9.2', sentence: 'A private key in a key set is not used, and the others work.' },
      H11: { source: 'RFC 8725 §3.1', sentence: 'A symmetric key in a key set is not used.' },
      H12: { source: 'RFC 8725 §3.4, CVE-2017-15361', sentence: 'Weak and impossible keys are not used.' },
      H12b: {
        source: 'RFC 7517 §4.2 to §4.4',
        sentence: 'A key whose metadata is wrong or for another use is not used, and the others work.',
      },
      H13: { source: 'RFC 7517 §5', sentence: 'A malformed member of a key set does not take the others with it.' },
      H14: { source: 'CWE-770', sentence: 'A key set of very many keys is bounded.' },
      H15: {
        source: 'CVE-2026-48524',
        sentence: 'A flood of unknown kids costs a bounded number of fetches, and known kids nothing.',
      },
      H16: { source: 'CVE-2026-48524', sentence: 'The same holds while the endpoint fails, and good keys stay.' },
      H17: {
        source: 'CVE-2025-22149',
        sentence: 'A new key works after one fetch; a withdrawn one is gone, with the tokens that it verified.',
      },
      H18: {
        source: 'RFC 9111 §4.2.4',
        sentence: 'While the issuer is down the last good keys serve for a bounded time, and then 503.',
      },
      H19: { source: 'RFC 7517 §5', sentence: 'refresh() drops a withdrawn key at once.' },
      H20: { source: 'RFC 9111 §4', sentence: 'Many requests at a cold start cost one fetch, and all are answered.' },
      H21: { source: 'RFC 7519 §4.1.4', sentence: 'A token that was accepted before is refused from exp on.' },
      H23: { source: 'CVE-2026-35039', sentence: 'Tokens that are alike in any part but one never share claims.' },
      H24: {
        source: 'CVE-2021-32701',
        sentence: 'What one route, audience or verifier accepted is no answer for another.',
      },
      H25: { source: 'CWE-471', sentence: 'A handler cannot change what the next request sees.' },
      H26: {
        source: 'RFC 7519 §4.1.5',
        sentence: 'A refusal is not remembered: the token passes once its time or key has come.',
      },
      H27: { source: 'CWE-770', sentence: 'What is remembered of tokens, kids and issuers is bounded.' },
      H28: {
        source: 'CWE-362',
        sentence: 'Requests that race with a rotation are each answered by one state of the keys.',
      },
      H29: {
        source: 'RFC 7519 §4.1.4',
        sentence: 'A token from the cache is held to time, age, audience and binding at every request.',
      },
      H30: {
        source: 'CWE-400',
        sentence:
          'A guessed kid keeps no new key out, and an old token of another environment costs the issuer nothing.',
      },
    },
  },
  {
    title: 'J: introspection, and failing in the right direction',
    rows: {
      J6: {
        source: 'RFC 7662 §2.2',
        sentence: 'Only active: true makes a token active; what is no answer blames nobody.',
      },
      J7: {
        source: 'RFC 7662 §4',
        sentence: 'Audience, issuer, client, times, scope, type and binding of an answer are judged as those of a JWT.',
      },
      J8: {
        source: 'RFC 7662 §2.3, §4, CVE-2026-26998',
        sentence: 'A question that comes to nothing is 503, never inactive; token and secret go nowhere else.',
      },
      J9: {
        source: 'RFC 7662 §4, CVE-2026-33496',
        sentence:
          'An answer is kept for the whole of one token, never beyond exp, and a bounded time after a revocation.',
      },
      J10: {
        source: 'RFC 7662 §4',
        sentence: 'Floods of tokens cost a bounded number of questions at once, and bounded memory.',
      },
      J11: {
        source: 'RFC 9701 §5, §8.1',
        sentence: 'A signed answer that is not wholly right is 503; nothing but its signed part is read.',
      },
      J12: {
        source: 'RFC 8414 §2, §3.3',
        sentence:
          "Tokens are shown to the endpoint of the options or of the issuer's own metadata, by https, and to no other.",
      },
      J19: {
        source: 'RFC 7519 §4.1.4',
        sentence: 'A clock that jumps gives a token no more time, and an attacker no more fetches.',
      },
      J20: {
        source: 'CWE-248, CWE-636',
        sentence:
          'Whatever throws, rejects or never settles, no handler runs on a refusal and no rejection is unhandled.',
      },
      J21: {
        source: 'RFC 7662 §4, RFC 9449 §7.2',
        sentence: 'What an introspected JWT says of itself may refuse it, and grants nothing.',
      },
      J22: {
        source: 'CWE-770',
        sentence: 'Questions to the UserInfo endpoint are bounded in number, time and memory.',
      },
      J23: {
        source: 'CWE-400, CWE-770',
        sentence: 'A flood of made-up opaque tokens from one source keeps no new token of another source out.',
      },
      J24: {
        source: 'CWE-400',
        sentence:
          'While the introspection endpoint gives no answer one request tries at a time, the others are 503 at once, and a client cannot bring that about for others.',
      },
    },
  },
  {
    title: 'K: what a lenient parser lets through',
    rows: {
      K1: { source: 'RFC 7515 §2, rfc8725bis §3.14', sentence: 'A token has one spelling.' },
      K2: {
        source: 'RFC 7515 §5.2',
        sentence: 'The string of a token is not its identity; the token cache takes no twin for the other.',
      },
      K3: { source: 'RFC 7519 §2', sentence: 'Dates such as 1e400 are refused, and lifetimes can be bounded.' },
      K4: { source: 'RFC 7515 §4, RFC 7519 §4', sentence: 'Duplicate members are refused.' },
      K5: { source: 'CWE-1321', sentence: 'A member named __proto__ is refused; claims have no prototype.' },
      K6: {
        source: 'RFC 7519 §4.1, RFC 6749 §3.3',
        sentence: 'Claims that are used have the types of the specification.',
      },
      K7: { source: 'CWE-674', sentence: 'Nesting is refused beyond 32 levels, before it can hurt anybody.' },
      K8: {
        source: 'RFC 8259 §8',
        sentence: 'Byte order marks, ill-formed Unicode and control characters in identifiers are refused.',
      },
      K9: { source: 'RFC 7515 §4.1', sentence: 'Header members that are not used change nothing and fetch nothing.' },
      K10: {
        source: 'RFC 7515 §4.1.4',
        sentence: 'A token without kid is verified with a key that fits, or refused with requireKid.',
      },
      K11: {
        source: 'RFC 7518 §6.3.1',
        sentence: 'RSA keys with an unsafe exponent, or that can be factored, are not used.',
      },
    },
  },
] as const satisfies readonly CatalogueSection[];
