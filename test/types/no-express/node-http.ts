import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { authOf, type ClaimsOf, createGuard, createVerifier, type Guarded, type StandardSchema } from 'scopegate';
import { createTestIssuer } from 'scopegate/testing';
import { typeOf } from '../type-of.js';

// @ts-expect-error TS2307: neither express nor its types can be found here
export type { Request } from 'express';

interface Tenancy {
  tenant: string;
}
declare const claims: StandardSchema<Tenancy>;

const issuer = await createTestIssuer();
const verifier = createVerifier({ ...issuer.verifierOptions, claims });
const guard = createGuard(verifier);

// As middleware in front of code that has no framework.
createServer((req, res) => {
  guard('orders:read')(req, res, () => {
    typeOf(authOf(req, guard).claims.tenant).is<string>();
    res.end();
  });
});

// With handlers that say what they take.
const ownHandler = guard<IncomingMessage, ServerResponse>('orders:read', (req, res) => {
  typeOf(req.auth.claims.tenant).is<string>();
  typeOf(req.headers.host).is<string | undefined>();
  typeOf(res).is<ServerResponse>();
});
const annotated = guard('orders:read', (req: Guarded<IncomingMessage, ClaimsOf<Tenancy>>, res: ServerResponse) => {
  res.end(req.auth.claims.tenant);
});
createServer((req, res) => ownHandler(req, res, () => annotated(req, res, () => res.end())));

createServer(async (req) => typeOf((await verifier.authenticate(req)).claims.tenant).is<string>());
