import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

/** A key of a test group, or a set of them. */
export type WycheproofKey = { readonly [name: string]: unknown };

export interface JoseVector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws?: string | object;
  readonly jwe?: string | object;
  readonly result: 'valid' | 'invalid';
  readonly flags: readonly string[];
}

export interface JoseGroup {
  readonly comment: string;
  readonly public?: WycheproofKey;
  readonly private: WycheproofKey;
  readonly tests: readonly JoseVector[];
}

export interface EcdsaGroup {
  readonly publicKeyJwk?: WycheproofKey;
  readonly publicKeyDer: string;
  readonly sha: string;
  readonly tests: readonly {
    readonly tcId: number;
    readonly comment: string;
    readonly msg: string;
    readonly sig: string;
    readonly result: 'valid' | 'invalid';
  }[];
}

export interface WycheproofFile<Group> {
  readonly numberOfTests: number;
  readonly testGroups: readonly Group[];
}

const FOLDER = process.env['WYCHEPROOF'] ?? fileURLToPath(new URL('../../../shared/wycheproof', import.meta.url));
const IS_HERE = existsSync(FOLDER);
const NEEDS = 'the folder testvectors_v1 of C2SP/wycheproof, named by WYCHEPROOF or at ../shared/wycheproof';

/** Groups tests that read vectors. They are skipped where there are none; a failure on a build server, or if named. */
export function describeWycheproof(what: string, define: () => void): void {
  if (IS_HERE) return void describe(`Wycheproof, ${what}`, define);
  if (process.env['CI'] === 'true' || process.env['WYCHEPROOF'] !== undefined)
    throw new Error(`The tests of Wycheproof need ${NEEDS}.`);
  describe.skip(`Wycheproof, ${what}: needs ${NEEDS}`, define);
}

/** Reads a file of vectors; without the folder, one that is empty. */
export function readVectors<Group>(name: string): WycheproofFile<Group> {
  if (!IS_HERE) return { numberOfTests: 0, testGroups: [] };
  return JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8')) as WycheproofFile<Group>;
}

/** A vector with the group that it is of. */
export interface GroupedVector {
  readonly group: JoseGroup;
  readonly vector: JoseVector;
  /** What would be sent as a token; vectors in JSON become their text. */
  readonly token: string;
}

/** Lists the vectors of a file of JOSE in their order. */
export function listVectors(name: string): readonly GroupedVector[] {
  return readVectors<JoseGroup>(name).testGroups.flatMap((group) =>
    group.tests.map((vector) => {
      const given = vector.jws ?? vector.jwe;
      return { group, vector, token: typeof given === 'string' ? given : JSON.stringify(given) };
    }),
  );
}

/** Gives the keys of a group, one or many. */
export function keysOf(key: WycheproofKey): readonly WycheproofKey[] {
  return Array.isArray(key['keys']) ? (key['keys'] as readonly WycheproofKey[]) : [key];
}
