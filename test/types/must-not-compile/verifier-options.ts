import { createVerifier } from 'scopegate';
import { z } from 'zod';

const issuer = 'https://login.example.com';
const audience = 'https://orders.example.com';
const jwksUri = 'https://login.example.com/jwks';
const jwks = { keys: [] };
const secret = 'a text of at least as many characters as the hash has bytes';

createVerifier({ issuer, audience });
// @ts-expect-error a verifier without an issuer (Property 'issuer' is missing)
createVerifier({ audience });
// @ts-expect-error a verifier without an audience (Property 'audience' is missing)
createVerifier({ issuer });
// @ts-expect-error a verifier without options (Expected 1 arguments)
createVerifier();
// @ts-expect-error an audience of undefined (Type 'undefined')
createVerifier({ issuer, audience: undefined });
// @ts-expect-error an audience of true (Type 'true')
createVerifier({ issuer, audience: true });

createVerifier({ issuer, audience, maxTokenAgeSeconds: 60 });
// @ts-expect-error a misspelt option (maxTokenAgeSecond)
createVerifier({ issuer, audience, maxTokenAgeSecond: 60 });
// @ts-expect-error an option that is there and undefined (maxTokenAgeSeconds: undefined)
createVerifier({ issuer, audience, maxTokenAgeSeconds: undefined });

createVerifier({ issuer, audience, keys: { maxAgeSeconds: 60 } });
// @ts-expect-error a misspelt option of the keys ('maxAge' does not exist)
createVerifier({ issuer, audience, keys: { maxAge: 60 } });

createVerifier({ issuer, audience, algorithms: ['RS256'] });
// @ts-expect-error RFC 8725 §2.1: HS256, since keys of issuers are public (HS256)
createVerifier({ issuer, audience, algorithms: ['HS256'] });
// @ts-expect-error RFC 8725 §3.2: the algorithm none (none)
createVerifier({ issuer, audience, algorithms: ['none'] });
// @ts-expect-error the algorithm none for one issuer (none)
createVerifier({ issuer: { issuer, jwksUri, algorithms: ['none'] }, audience });

createVerifier({ issuer: { issuer, jwksUri }, audience });
// @ts-expect-error jwksUri together with jwks (jwks)
createVerifier({ issuer: { issuer, jwksUri, jwks }, audience });
// @ts-expect-error jwksUri together with metadataUrl (metadataUrl)
createVerifier({ issuer: { issuer, jwksUri, metadataUrl: 'https://cluster.example.com' }, audience });
// @ts-expect-error a misspelt option of an issuer (jwksUrl)
createVerifier({ issuer: { issuer, jwksUrl: jwksUri }, audience });
// @ts-expect-error keys of an issuer without its name (Type '{ jwksUri: string; }' is not assignable)
createVerifier({ issuer: { jwksUri }, audience });

createVerifier({ issuer: { issuer, secret, algorithms: ['HS256'] }, audience });
createVerifier({
  issuer: [{ issuer, secret: [secret, new Uint8Array(32)], algorithms: ['HS256', 'HS512'] }],
  audience,
});
// @ts-expect-error RFC 8725 §3.1: a secret without algorithms (secret)
createVerifier({ issuer: { issuer, secret }, audience });
// @ts-expect-error RFC 8725 §3.1: a secret with an algorithm of public keys (RS256)
createVerifier({ issuer: { issuer, secret, algorithms: ['RS256'] }, audience });
// @ts-expect-error a secret together with public keys (jwks)
createVerifier({ issuer: { issuer, secret, jwks, algorithms: ['HS256'] }, audience });
// @ts-expect-error CVE-2015-9235: HS256 for an issuer with public keys (HS256)
createVerifier({ issuer: { issuer, jwksUri, algorithms: ['HS256'] }, audience });

createVerifier({ issuer: { issuer, secret: () => secret, algorithms: ['HS256'] }, audience });
createVerifier({
  issuer: { issuer, secret: async () => [secret, new Uint8Array(32)], algorithms: ['HS256'] },
  audience,
});
// @ts-expect-error a function that may give no secret (undefined)
createVerifier({ issuer: { issuer, secret: () => process.env['SECRET'], algorithms: ['HS256'] }, audience });
// @ts-expect-error a function that gives a secret with its name (SecretString)
createVerifier({ issuer: { issuer, secret: async () => ({ SecretString: secret }), algorithms: ['HS256'] }, audience });
// @ts-expect-error a promise of a secret in place of a function (Promise)
createVerifier({ issuer: { issuer, secret: Promise.resolve(secret), algorithms: ['HS256'] }, audience });

createVerifier({ issuer: { issuer, audience: false, clientIds: ['web'] }, audience });
// @ts-expect-error an audience of true for one issuer (true)
createVerifier({ issuer: { issuer, audience: true, clientIds: ['web'] }, audience });

createVerifier({ issuer, audience, tokenCache: { max: 10 } });
// @ts-expect-error a token cache without bounds (Type '{}')
createVerifier({ issuer, audience, tokenCache: {} });
// @ts-expect-error a token cache of true (Type 'true')
createVerifier({ issuer, audience, tokenCache: true });

createVerifier({ issuer, audience, claims: z.object({ tenant: z.string() }) });
// @ts-expect-error a schema of something else than an object (ZodString)
createVerifier({ issuer, audience, claims: z.string() });
// @ts-expect-error a shape in place of a schema (tenant)
createVerifier({ issuer, audience, claims: { tenant: z.string() } });
// @ts-expect-error another profile than those two (oidc)
createVerifier({ issuer, audience, profile: 'oidc' });
