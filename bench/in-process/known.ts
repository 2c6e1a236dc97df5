import { sendResult } from '../lib/programs.js';
import type { Settings } from '../lib/settings.js';
import { measureSeen } from './seen.js';

// A part of its own: it takes seconds, and can be measured on every version of Node.js.

const { isQuick } = JSON.parse(process.argv[2] ?? '{"isQuick":true}') as Settings;
sendResult(await measureSeen(isQuick));
