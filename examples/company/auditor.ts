// Reads, and can be allowed nothing else: `npm run company:audit`, while the servers of `npm run company` are up.
import { parseArgs } from 'node:util';
import { runAudit } from './audit/audit.js';
import { EXIT_STATUS } from './call-api.js';
import { DEFAULT_PORT } from './company.js';

const at = (index: number) => `http://127.0.0.1:${DEFAULT_PORT + index}`;

const { values } = parseArgs({
  options: {
    issuer: { type: 'string', default: at(0) },
    orders: { type: 'string', default: at(1) },
    manager: { type: 'string', default: at(2) },
  },
});

const { ended, message } = await runAudit({
  issuer: values.issuer,
  ordersApi: values.orders,
  managerServer: values.manager,
  tell: console.log,
});
console.log(message);
process.exitCode = EXIT_STATUS[ended];
