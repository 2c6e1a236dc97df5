import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFetchGuard, type FetchGuardOptions } from '../../../src/adapters/fetch/index.js';
import { AuthorizationError, ConfigurationError, createVerifier, type Verifier } from '../../../src/index.js';
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js';
import { bearerHeaders } from '../../support/test-app.js';

const URL_OF_ORDERS = 'https://api.test/orders';

let issuer: TestIssuer;
let verifier: Verifier;

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = createVerifier(issuer.verifierOptions);
});
afterEach(() => verifier.close());

const guardWith = (options?: FetchGuardOptions) => createFetchGuard(verifier, options);
const withToken = (token: string) => new Request(URL_OF_ORDERS, { headers: bearerHeaders(token) });
const token = () => issuer.token({ scope: 'orders:read' });

describe('createFetchGuard', () => {
  it('gives the handler the request, the access token, and what the runtime gives besides', async () => {
    const request = withToken(await token());
    const { protect } = guardWith();
    const handler = protect('orders:read', (given: Request, { auth }, context: { params: { id: string } }) =>
      Response.json({ isSame: given === request, scopes: auth.scopes, id: context.params.id }),
    );
    const response = await handler(request, { params: { id: '7' } });
    expect(await response.json()).toEqual({ isSame: true, scopes: ['orders:read'], id: '7' });
  });

  it('demands any good token where there is no policy', async () => {
    const handler = guardWith().protect((_, { auth }) => Response.json(auth.subject));
    expect(await (await handler(withToken(await token()))).json()).toBe('test-user');
    expect((await handler(new Request(URL_OF_ORDERS))).status).toBe(401);
  });

  it('RFC 9110 §5.3: refuses two tokens in two headers, which the Fetch API joins', async () => {
    const [good, another] = [await token(), await token()];
    const refusals: unknown[] = [];
    const handler = guardWith({ onRefusal: ({ reason }) => refusals.push(reason) }).protect(() => new Response('ok'));
    const headers = new Headers(bearerHeaders(good));
    expect((await handler(new Request(URL_OF_ORDERS, { headers }))).status).toBe(200);
    headers.append('Authorization', `Bearer ${another}`);
    expect((await handler(new Request(URL_OF_ORDERS, { headers }))).status).toBe(400);
    expect(refusals).toEqual(['authorization_repeated']);
  });

  it('throws the error where the app wants to answer itself', async () => {
    const handler = guardWith({ errors: 'throw' }).protect('orders:read', () => new Response('ok'));
    const error = await handler(new Request(URL_OF_ORDERS)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AuthorizationError);
    expect(error).toMatchObject({ reason: 'token_missing', status: 401 });
  });

  it('answers a refusal that a handler throws by the contract', async () => {
    const reasons: unknown[] = [];
    const guard = guardWith({ onRefusal: ({ reason }) => reasons.push(reason) });
    const handler = guard.protect('orders:read', () => {
      throw new AuthorizationError('scope_insufficient', { scopes: ['orders:delete'] });
    });
    const response = await handler(withToken(await token()));
    expect([response.status, response.headers.get('WWW-Authenticate')]).toEqual([
      403,
      expect.stringContaining('scope="orders:delete"'),
    ]);
    expect(reasons).toEqual(['scope_insufficient']);
  });

  it('leaves what else a handler throws to the runtime', async () => {
    const handler = guardWith().protect('orders:read', () => {
      throw new Error('a bug');
    });
    await expect(handler(withToken(await token()))).rejects.toThrow('a bug');
  });

  it.each([
    ['of its own', () => new Response('ok'), 'private'],
    ['that is immutable', () => Response.redirect('https://api.test/', 302), 'private'],
    ['that is stricter', () => new Response('ok', { headers: { 'Cache-Control': 'no-store' } }), 'no-store'],
  ])(
    'RFC 6750 §2.3: keeps a response %s out of shared caches if the URL may hold a token',
    async (_, respond, value) => {
      const { protect, optional } = guardWith({ extraTokenLocations: ['query'] });
      const request = new Request(`${URL_OF_ORDERS}?access_token=${await token()}`);
      expect((await protect('orders:read', respond)(request)).headers.get('Cache-Control')).toBe(value);

      const anonymous = await optional('orders:read', respond)(new Request(URL_OF_ORDERS));
      expect(anonymous.headers.get('Cache-Control')).toBe(value === 'private' ? null : value);
    },
  );

  it.each<[string, readonly unknown[], string]>([
    ['no handler', ['orders:read'], 'handler: is missing.'],
    ['two handlers', ['orders:read', () => {}, () => {}], 'handler: is one of 2.'],
    ['a misspelt constant', [undefined, () => {}], 'policy: is undefined.'],
    ['a request', [new Request(URL_OF_ORDERS)], 'policy: is a request'],
  ])('refuses %s at once', (_, input, problem) => {
    const protect = guardWith().protect as (...args: readonly unknown[]) => unknown;
    expect(() => protect(...input)).toThrow(ConfigurationError);
    expect(() => protect(...input)).toThrow(problem);
  });

  it('refuses what is no verifier, and options that are none', () => {
    expect(() => createFetchGuard({} as Verifier)).toThrow('Call createFetchGuard(createVerifier({ ... }))');
    expect(() => guardWith({ audiance: 'x' } as FetchGuardOptions)).toThrow('audiance');
    expect(() => guardWith({ errors: 'next' } as unknown as FetchGuardOptions)).toThrow("Give 'respond' or 'throw'.");
  });
});
