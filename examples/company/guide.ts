import { NIGHTLY_JOB, ORDERS_API, PEOPLE, type Secrets } from './company.js';
import type { Company } from './company-processes.js';

/** What to try. The only place that tells the secrets of this start. */
export function formatGuide({ origins, authorizationServerPid }: Company, secrets: Secrets): string {
  const { issuer, ordersApi, managerServer } = origins;
  const bearer = '-H "Authorization: Bearer $TOKEN"';
  const form = `-d grant_type=client_credentials -d scope=${NIGHTLY_JOB.scope} -d resource=${ORDERS_API}`;
  const pickToken = `sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'`;
  const people = PEOPLE.map(({ username, tenant, roles }) => {
    return `  ${username.padEnd(6)} ${secrets.passwords[username]}  ${roles.join(', ')} of ${tenant}`;
  });
  return `People, who sign in at an app with their passwords of this start:
${people.join('\n')}

All servers stay up until Ctrl-C. In another terminal, as the nightly job:

  200, with the orders of ${NIGHTLY_JOB.tenant}:
    TOKEN=$(curl -s -u ${NIGHTLY_JOB.id}:${secrets.nightlyJob} ${form} ${issuer}/token | ${pickToken})
    curl -i ${bearer} ${ordersApi}/orders

  403, since it may only read:
    curl -i -X POST ${bearer} ${ordersApi}/orders

  401, since the token is for the other API:
    curl -i ${bearer} ${managerServer}/staff

  A new signing key; the token from before goes on:
    kill -HUP ${authorizationServerPid}

  The authorization server stands still, and starts again. Tokens are verified all the same:
    kill -STOP ${authorizationServerPid}
    kill -CONT ${authorizationServerPid}
`;
}
