import type { Client } from './authorization-server.js';

export interface TokenRequest {
  readonly client: Client;
  readonly scope: string;
  /** The API that the token is for (RFC 8707). */
  readonly resource?: string;
}

/** Gets an access token by client credentials (RFC 6749 §4.4). */
export async function fetchToken(tokenEndpoint: string, { client, scope, resource }: TokenRequest): Promise<string> {
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope, ...(resource !== undefined && { resource }) }),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`the token endpoint answered ${response.status}`);
  return token;
}
