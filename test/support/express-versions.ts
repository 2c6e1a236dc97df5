import { createRequire } from 'node:module';
import express from 'express';
import express4 from 'express4';

const require = createRequire(import.meta.url);

function versionOf(name: string): string {
  return `Express ${(require(`${name}/package.json`) as { version: string }).version}`;
}

/**
 * The versions of Express that everything over HTTP is tested on, for `describe.each`. Their types differ
 * where no test goes, hence the cast.
 */
export const EXPRESS_VERSIONS: readonly (readonly [version: string, module: typeof express])[] = [
  [versionOf('express4'), express4 as unknown as typeof express],
  [versionOf('express'), express],
];
