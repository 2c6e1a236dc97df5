// oauth2-mock-server as an authorization server. Its keys take turns. It writes what the field "claims" of a token request
// says, as JSON, into the access token.
import { OAuth2Server } from 'oauth2-mock-server';

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
await server.issuer.keys.generate('ES256');
await server.issuer.keys.generate('EdDSA', { crv: 'Ed25519' });
server.service.on('beforeTokenSigning', (token, req) => {
  Object.assign(token.payload, JSON.parse(req.body?.claims ?? '{}'));
});
await server.start(0, '127.0.0.1');
console.log(`listening on ${server.issuer.url}`);
