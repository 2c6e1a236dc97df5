import { createServer } from 'node:http';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allOf, ConfigurationError, claim, createGuard, createVerifier, type Verifier } from '../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js';
import { expectMisuse, type OptionsMisuse } from '../support/configuration-error.js';
import { covers } from '../support/covers.js';
import { EXPRESS_VERSIONS } from '../support/express-versions.js';
import { listen, type TestServer } from '../support/listen.js';
import { POLICY_MISUSES } from '../support/policy-misuses.js';
import { sendRaw } from '../support/raw-http.js';

let issuer: TestIssuer;
let verifier: Verifier;

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = createVerifier(issuer.verifierOptions);
});
afterEach(() => verifier.close());

/** Options that guards and `verifier.authenticate` have in common, given wrongly. */
const SHARED_MISUSES: readonly OptionsMisuse[] = [
  [
    'an empty audience',
    { audience: '' },
    'audience',
    'holds an empty string.',
    'leave it out to use that of the verifier',
  ],
  ['an empty list of audiences', { audience: [] }, 'audience', 'is an empty list.', 'leave it out to use that'],
  [
    'an audience that is false',
    { audience: false },
    'audience',
    'holds false.',
    'leave it out to use that of the verifier',
  ],
  [
    'an audience that is null',
    { audience: null },
    'audience',
    'holds null.',
    'leave it out to use that of the verifier',
  ],
  ['an empty realm', { realm: '' }, 'realm', 'an empty string cannot stand in a challenge.', 'Give printable ASCII'],
  ['a realm with a quotation mark (RFC 6750 §3)', { realm: 'a"b' }, 'realm', '"a\\"b" cannot stand', 'Give printable'],
  [
    'a realm with a backslash (RFC 6750 §3)',
    { realm: 'a\\b' },
    'realm',
    '"a\\\\b" cannot stand',
    'Give printable ASCII',
  ],
  ['a realm with a line break', { realm: 'a\r\nb' }, 'realm', '"a\\r\\nb" cannot stand', 'Give printable', 'F12'],
  ['a realm beyond ASCII', { realm: 'caf\u00e9' }, 'realm', 'cannot stand in a challenge.', 'Give printable ASCII'],
  ['a realm that is a number', { realm: 1 }, 'realm', '1 cannot stand in a challenge.', 'Give printable ASCII'],
  [
    'a place of tokens that is no list',
    { extraTokenLocations: 'query' },
    'extraTokenLocations',
    'is "query".',
    'Give a list',
  ],
  [
    'an unknown place of tokens',
    { extraTokenLocations: ['cookie'] },
    'extraTokenLocations',
    'holds "cookie".',
    'form and query',
  ],
  ['a place of tokens that is null', { extraTokenLocations: null }, 'extraTokenLocations', 'is null.', 'Give a list'],
  [
    'a misspelt name',
    { extraTokenLocation: [] },
    'extraTokenLocation',
    'is not an option.',
    'Did you mean extraTokenLocations?',
  ],
  ['an unknown name', { scopes: 'read' }, 'scopes', 'is not an option.', 'Options are: audience,'],
];

