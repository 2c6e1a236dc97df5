import { createRequire } from 'node:module';
import express from 'express';
import express4 from 'express4';
import { thorough } from './thorough.js';

const require = createRequire(import.meta.url);

function versionOf(name: string): string {
  return `Express ${(require(`${name}/package.json`) as { version: string }).version}`;
}

/** What tests run on that routing, carriage and handlers make no difference to. */
export const EXPRESS_5: typeof express = express;

/**
 * Both versions of Express, for the `describe.each` of tests of routing, of the way a token is carried, and of handlers.
 * Their types differ where no test goes, hence the cast.
 */
export const EXPRESS_VERSIONS: readonly (readonly [version: string, module: typeof express])[] = [
  [versionOf('express4'), express4 as unknown as typeof express],
  [versionOf('express'), express],
];

/**
 * The same for rules that the version of Express cannot reach, of tokens, keys and their issuers: `npm test` tries them
 * on the newest alone. What is about routes, handlers or how a request carries its token takes all versions always.
 */
export const TOKEN_EXPRESS_VERSIONS = thorough(EXPRESS_VERSIONS, EXPRESS_VERSIONS.slice(-1));
