import { type AuthorizationServer, MANAGER, ORDERS_API, TOKEN_LIFETIME_SECONDS } from './authorization-server.js';

export interface CurlOptions {
  readonly api: string;
  readonly tokenEndpoint: AuthorizationServer['tokenEndpoint'];
  /** A fresh token with the scope orders:read. */
  readonly token: string;
}

/** Formats shell lines to paste. Comments stand apart from them: an interactive zsh knows none. */
export function formatCurlLines({ api, tokenEndpoint, token }: CurlOptions): string {
  const bearer = '-H "Authorization: Bearer $TOKEN"';
  const form = `-d grant_type=client_credentials -d scope=orders:write -d resource=${ORDERS_API}`;
  const pickToken = `sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'`;
  return `The API stays up at ${api} until Ctrl-C. In another terminal:

  401, since there is no token:
    curl -i ${api}/orders

  200, with a token that may read:
    TOKEN=${token}
    curl -i ${bearer} ${api}/orders

  403, since it may not write:
    curl -i -X POST ${bearer} ${api}/orders

  201, with a new token from the authorization server. Tokens last ${TOKEN_LIFETIME_SECONDS / 60} minutes:
    TOKEN=$(curl -s -u ${MANAGER.id}:${MANAGER.secret} ${form} ${tokenEndpoint} | ${pickToken})
    curl -i -X POST ${bearer} ${api}/orders
`;
}