describe('createGuard', () => {
  it.each<[what: string, given: unknown, told: string]>([
    ['nothing', undefined, 'is undefined and not a verifier.'],
    ['null', null, 'is null and not a verifier.'],
    ['the options of a verifier', { issuer: 'https://a.test', audience: 'a' }, 'is a value of type object and not'],
    ['an object with the methods of a verifier', { verify: () => {}, authenticate: () => {} }, 'and not a verifier.'],
    ['a function', () => {}, 'is a function and not a verifier.'],
    ['a URL', 'https://issuer.test', 'is "https://issuer.test" and not a verifier.'],
  ])('refuses %s in place of a verifier', async (_, given, told) => {
    expect(() => createGuard(verifier)).not.toThrow();
    const fix = 'Call createGuard(createVerifier({ ... }))';
    await expectMisuse(() => createGuard(given as never), { option: 'verifier', told, fix });
  });

  it('refuses a copy of a verifier', async () => {
    const misuse = { option: 'verifier', told: 'and not a verifier.', fix: 'from the same copy of scopegate' };
    await expectMisuse(() => createGuard({ ...verifier }), misuse);
  });

  it('says so where another copy of the package created the verifier', async () => {
    const ofAnotherCopy = { ...verifier, [Symbol.for('scopegate.verifier')]: true };
    const told = 'was created by another copy of scopegate';
    const misuse = { option: 'verifier', told, fix: 'Call createVerifier and createGuard of the same copy' };
    await expectMisuse(() => createGuard(ofAnotherCopy), misuse);
  });

  it.each<[what: string, options: unknown, told: string]>([
    ['null', null, 'is null.'],
    ['a text', 'https://api.test', 'is "https://api.test".'],
    ['a list', [], 'is an array.'],
    ['a number', 1, 'is 1.'],
  ])('refuses %s in place of options', async (_, options, told) => {
    const misuse = { option: 'options', told, fix: 'Give an object such as { audience:' };
    await expectMisuse(() => createGuard(verifier, options as never), misuse);
  });

  it.each<OptionsMisuse>([
    ...SHARED_MISUSES,
    ['an unknown answer to errors', { errors: 'throw' }, 'errors', 'is "throw".', "Give 'respond' or 'next'."],
    ['errors that are null', { errors: null }, 'errors', 'is null.', "Give 'respond' or 'next'."],
    ['errors that are true', { errors: true }, 'errors', 'is true.', "Give 'respond' or 'next'."],
    ['an onRefusal that is a logger', { onRefusal: {} }, 'onRefusal', 'type object.', 'Give a function, or leave'],
    ['an onRefusal that is null', { onRefusal: null }, 'onRefusal', 'is null.', 'Give a function, or leave it out.'],
    ['a name with a wrong case', { onrefusal: () => {} }, 'onrefusal', 'is not an option.', 'Did you mean onRefusal?'],
    ['a policy', { policy: 'read' }, 'policy', 'is not an option.', 'Options are: audience, realm,'],
  ])('refuses %s, before there is any route', async (_, given, option, told, fix, ...ids) => {
    covers(...ids);
    await expectMisuse(() => createGuard(verifier, given as never), { option, told, fix });
  });

  it.each<[what: string, options: object]>([
    ['no options', {}],
    ['options that are undefined', { audience: undefined, realm: undefined, onRefusal: undefined }],
    ['an audience of its own', { audience: ['https://a.test', 'b'] }],
    ['a realm with spaces and other punctuation', { realm: 'orders, (EU) <1>' }],
    ['both other places of tokens', { extraTokenLocations: ['form', 'query'] }],
    ['errors for the app', { errors: 'next', onRefusal: () => {} }],
  ])('does not refuse %s', (_, options) => {
    expect(() => createGuard(verifier, options)).not.toThrow();
  });

  it('makes a second guard of the same verifier', () => {
    createGuard(verifier);
    expect(() => createGuard(verifier, { audience: 'https://other.test' })).not.toThrow();
  });
});

describe.each([['guard'], ['guard.optional']] as const)('%s', (face) => {
  const handler = () => {};
  const declare = (...given: unknown[]): unknown => {
    const guard = createGuard(verifier);
    const create = face === 'guard' ? guard : guard.optional;
    return (create as (...values: unknown[]) => unknown)(...given);
  };

  it.each(POLICY_MISUSES)('refuses %s, when the route is declared', async (_, { policy, option, ...said }) => {
    await expectMisuse(() => declare(policy), { ...said, option: `policy${option}` });
  });

  it.each<[what: string, after: unknown[]]>([
    ['alone', []],
    ['before a handler', [handler]],
    ['before several handlers', [handler, handler]],
    ['before what is no handler', ['read']],
  ])('refuses undefined %s, which a misspelt constant is, and would demand no scope', async (_, after) => {
    covers('E17');
    expect(() => declare(...after)).not.toThrow();
    const fix = 'Call guard() or guard(handler) to demand a valid access token and no scope.';
    await expectMisuse(() => declare(undefined, ...after), { option: 'policy', told: 'is undefined.', fix });
  });

  it.each<[what: string, given: unknown[], option: string, told: string]>([
    ['a second scope', ['read', 'write'], 'handlers[0]', 'is "write".'],
    ['a policy after the policy', ['read', allOf('write')], 'handlers[0]', 'is a value of type object.'],
    ['a list of handlers', ['read', [handler]], 'handlers[0]', 'is an array.'],
    ['a handler that is undefined', ['read', undefined], 'handlers[0]', 'is undefined.'],
    ['a second handler that is a text', ['read', handler, 'x'], 'handlers[1]', 'is "x".'],
    ['a policy after a handler', [handler, 'read'], 'handlers[1]', 'is "read".'],
    ['undefined after a handler', [handler, undefined], 'handlers[1]', 'is undefined.'],
  ])('refuses %s in place of a handler', async (_, given, option, told) => {
    expect(() => declare('read', handler, handler)).not.toThrow();
    await expectMisuse(() => declare(...given), { option, told, fix: 'Give request handlers after the policy.' });
  });

  it.each<[what: string, given: unknown[]]>([
    ['no policy', []],
    ['a handler alone', [handler]],
    ['handlers alone', [handler, async () => {}]],
    ['a scope', ['orders:read']],
    ['several scopes', ['orders:read orders:write']],
    ['a policy that was made', [allOf('read', claim('tenant').equals('a'))]],
    ['a policy that was written by hand', [{ any: [{ scope: 'read' }, { claim: ['a'], includes: 1 }] }]],
    ['handlers of every kind', ['read', handler, async () => {}, function named() {}]],
  ])('does not refuse %s', (_, given) => {
    expect(() => declare(...given)).not.toThrow();
  });
});

