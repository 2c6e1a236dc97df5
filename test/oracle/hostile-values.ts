import type { Random } from './random.js';
import { AUDIENCE, ISSUER, TOLERANCE_SECONDS } from './world.js';

/** Values for any member, as JSON texts: types that are wrong, strings that confuse, numbers that JSON can write. */
const ANY_VALUE: readonly string[] = [
  ...['null', 'true', 'false', '0', '1', '-1', '1.5', '9007199254740993', '1e400', '-1e400'],
  ...['""', '" "', '"x"', '"null"', '"__proto__"', '"constructor"', '[]', '{}', '[[]]', '["x"]', '[null]', '{"a":1}'],
  ...['"\\u0000"', '"a\\u0000b"', '"a\\nb"', '"a\\u001fb"', '"\\u007f"', '"\\u0085"', '"\u0085"', '"a\\tb"'],
  ...['"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\u{1f600}"', '"\u00e9"', '"e\u0301"', '"\u202euser"'],
  ...['"\\ufeff"', '"\ufeff"', '"\uffff"', '"\\""', '"\\\\"', `"${'long '.repeat(60)}"`],
];

const SCOPES: readonly string[] = [
  ...['"read"', '"read write"', '"read  write"', '" read"', '"read "', '"read\\twrite"', '"read,write"', '"r\\"ead"'],
  ...['"r\\\\ead"', '"\u00e9"', '"read\u00a0write"', '["read"]', '["read","write"]', '["read write"]', '["read",1]'],
  ...['["r\\"ead"]', '[""]', '{"0":"read"}', '"READ read"', '"read:*"'],
];

const AUDIENCES: readonly string[] = [
  ...[`"${AUDIENCE}"`, `["${AUDIENCE}"]`, `["https://other.test","${AUDIENCE}"]`, `["${AUDIENCE}",1]`],
  ...[`["${AUDIENCE}",""]`, `["${AUDIENCE}","a\\u0000"]`, `["${AUDIENCE}",null]`, `["${AUDIENCE}",["x"]]`],
  ...[`["${AUDIENCE}","${AUDIENCE}"]`, `[["${AUDIENCE}"]]`, `{"0":"${AUDIENCE}"}`, `"${AUDIENCE}/"`],
  ...[`"https:\\/\\/api.test"`, `"HTTPS://api.test"`, `"${AUDIENCE} other"`, '"https://api.test.evil"', '"https"'],
  `[${Array.from({ length: 200 }, (_, i) => `"${i}"`).join(',')},"${AUDIENCE}"]`,
];

const ISSUERS: readonly string[] = [
  ...[`"${ISSUER}/"`, `["${ISSUER}"]`, `"HTTPS://issuer.test"`, `"https:\\/\\/issuer.test"`, '"https://issuer.tes"'],
  ...[`"https://issuer.test:443"`, `"https://issuer.test.evil"`, `"https://user@issuer.test"`, `" ${ISSUER}"`],
  ...[`"https://issu\\u0065r.test"`, `"https://\u0456ssuer.test"`, `"${ISSUER}#"`],
];

const CONFIRMATIONS: readonly string[] = [
  '{}',
  '{"jkt":"x"}',
  '{"x5t#S256":"x"}',
  '{"jkt":"x","x":1}',
  'null',
  '"x"',
  '[]',
];

const FOREIGN_MARKS: readonly (readonly [name: string, value: string])[] = [
  ...(['access', 'id', 'refresh'] as const).map((use) => ['token_use', `"${use}"`] as const),
  ...(['Bearer', 'DPoP', 'ID', 'Refresh', 'Logout', 'at+jwt'] as const).map((typ) => ['typ', `"${typ}"`] as const),
  ['events', '{"http://schemas.openid.net/event/backchannel-logout":{}}'],
  ['events', 'null'],
  ['at_hash', '"x"'],
  ['c_hash', '"x"'],
  ['s_hash', '"x"'],
  ['nonce', '"x"'],
];

const ALGORITHMS: readonly string[] = [
  ...['none', 'None', 'NONE', 'nOnE', 'none ', '', 'HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256'],
  ...[
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'ES256K',
    'EdDSA',
    'Ed25519',
    'Ed448',
    'ML-DSA-44',
    'es256',
    'Es256',
  ],
  ...['ES256 ', 'RS1', 'dir', 'RSA-OAEP', '__proto__', 'constructor', 'toString', 'ES\u212a256'],
].map((name) => JSON.stringify(name));

const TYPES: readonly string[] = [
  ...['at+jwt', 'AT+JWT', 'At+Jwt', 'application/at+jwt', 'APPLICATION/AT+JWT', 'JWT', 'jwt', 'application/jwt'],
  ...['application/application/at+jwt', 'at+jwt ', ' at+jwt', 'at+jwt\n', 'at+jwt;x=1', 'text/at+jwt', '/at+jwt'],
  ...['dpop+jwt', 'logout+jwt', 'id_token+jwt', 'token-introspection+jwt', 'secevent+jwt', 'JOSE', 'a\u0442+jwt'],
].map((name) => JSON.stringify(name));

