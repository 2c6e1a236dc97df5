import { register } from 'node:module';

// `node --import` this file: what is measured runs as plain Node runs it, with the types taken away and nothing
// put in. (tsx wraps every named function.)
register('./lib/typescript-hooks.mjs', import.meta.url);
