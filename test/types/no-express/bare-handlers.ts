import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AccessToken, createGuard, createVerifier, type Guarded, type UntypedClaims } from 'scopegate';
import { typeOf } from '../type-of.js';

const guard = createGuard(createVerifier({ issuer: 'https://login.example.com', audience: 'orders' }));

// Handlers that do not say what they take get what Node has. They must not get `any`.
guard('orders:read', (req, res) => {
  typeOf(req).is<Guarded<IncomingMessage, UntypedClaims>>();
  typeOf(req.auth).is<AccessToken>();
  typeOf(res).is<ServerResponse>();
});