const KIDS: readonly string[] = [
  ...['"ec"', '"rsa"', '"pss"', '"ed"', '"no-alg"', '"twin"', '"enc"', '"p384"', '"short"', '"e-1"', '"neutral"'],
  ...['"EC"', '"ec "', '"ec\\u0000"', '"\\u0065c"', '"elsewhere"', '"../../dev/null"', `"' OR 1=1--"`, '["ec"]'],
];

const CRITICALS: readonly string[] = [
  ...['[]', '"exp"', '["exp"]', '["alg"]', '["b64"]', '["b64","b64"]', '["x"]', '["cnf"]', '[1]', '[""]', 'null', '{}'],
];

const SELF_MADE_JWK = '{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA","kid":"ec"}';

const HEADER_EXTRAS: readonly (readonly [name: string, value: string])[] = [
  ['b64', 'true'],
  ['b64', 'false'],
  ['b64', 'null'],
  ['jwk', SELF_MADE_JWK],
  ['jku', '"https://evil.test/jwks"'],
  ['x5u', '"https://evil.test/x5u"'],
  ['x5c', '["AAAA"]'],
  ['x5t', '"AAAA"'],
  ['x5t#S256', '"AAAA"'],
  ['cty', '"JWT"'],
  ['zip', '"DEF"'],
  ['enc', '"A256GCM"'],
  ['p2c', '1000000'],
  ['epk', SELF_MADE_JWK],
  ['nonce', '"x"'],
  ['iss', `"https://evil.test"`],
  ['exp', '1'],
];

const IDENTIFIERS = ['sub', 'jti', 'client_id', 'azp', 'cid', 'appid'];
const DATES = ['exp', 'nbf', 'iat'];

/** A member of an object: its name, and its value as a JSON text. */
export type Member = readonly [name: string, value: string];

/** A claim that may be wrong, hostile, or just on the edge. */
export function pickClaim(random: Random, nowSeconds: number): Member {
  return random.weighted<() => Member>([
    [5, () => [random.pick(DATES), pickDate(random, nowSeconds)]],
    [5, () => [random.pick(IDENTIFIERS), random.pick(ANY_VALUE)]],
    [3, () => ['aud', random.pick(random.chance(0.8) ? AUDIENCES : ANY_VALUE)]],
    [2, () => ['iss', random.pick(random.chance(0.8) ? ISSUERS : ANY_VALUE)]],
    [3, () => [random.pick(['scope', 'scp']), random.pick(random.chance(0.8) ? SCOPES : ANY_VALUE)]],
    [1, () => ['cnf', random.pick(CONFIRMATIONS)]],
    [2, () => random.pick(FOREIGN_MARKS)],
    [1, () => [random.pick(['Exp', 'SUB', 'Scope', 'e\u00d7p', 'note', '', 'tenant']), random.pick(ANY_VALUE)]],
    [1, () => [random.pick(['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__']), pickProto(random)]],
  ])();
}

/** A header parameter that may be wrong, hostile, or just odd. */
export function pickHeaderParameter(random: Random): Member {
  return random.weighted<() => Member>([
    [4, () => ['alg', random.pick(random.chance(0.8) ? ALGORITHMS : ANY_VALUE)]],
    [4, () => ['typ', random.pick(random.chance(0.8) ? TYPES : ANY_VALUE)]],
    [4, () => ['kid', random.pick(random.chance(0.8) ? KIDS : ANY_VALUE)]],
    [2, () => ['crit', random.pick(CRITICALS)]],
    [4, () => random.pick(HEADER_EXTRAS)],
    [1, () => [random.pick(['Alg', 'KID', 'note', '']), random.pick(ANY_VALUE)]],
    [1, () => [random.pick(['constructor', 'toString', '__proto__']), pickProto(random)]],
  ])();
}

/** A NumericDate, mostly around now and the tolerance, as a JSON text. */
function pickDate(random: Random, nowSeconds: number): string {
  const edge = nowSeconds + random.pick([0, TOLERANCE_SECONDS, -TOLERANCE_SECONDS]);
  const near = edge + random.pick([0, 1, -1, 0.25, -0.25, 0.5, -0.5, 0.75, -0.75, 0.001, -0.001]);
  return random.weighted<() => string>([
    [6, () => String(near)],
    [2, () => random.pick([`${nowSeconds + 60}.0`, `${(nowSeconds + 60) / 1e9}e9`, `${(nowSeconds + 60) * 10}E-1`])],
    [2, () => random.pick(['253402300799', '253402300800', '253402300799.5', '1e21', '1e400', '-1e400', '-0', '-1'])],
    [1, () => String(nowSeconds * 1000)],
    [1, () => `"${nowSeconds + 60}"`],
    [2, () => random.pick(ANY_VALUE)],
  ])();
}

function pickProto(random: Random): string {
  return random.pick(['{"scope":"admin"}', '{"exp":9999999999}', 'null', '"x"', '{}']);
}
