// cognito-local as an authorization server, with its state in a temporary folder that goes when the program does.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDefaultServer } from 'cognito-local/lib/server/index.js';

const requireItsOwn = createRequire(createRequire(import.meta.url).resolve('cognito-local/package.json'));
const silent = requireItsOwn('pino')({ level: 'silent' });

const http = createServer().listen(0, '127.0.0.1');
await new Promise((resolve) => http.once('listening', resolve));
const origin = `http://127.0.0.1:${http.address().port}`;

const folder = mkdtempSync(join(tmpdir(), 'scopegate-cognito-'));
process.once('SIGTERM', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
process.chdir(folder);
mkdirSync('.cognito');
const config = { TokenConfig: { IssuerDomain: origin }, UserPoolDefaults: { UsernameAttributes: [] } };
writeFileSync('.cognito/config.json', JSON.stringify(config));

const { application } = await createDefaultServer(silent);
http.on('request', application);
console.log(`listening on ${origin}`);
