import { createRequire } from 'node:module';
import express from 'express';
import express4 from 'express4';

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
