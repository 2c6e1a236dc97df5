import { checkCompany, formatCheck } from './checks.js';
import { createSecrets, DEFAULT_PORT } from './company.js';
import { startCompany } from './company-processes.js';
import { INSTALL, isInstalled } from './database/is-installed.js';
import { formatGuide } from './guide.js';

if (!isInstalled()) {
  console.error(`The orders API needs its database: run "${INSTALL}" first.`);
  process.exit(1);
}

const isOnce = process.argv.includes('--once');
const firstPort = Number(process.env['PORT'] ?? DEFAULT_PORT);
// Where the pages of a web app come from that may sign people in here.
const dashboardOrigin = process.env['DASHBOARD_ORIGIN'] || `http://127.0.0.1:${(firstPort || DEFAULT_PORT) + 3}`;

const interrupted = new Promise((resolve) => process.on('SIGINT', resolve).on('SIGTERM', resolve));
const secrets = createSecrets();
const company = await startCompany(secrets, firstPort, dashboardOrigin);
try {
  const { issuer, ordersApi, managerServer } = company.origins;
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
    console.log(formatGuide(company, secrets));
    const wasInterrupted = await Promise.race([interrupted.then(() => true), company.ended.then(() => false)]);
    if (!wasInterrupted) {
      console.error('A server ended by itself.');
      process.exitCode = 1;
    }
  }
} finally {
  await company.close();
}
