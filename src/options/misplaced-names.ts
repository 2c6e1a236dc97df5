/** Where the options of scopegate stand, for names that stand elsewhere. */
const PLACES: readonly (readonly [names: readonly string[], place: (name: string) => string])[] = [
  [
    ['metadataUrl', 'jwksUri', 'jwks', 'publicKey', 'secret', 'introspection'],
    (name) => `It stands on an issuer: createVerifier({ issuer: { issuer: 'https://...', ${name}: ... } }).`,
  ],
  [
    [
      'maxAgeSeconds',
      'staleIfErrorSeconds',
      'fetchTimeoutSeconds',
      'maxResponseBytes',
      'refetchBurst',
      'refetchEverySeconds',
      'snapshotMaxAgeSeconds',
    ],
    (name) => `It stands in keys: createVerifier({ keys: { ${name}: ... } }).`,
  ],
  [
    ['clientSecret', 'bearerToken', 'authMethod', 'ignoreExp', 'cacheSeconds'],
    (name) => `It stands in introspection of an issuer: { issuer: 'https://...', introspection: { ${name}: ... } }.`,
  ],
  [
    ['realm', 'errors', 'onRefusal', 'extraTokenLocations'],
    (name) => `It is an option of createGuard(verifier, { ${name}: ... }).`,
  ],
  [
    [
      'issuer',
      'audience',
      'claims',
      'algorithms',
      'profile',
      'scopesFrom',
      'clientIds',
      'clockToleranceSeconds',
      'maxTokenAgeSeconds',
      'requireKid',
      'maxTokenBytes',
      'tokenCache',
      'keys',
      'snapshot',
      'fetch',
      'clock',
      'dangerouslyAllowInsecureHttp',
    ],
    (name) => `It is an option of createVerifier({ ${name}: ... }).`,
  ],
];

const ISSUER = 'Give issuer: the iss of the tokens to the letter, with its slash if it has one.';
const ON_ISSUER = "on an issuer: createVerifier({ issuer: { issuer: 'https://...', ";
const PUBLIC_KEY = `Give publicKey ${ON_ISSUER}publicKey: ... } }).`;
const SECRET = `Give secret ${ON_ISSUER}secret: ..., algorithms: ['HS256'] } }), or publicKey there where it is PEM.`;
const JWKS_URI = `Give jwksUri ${ON_ISSUER}jwksUri: 'https://...' } }).`;
const METADATA_URL = `Give metadataUrl ${ON_ISSUER}metadataUrl: 'https://...' } }).`;
const ALGORITHMS = "Give algorithms, such as ['RS256'].";
const KEYS =
  'Fetches are cached and limited without it; what can be set stands in keys, in seconds: createVerifier({ keys: { ... } }).';
const OPTIONAL = 'Protect the routes that need no token with guard.optional().';
const REQUEST = 'Leave it out: handlers find the access token in req.auth.';
const LOCATION =
  'Leave it out: the Authorization header is read. For forms and queries see extraTokenLocations of createGuard.';
const SCHEMA = 'Give claims, a schema for all routes, or a policy for one: guard(claim(...).equals(...)).';
const POLICY = "It is a policy of each route: guard('orders:read').";
const FETCH = 'Give fetch, which is used for every request.';
const ALWAYS = 'Leave it out: this is always checked.';

/** Names that other packages for the same job have, in small letters, and what to write in their place. */
const HABITS: ReadonlyMap<string, string> = new Map([
  ...named(ISSUER, 'iss', 'issuerbaseurl', 'issueruri', 'issuerurl', 'authority', 'domain', 'tenant', 'realmurl'),
  ...named(
    'Give a list as issuer, or a function that finds an issuer by its iss.',
    'mcd',
    'trustedissuers',
    'issuerresolver',
  ),
  ...named(JWKS_URI, 'jwksuri', 'jwksurl', 'jwksendpoint', 'jwkurl', 'keysurl', 'certsurl'),
  ...named(
    METADATA_URL,
    'discoveryurl',
    'discoveryuri',
    'wellknown',
    'wellknownurl',
    'configurationurl',
    'metadatauri',
  ),
  ...named(SECRET, 'secretorkey', 'secretorpublickey', 'secretkey', 'jwtsecret', 'sharedsecret', 'hmacsecret', 'key'),
  ...named(
    `Leave it out: keys are fetched by the issuer's metadata, or from jwksUri ${ON_ISSUER}jwksUri: ... } }).`,
    'secretorkeyprovider',
    'secretprovider',
    'keyprovider',
    'getkey',
    'getkeysinterceptor',
    'jwkset',
  ),
  ...named(PUBLIC_KEY, 'publickey', 'publickeys', 'pem', 'cert', 'certificate', 'signingkey', 'verificationkey'),
  ...named(ALGORITHMS, 'tokensigningalg', 'signingalg', 'alg', 'algs', 'allowedalgorithms', 'idtokensigningalg'),
  ...named(
    KEYS,
    'cache',
    'cachemaxage',
    'cachemaxentries',
    'ratelimit',
    'jwksrequestsperminute',
    'cooldownduration',
    'timeoutduration',
    'timeout',
    'jwkscache',
  ),
  ...named(OPTIONAL, 'credentialsrequired', 'authrequired', 'required', 'optional', 'allowanonymous'),
  ...named(REQUEST, 'requestproperty', 'userproperty', 'resultproperty', 'property', 'assignproperty', 'session'),
  ...named(LOCATION, 'gettoken', 'jwtfromrequest', 'tokenlocations', 'cookie', 'headername'),
  ...named(
    'Let the issuer tell, where it can: introspection: { jwt: true, ... } on the issuer.',
    'isrevoked',
    'isrevokedcallback',
  ),
  ...named('Give clockToleranceSeconds.', 'clocktolerance', 'clockskew', 'leeway', 'iatoffset', 'graceseconds'),
  ...named('Give clock, a function, which tests replace.', 'clocktimestamp', 'currentdate'),
  ...named('Give maxTokenAgeSeconds.', 'maxtokenage', 'maxage'),
  ...named(ALWAYS, 'ignoreexpiration', 'ignorenotbefore', 'checkexp', 'requireexp', 'tokenuse'),
  ...named("Give profile: 'rfc9068'.", 'strict', 'typ', 'tokentype'),
  ...named(SCHEMA, 'validators', 'customjwtcheck', 'validate', 'claimcheck', 'requiredclaims', 'schema', 'subject'),
  ...named(POLICY, 'scope', 'scopes', 'requiredscopes', 'requiredscope', 'permissions', 'groups'),
  ...named("Give scopesFrom, such as ['scope', 'permissions'].", 'customscopekey', 'scopekey', 'scopeclaim'),
  ...named('Give clientIds, a list.', 'clientid', 'azp', 'authorizedparty'),
  ...named(FETCH, 'agent', 'requestagent', 'httpagent', 'fetcher', 'customfetch'),
  ...named('It is not supported: tokens that are bound to a key are refused.', 'dpop'),
]);

function named(fix: string, ...names: readonly string[]): readonly (readonly [name: string, fix: string])[] {
  return names.map((name) => [name, fix] as const);
}

/** Says where a name belongs that stands in the wrong place, or comes from another package; undefined for other names. */
export function findPlace(name: string): string | undefined {
  const [, place] = PLACES.find(([names]) => names.includes(name)) ?? [];
  return place?.(name) ?? HABITS.get(name.toLowerCase().replaceAll(/[_-]/g, ''));
}
