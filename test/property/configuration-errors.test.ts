import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allOf,
  anyOf,
  ConfigurationError,
  claim,
  createGuard,
  createScopeRecorder,
  createVerifier,
} from '../../src/index.js';
import * as presets from '../../src/presets/index.js';
import { createTestIssuer } from '../../src/testing/index.js';
import { ISSUER } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { RUNS } from './runs.js';

/** Longer than the start of a text that an error may show. */
const WINDOW = 12;
const SECRET_LENGTH = 64;

const AUDIENCE = 'https://api.example.com';
const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE });
const testIssuer = await createTestIssuer();
const guard = createGuard(verifier) as (...given: unknown[]) => unknown;
const create = (changes: object) => createVerifier({ issuer: ISSUER, audience: AUDIENCE, ...changes } as never);
const ofIssuer = (changes: object) => create({ issuer: { issuer: ISSUER, ...changes } });
const introspect = (changes: object) => ofIssuer({ introspection: { clientId: 'a', clientSecret: 'b', ...changes } });

type Call = (value: unknown) => unknown;

/** One call for each place where a value can be given: an error of any of them must not show it. */
function callsWith(name: string): readonly Call[] {
  const named = (value: unknown) => ({ [name]: value });
  const ofPresets = Object.values(presets) as readonly ((options: object) => unknown)[];
  const good = { domain: 'a.example', url: ISSUER, realm: 'a', clientIds: ['a'] };
  return [
    (value) => create(named(value)),
    (value) => create({ keys: named(value) }),
    (value) => create({ tokenCache: named(value) }),
    (value) => create({ snapshot: { version: 1, issuers: named(value) } }),
    (value) => create({ issuer: value }),
    (value) => create({ issuer: [value, value] }),
    (value) => ofIssuer(named(value)),
    (value) => ofIssuer({ jwks: { keys: [value, named(value)] } }),
    (value) => ofIssuer({ secret: 'x'.repeat(64), algorithms: ['HS256'], ...named(value) }),
    (value) => introspect(named(value)),
    (value) => introspect({ clientSecret: undefined, bearerToken: value }),
    (value) => introspect({ clientSecret: undefined, privateKey: value }),
    (value) => createGuard(value as never),
    (value) => createGuard(verifier, value as never),
    (value) => createGuard(verifier, named(value) as never),
    (value) => guard(value),
    (value) => guard(named(value)),
    (value) => guard('read', value),
    (value) => allOf(value as never),
    (value) => anyOf(named(value) as never),
    (value) => claim('a').satisfies(value as never),
    (value) => verifier.verify('abc', named(value) as never),
    (value) => verifier.authenticate({ headers: {} }, named(value) as never),
    (value) => verifier.ready(named(value) as never),
    (value) => createScopeRecorder(named(value) as never),
    (value) => createTestIssuer(named(value) as never),
    (value) => testIssuer.token(named(value)),
    (value) => testIssuer.outage(value as never),
    (value) => testIssuer.withdraw(value as never),
    ...ofPresets.map((preset) => (value: unknown) => preset(named(value))),
    ...ofPresets.map((preset) => (value: unknown) => preset({ ...good, ...named(value) })),
    ...ofPresets.map((preset) => (value: unknown) => preset(value as never)),
  ];
}

const NAMES = [
  ...['issuer', 'audience', 'claims', 'clockToleranceSeconds', 'maxTokenBytes', 'tokenCache', 'keys', 'snapshot'],
  ...['fetch', 'clock', 'algorithms', 'profile', 'scopesFrom', 'clientIds', 'maxTokenAgeSeconds', 'requireKid'],
  ...['dangerouslyAllowInsecureHttp', 'metadataUrl', 'jwksUri', 'jwks', 'secret', 'introspection', 'endpoint', 'jwt'],
  ...['publicKey', 'issuerBaseURL', 'tokenSigningAlg', 'secretOrKey', 'sourceOf'],
  ...['signed', 'ignoreExp', 'cacheSeconds', 'authMethod', 'clientId', 'privateKey', 'algorithm', 'keyId', 'realm'],
  ...['extraTokenLocations', 'errors', 'onRefusal', 'policy', 'signal', 'timeoutSeconds', 'max', 'maxAgeSeconds'],
  ...['maxClients', 'network', 'path', 'startAt', 'header', 'domain', 'url', 'tenants', 'version', 'roles', 'groups'],
  ...['userPoolId', 'permissions', 'authorizationServer', 'realmRoles', 'clientRoles', 'oidc', 'naiveTimeZone'],
  ...['adminUrl', 'application', 'host', 'projectId', 'appCheck', 'repositories', 'introspect'],
  ...['scope', 'all', 'any', 'claim', 'equals', 'dangerouslyAcceptAnyTokenKind', 'dangerouslyAcceptAnyAudience'],
  'unheardOf',
];

/** Everything that an error tells: its texts, and what a log would print of it. */
async function tellsOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return '';
  } catch (error) {
    if (!(error instanceof ConfigurationError)) return '';
    return [error.message, error.option, inspect({ ...error }), String(error.cause)].join('\n');
  }
}

function windowsOf(secret: string): readonly string[] {
  return Array.from({ length: secret.length - WINDOW + 1 }, (_, start) => secret.slice(start, start + WINDOW));
}

const ALPHABETS = [
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  '0123456789abcdef',
  'abcdefghijklmnopqrstuvwxyz',
  Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join(''),
];

const secret = fc
  .constantFrom(...ALPHABETS)
  .chain((alphabet) =>
    fc.string({ unit: fc.constantFrom(...alphabet), minLength: SECRET_LENGTH, maxLength: SECRET_LENGTH }),
  );

/** The secret itself, and texts that it may be a part of. */
const SHAPES: readonly ((secret: string) => unknown)[] = [
  (text) => text,
  (text) => ` ${text}\n`,
  (text) => `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----`,
  (text) => `https://${text}`,
  (text) => `https://login.example.com/${text}`,
  (text) => `https://login.example.com/?key=${text}`,
  (text) => `http://user:${text}@login.example.com/`,
  (text) => JSON.stringify({ kty: 'oct', k: text }),
  (text) => `eyJhbGciOiJub25lIn0.${text}.`,
  (text) => [text],
  (text) => [`${text} `, 7],
  (text) => ({ [text]: text }),
  (text) => ({ kty: text, d: text }),
];

describe('ConfigurationError', () => {
  covers('E18');
  it('RFC 9700 §4.9.3: never shows what may be a secret, wherever it was given', async () => {
    await fc.assert(
      fc.asyncProperty(secret, fc.constantFrom(...SHAPES), fc.constantFrom(...NAMES), async (text, shape, name) => {
        const windows = windowsOf(text);
        for (const call of [...callsWith(name), ...callsWith(text)]) {
          const told = await tellsOf(() => call(shape(text)));
          expect(windows.filter((part) => told.includes(part))).toEqual([]);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it.each(NAMES)('shows nothing of a private key in PEM under %s', async (name) => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const body = pem.split('\n')[1] as string;
    const told = await Promise.all(callsWith(name).map((call) => tellsOf(() => call(pem))));
    expect(told.filter((text) => text !== '').length).toBeGreaterThan(20);
    expect(told.filter((text) => text.includes('PRIVATE KEY') || text.includes(body.slice(0, WINDOW)))).toEqual([]);
  });
});
