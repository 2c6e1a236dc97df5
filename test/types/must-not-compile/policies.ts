import { allOf, anyOf, claim, createGuard, createVerifier } from 'scopegate';

const guard = createGuard(createVerifier({ issuer: 'https://login.example.com', audience: 'orders' }));

guard('orders:read');
// @ts-expect-error a number as a policy (42)
guard(42);
guard((_req: unknown, res: { end(): void }) => res.end());
// @ts-expect-error undefined as a policy, which a misspelt constant is ('undefined')
guard(undefined);
// @ts-expect-error undefined as a policy before a handler ('undefined')
guard(undefined, (_req: unknown, res: { end(): void }) => res.end());
// @ts-expect-error undefined as a policy of an optional guard ('undefined')
guard.optional(undefined);
// @ts-expect-error undefined as a policy of an optional guard, before a handler ('undefined')
guard.optional(undefined, (_req: unknown, res: { end(): void }) => res.end());
// @ts-expect-error a policy that may be undefined ('undefined')
guard(process.env['SCOPE']);
// @ts-expect-error a policy after a handler ('PolicyInput')
guard((_req: unknown, res: { end(): void }) => res.end(), 'orders:read');
// @ts-expect-error a list of scopes as a policy (string[])
guard(['orders:read', 'admin']);
// @ts-expect-error a second scope in place of a handler ('string')
guard('orders:read', 'admin');
// @ts-expect-error null as a policy (null)
guard(null);
// @ts-expect-error a policy with a misspelt member (scopes)
guard({ scopes: 'orders:read' });

anyOf('orders:read', allOf('admin', { scope: 'orders:write' }));
// @ts-expect-error a number among policies ('number')
anyOf('orders:read', 42);
// @ts-expect-error a list among policies (string[])
allOf(['orders:read', 'admin']);

claim('tenant').equals('acme');
// @ts-expect-error a claim without a rule (ClaimRules)
guard(claim('tenant'));
// @ts-expect-error a claim without a name (at least 1)
claim();
// @ts-expect-error a claim that equals an object, which no value does ('{}')
claim('tenant').equals({});
// @ts-expect-error a claim that equals undefined, which a missing one would ('undefined')
claim('tenant').equals(undefined);
// @ts-expect-error a claim that includes a list (string[])
claim('roles').includes(['admin']);

claim('level').satisfies((level) => typeof level === 'number' && level > 2);
// @ts-expect-error a test that does not look at the type of a claim ('level' is of type 'unknown')
claim('level').satisfies((level) => level > 2);
// @ts-expect-error a test that answers with a promise, which would be true always (Promise<boolean>)
claim('level').satisfies(async (level) => level === 2);
// @ts-expect-error a test that answers with nothing (() => void)
claim('level').satisfies(() => {});
