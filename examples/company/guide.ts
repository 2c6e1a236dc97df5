import { NIGHTLY_JOB, ORDERS_API, PEOPLE, type Secrets } from './company.js';
import type { Company } from './company-processes.js';
import { describeDatabase } from './database/open-orders.js';

/** What to try. The only place that tells the secrets of this start. */
export function formatGuide(company: Company, secrets: Secrets, databaseUrl: string | undefined): string {
  const { origins, authorizationServerPid } = company;
  const { issuer, ordersApi, managerServer, dashboard } = origins;
  const bearer = '-H "Authorization: Bearer $TOKEN"';
  const form = `-d grant_type=client_credentials -d scope=${NIGHTLY_JOB.scope} -d resource=${ORDERS_API}`;
  const pickToken = `sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'`;
  const people = PEOPLE.map(({ username, tenant, roles }) => {
    return `  ${username.padEnd(6)} ${secrets.passwords[username]}  ${roles.join(', ')} of ${tenant}`;
  });
  return `Open ${dashboard} in a browser, and sign in. The passwords are those of this start:
${people.join('\n')}

  as bo: create an order. The dashboard may not, until you allow it; what you typed is still there
  as bo: open Report. No permission helps, since it takes an administrator
  as ada: invite somebody, and cancel an order
  as cleo: the same pages, and nothing of acme
  as otto: open Access, and watch it while you try the lines below

The orders are in ${describeDatabase(databaseUrl)}.

A tool on this computer that may only read, whoever signs in with it, and prints the page to open for that:
  npm run company:audit -- --issuer ${issuer} --orders ${ordersApi} --manager ${managerServer}

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
