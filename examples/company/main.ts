import { checkCompany, formatCheck } from './checks.js';
import { createSecrets, DEFAULT_PORT } from './company.js';
import { startCompany } from './company-processes.js';
import { DATABASE_URL_HELP, isPostgresUrl } from './database/open-orders.js';
import { formatGuide } from './guide.js';
import { INSTALL, isInstalled } from './is-installed.js';

if (!isInstalled()) {
  console.error(`The company needs its own packages: run "${INSTALL}" first.`);
  process.exit(1);
}

const isOnce = process.argv.includes('--once');
const firstPort = Number(process.env['PORT'] ?? DEFAULT_PORT);

// Only the orders API is told.
const databaseUrl = process.env['DATABASE_URL'] || undefined;
if (databaseUrl !== undefined && !isPostgresUrl(databaseUrl)) {
  console.error(DATABASE_URL_HELP);
  process.exit(1);
}

const interrupted = new Promise((resolve) => process.on('SIGINT', resolve).on('SIGTERM', resolve));
const secrets = createSecrets();
const company = await startCompany(secrets, firstPort, process.env['DASHBOARD_ORIGIN'] || undefined, databaseUrl);
try {
  const { issuer, ordersApi, managerServer, dashboard } = company.origins;
  console.log(`dashboard             ${dashboard}`);
  console.log(`authorization server  ${issuer}`);
  console.log(`orders API            ${ordersApi}`);
  console.log(`manager server        ${managerServer}\n`);

  console.log('The nightly job runs once:');
  const jobStatus = await company.runNightlyJob();
  console.log('\nCalls with its token, which may only read orders:');
  const checks = await checkCompany(company, secrets);
  console.log(`${checks.map(formatCheck).join('\n')}\n`);
  if (jobStatus !== 0 || checks.some(({ status, expected }) => status !== expected)) process.exitCode = 1;

  if (!isOnce) {
    console.log(formatGuide(company, secrets, databaseUrl));
    const wasInterrupted = await Promise.race([interrupted.then(() => true), company.ended.then(() => false)]);
    if (!wasInterrupted) {
      console.error('A server ended by itself.');
      process.exitCode = 1;
    }
  }
} finally {
  await company.close();
}
