#!/usr/bin/env node
import { run } from './run.js';

const { text, exitCode } = await run(process.argv.slice(2), process.cwd());
(exitCode === 2 ? process.stderr : process.stdout).write(text);
// A module that starts a server keeps the process alive.
process.exit(exitCode);
