import { createVerifier, type IntrospectionOptions } from 'scopegate';

const issuer = 'https://login.example.com';
const clientId = 'orders-api';
const clientSecret = 'hush';
const bearerToken = 'abc';
const privateKey = { kty: 'EC', crv: 'P-256', x: '', y: '', d: '' };

const create = (introspection: IntrospectionOptions) => {
  return createVerifier({ issuer: { issuer, introspection }, audience: 'https://orders.example.com' });
};

create({ clientId, clientSecret });
create({ clientId, clientSecret, authMethod: 'client_secret_post' });
create({ clientId, clientSecret: async () => clientSecret, endpoint: `${issuer}/introspect`, jwt: true });
// @ts-expect-error introspection without credentials ('{}' is not assignable)
create({});
// @ts-expect-error introspection of a client without credentials (clientId: string; }' is not assignable)
create({ clientId });
// @ts-expect-error a client secret without its client (clientSecret: string; }' is not assignable)
create({ clientSecret });
// @ts-expect-error a client secret that is a list (string[])
create({ clientId, clientSecret: [clientSecret] });
// @ts-expect-error a function that may give no client secret (undefined)
create({ clientId, clientSecret: () => process.env['SECRET'] });
// @ts-expect-error a client secret together with a private key (to parameter of type 'IntrospectionOptions')
create({ clientId, clientSecret, privateKey });
// @ts-expect-error a client secret together with a bearer token (to parameter of type 'IntrospectionOptions')
create({ clientId, clientSecret, bearerToken });
// @ts-expect-error private_key_jwt with a client secret (private_key_jwt)
create({ clientId, clientSecret, authMethod: 'private_key_jwt' });
// @ts-expect-error client_secret_jwt, which nobody should use (client_secret_jwt)
create({ clientId, clientSecret, authMethod: 'client_secret_jwt' });
// @ts-expect-error an algorithm with a client secret (is not assignable)
create({ clientId, clientSecret, algorithm: 'ES256' });

create({ clientId, privateKey, algorithm: 'ES256', keyId: 'key-1' });
// @ts-expect-error a private key as PEM (string)
create({ clientId, privateKey: '-----BEGIN PRIVATE KEY-----' });
// @ts-expect-error RFC 7523 §3: a private key without its client (is not assignable)
create({ privateKey });
// @ts-expect-error a private key with the algorithm of a secret (HS256)
create({ clientId, privateKey, algorithm: 'HS256' });

create({ bearerToken });
create({ bearerToken: () => bearerToken, clientId, signed: true });
// @ts-expect-error a bearer token together with a private key (to parameter of type 'IntrospectionOptions')
create({ bearerToken, clientId, privateKey });
// @ts-expect-error a keyId with a bearer token (is not assignable)
create({ bearerToken, keyId: 'key-1' });

create({
  clientId,
  clientSecret,
  cacheSeconds: 30,
  cacheMax: 100,
  maxInFlight: 10,
  timeoutSeconds: 2,
  ignoreExp: true,
});
// @ts-expect-error a misspelt option of introspection (cacheSecond)
create({ clientId, clientSecret, cacheSecond: 30 });
// @ts-expect-error a cache of answers that is switched off otherwise than by 0 (boolean)
create({ clientId, clientSecret, cacheSeconds: false });
// @ts-expect-error a list of endpoints (string[])
create({ clientId, clientSecret, endpoint: [`${issuer}/introspect`] });
