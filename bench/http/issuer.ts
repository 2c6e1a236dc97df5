import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// Publishes a key set, in a process of its own.

const jwks = process.argv[2] ?? '{"keys":[]}';
const server = createServer((_req, res) => {
  res.setHeader('Content-Type', 'application/json');
  res.end(jwks);
}).listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.once('disconnect', () => process.exit());
