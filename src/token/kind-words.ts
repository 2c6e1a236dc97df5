/** The claims in which issuers name the kind of a token. */
export const KIND_CLAIMS = [
  // Cognito, Ory Hydra and Dex. Keycloak, Guardian. Simple JWT, OpenAM, introspection answers.
  ...['token_use', 'typ', 'token_type'],
  // OpenAM. Casdoor. Flask-JWT-Extended. Curity. OpenIddict, now and before. FusionAuth. Home-made ones.
  ...['tokenName', 'tokenType', 'type', 'purpose', 'token_usage', 'usage', 'tty'],
  ...['use', 'tokenUse', 'token_kind', 'tokenKind', 'kind', 'ttype'],
] as const;

/** Of these, the claims that name nothing but the kind of a token. */
const STRICT_KIND_CLAIMS: readonly string[] = ['token_use', 'typ'];

/** Words for other kinds of tokens, in the form of `toWord`. */
const OTHER_KINDS = new Set([
  // OpenID Connect, OAuth 2.0. Keycloak: Serialized-ID. FusionAuth: idt.
  ...['id', 'idt', 'identity', 'serializedid', 'userinfo', 'userinforesponse', 'refresh', 'rt', 'offline'],
  ...['logout', 'backchannellogout', 'frontchannellogout', 'signout', 'securityevent', 'secevent'],
  ...['code', 'authcode', 'authzcode', 'authorizationcode', 'authorizationresponse', 'devicecode', 'usercode'],
  ...['clientassertion', 'clientauthentication', 'introspection', 'requestobject', 'dpopproof', 'permissionticket'],
  // RFC 7591, RFC 7592: they open the registration of clients.
  ...['registrationaccess', 'initialaccess'],
  // RFC 8693 §3: no JWT. Tokens that are nothing without a proof.
  ...['saml1', 'saml2', 'mac', 'pop'],
  // Made for one step, and signed with the same key at some servers. Keycloak: execute-actions and so on, ORGIVT.
  ...['reset', 'passwordreset', 'resetpassword', 'resetcredentials', 'forgotpassword'],
  ...['recovery', 'passwordrecovery', 'accountrecovery', 'executeactions'],
  ...['verification', 'verify', 'emailverification', 'verifyemail', 'idpverifyaccountviaemail', 'updateemail'],
  ...['confirmation', 'emailconfirmation', 'confirmemail', 'emailchange', 'changeemail', 'phoneverification'],
  ...['activation', 'accountactivation', 'invite', 'invitation', 'orgivt', 'magiclink', 'passwordless'],
  ...['mfa', 'mfachallenge', 'otp', '2fa', 'twofactor', 'state', 'csrf', 'xsrf'],
]);

// RFC 8693 §2.2.1: a token that is no access token, whatever else it is.
const NOT_APPLICABLE = /^n[_/]a$/i;
const TOKEN_TYPE_URN = /^urn:ietf:params:oauth:token-type:/i;

/** Whether a value, or one of a list of values, names another kind of token. A word that is not known names none. */
export function namesOtherKind(value: unknown): boolean {
  return [value].flat().some((item) => {
    return typeof item === 'string' && (NOT_APPLICABLE.test(item) || OTHER_KINDS.has(toWord(item)));
  });
}

/** Whether the value of a claim says that this is an access token. `Bearer` says so in `token_use` and `typ` alone. */
export function namesAccessToken(claim: string, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const word = toWord(value);
  return word === 'access' || (STRICT_KIND_CLAIMS.includes(claim) && ['bearer', 'dpop', 'at'].includes(word));
}

/** Formats `Refresh_Token`, `refreshToken` and `urn:ietf:params:oauth:token-type:refresh_token` as `refresh`. */
function toWord(text: string): string {
  const letters = text
    .replace(TOKEN_TYPE_URN, '')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
  return letters.replace(/^(?:oauth2?|oidc|openid|jwt)(?=.)/, '').replace(/(?:token|jwt)+$/, '');
}