describe('verifier.authenticate', () => {
  it.each(SHARED_MISUSES)('rejects %s', async (_, given, option, told, fix, ...ids) => {
    covers(...ids);
    const headers = { authorization: `Bearer ${await issuer.token()}` };
    await expect(verifier.authenticate({ headers }, {})).resolves.toBeDefined();
    await expectMisuse(() => verifier.authenticate({ headers }, given), { option, told, fix });
  });

  it('rejects a policy that is undefined, which a misspelt constant is, and would demand no scope', async () => {
    const headers = { authorization: `Bearer ${await issuer.token()}` };
    await expect(verifier.authenticate({ headers }, {})).resolves.toBeDefined();
    await expect(verifier.authenticate({ headers }, { policy: 'read' })).rejects.toMatchObject({ status: 403 });
    const call = () => verifier.authenticate({ headers }, { policy: undefined } as never);
    await expectMisuse(call, { option: 'policy', told: 'is undefined.', fix: 'Leave it out to demand' });
  });

  it.each(POLICY_MISUSES)('rejects a policy that is or has %s', async (_, { policy, option, ...said }) => {
    const call = () => verifier.authenticate({ headers: {} }, { policy: policy as never });
    await expectMisuse(call, { ...said, option: `policy${option}` });
  });
});

describe('verifier.verify', () => {
  it.each<[what: string, given: unknown, option: string, told: string, fix: string]>([
    ['null in place of options', null, 'options', 'is null.', 'Give an object such as { audience:'],
    ['an audience in place of options', 'a', 'options', 'is "a".', 'Give an object such as { audience:'],
    ['an empty audience', { audience: [] }, 'audience', 'is an empty list.', 'leave it out'],
    [
      'a realm, which is for authenticate',
      { realm: 'api' },
      'realm',
      'is not an option.',
      'Options are: audience, policy, signal.',
    ],
    ['a policy that is undefined', { policy: undefined }, 'policy', 'is undefined.', 'Leave it out to demand'],
    ['a misspelt name', { Audience: 'a' }, 'Audience', 'is not an option.', 'Did you mean audience?'],
    ['a signal that is a time', { signal: 1000 }, 'signal', 'is 1000.', 'Give the signal of an AbortController.'],
    ['a signal that is null', { signal: null }, 'signal', 'is null.', 'Give the signal of an AbortController.'],
    ['an AbortController', { signal: new AbortController() }, 'signal', 'type object.', 'Give the signal of an'],
  ])('rejects %s', async (_, given, option, told, fix) => {
    const token = await issuer.token();
    await expect(verifier.verify(token, {})).resolves.toBeDefined();
    await expectMisuse(() => verifier.verify(token, given as never), { option, told, fix });
  });
});

describe.each(EXPRESS_VERSIONS)('a guard that was not called, in %s', (_version, express) => {
  let server: TestServer | undefined;
  let errors: unknown[];
  let handlerRuns: number;

  beforeEach(() => {
    errors = [];
    handlerRuns = 0;
  });
  afterEach(() => server?.close());

  async function statusOf(declare: (app: Express, handler: RequestHandler) => void): Promise<number> {
    const app = express();
    declare(app, (_, res) => {
      handlerRuns += 1;
      res.end();
    });
    const collect: ErrorRequestHandler = (error, _req, res, _next) => {
      errors.push(error);
      res.statusCode = 500;
      res.end();
    };
    app.use(collect);
    server = await listen(createServer(app));
    const { status } = await sendRaw(server.port, { lines: [`Authorization: Bearer ${await issuer.token()}`] });
    return status;
  }

  it('lets the request through once it is called', async () => {
    const guard = createGuard(verifier);
    expect(await statusOf((app, handler) => app.use(guard()).get('/', handler))).toBe(200);
    expect({ handlerRuns, errors }).toEqual({ handlerRuns: 1, errors: [] });
  });

  it.each<[code: string, declare: (app: Express, handler: RequestHandler) => void]>([
    ['app.use(guard)', (app, handler) => app.use(createGuard(verifier) as never).get('/', handler)],
    ['app.use(guard.optional)', (app, handler) => app.use(createGuard(verifier).optional as never).get('/', handler)],
    ["app.get('/', guard, handler)", (app, handler) => app.get('/', createGuard(verifier) as never, handler)],
  ])('runs no handler behind %s, and tells the fix', async (_code, declare) => {
    expect(await statusOf(declare)).toBe(500);
    expect(handlerRuns).toBe(0);
    expect(errors).toEqual([expect.any(ConfigurationError)]);
    const [error] = errors as ConfigurationError[];
    expect(error?.option).toBe('policy');
    expect(error?.message).toContain('is a request: the guard was used as a request handler.');
    expect(error?.message).toContain('Call the guard: app.use(guard())');
  });
});
