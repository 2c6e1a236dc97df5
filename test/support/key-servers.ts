import { KeyServer } from './key-server.js';

/** Puts several servers behind one `fetch`, each at its own host. What is meant for nobody goes to none. */
export function fetchFrom(servers: readonly KeyServer[], strays: string[] = []): typeof fetch {
  return async (input, init) => {
    const { origin } = new URL(String(input));
    const server = servers.find(({ issuer }) => new URL(issuer.issuer).origin === origin);
    if (server !== undefined) return server.fetch(input, init);
    strays.push(String(input));
    return new Response('Not Found', { status: 404 });
  };
}

/** Makes servers of that many issuers with keys of their own, all of the same `kid`, on one clock. */
export async function createKeyServers(count: number): Promise<KeyServer[]> {
  const startAt = Date.now();
  return Promise.all(
    Array.from({ length: count }, (_, i) => KeyServer.create({ issuer: `https://issuer-${i}.test`, startAt })),
  );
}
