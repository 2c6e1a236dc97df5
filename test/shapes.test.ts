import { describe, expect, it } from 'vitest';
import { readSources } from './support/architecture.js';
import { type FunctionShape, measureFunctions } from './support/shapes.js';

const MAX_LINES = 40;
const MAX_PARAMETERS = 4;
// A function of this many lines has several steps, which blank lines separate.
const MIN_LINES_OF_STEPS = 16;

/** Longer functions that are one step, each with what it is. */
const ONE_STEP: Readonly<Record<string, string>> = {
  'adapters/express/run-handlers.ts runHandlers': 'one closure that calls itself',
  'discovery/fetch-metadata.ts fetchFirst': 'one loop',
  'introspection/client-authentication.ts authenticateClient': 'one switch',
  'issuer/shared-rules.ts toIssuerRules': 'one object',
  'jws/scan-json.ts #bareValue': 'one switch',
  'keys/jwks-cache.ts constructor': 'one list of assignments',
  'keys/jwks-endpoint.ts #fetch': 'one try',
};

const sources = readSources(new URL('../src/', import.meta.url));
const functions = [...sources].flatMap(([path, source]) =>
  measureFunctions(source).map((shape) => ({ ...shape, place: `${path} ${shape.name}` })),
);

describe('the functions of src', () => {
  it('are found', () => {
    expect(functions.filter(({ lines }) => lines > 0).length).toBeGreaterThan(600);
    expect(functions.map(({ place }) => place)).toEqual(
      expect.arrayContaining(['verifier/create-verifier.ts createVerifier', 'jws/scan-json.ts #bareValue']),
    );
  });

  it(`have at most ${MAX_LINES} lines`, () => {
    expect(functions.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
  });

  it(`have at most ${MAX_PARAMETERS} parameters`, () => {
    expect(functions.filter(({ parameters }) => parameters > MAX_PARAMETERS)).toEqual([]);
  });

  it(`have blank lines between their steps, from ${MIN_LINES_OF_STEPS} lines on`, () => {
    const walls = functions.filter(({ lines, hasParagraphs }) => lines >= MIN_LINES_OF_STEPS && !hasParagraphs);
    expect(walls.map(({ place }) => place).filter((place) => !(place in ONE_STEP))).toEqual([]);
    expect(functions.map(({ place }) => place)).toEqual(expect.arrayContaining(Object.keys(ONE_STEP)));
  });
});

describe('measureFunctions', () => {
  const shape = (name: string, lines: number, parameters: number, hasParagraphs = false): FunctionShape => {
    return { name, lines, parameters, hasParagraphs };
  };

  it.each([
    ['function a(b: string, c = [1, 2]): void {\n  d();\n}', [shape('a', 3, 2)]],
    ['export async function a<T extends B<C>>(\n  b: T,\n  c: (d: T, e: T) => void,\n): Promise<T> {\n}', 2],
    ['function a({ b, c }: { b: D; c: E }): { f: G; h: I } | undefined {\n  return;\n}', [shape('a', 3, 1)]],
    ['function a(): (b: C) => D {\n  return e;\n}', [shape('a', 3, 0), shape('=>', 0, 1)]],
    ['function a(value: unknown): value is B {\n  return true;\n}', [shape('a', 3, 1)]],
    ['class A {\n  static async #b(c: D, e?: F): Promise<void> {\n    g();\n  }\n}', [shape('#b', 3, 2)]],
    ['class A {\n  get b(): C {\n    return d;\n  }\n}', [shape('b', 3, 0)]],
    ['const a = (b: C, d: E) => {\n  f();\n};', [shape('=>', 3, 2)]],
    ['const a = async (b: C): Promise<D> => {\n  f();\n};', [shape('=>', 3, 1)]],
    ['return async (b: C) => {\n  f();\n};', [shape('=>', 3, 1)]],
    ['a.b = function c(d, e, f) {\n  g();\n};', [shape('c', 3, 3)]],
    ['function a() {\n  b();\n\n  c();\n}', [shape('a', 5, 0, true)]],
    ['function a() {\n  b();\n  // c\n  d();\n}', [shape('a', 5, 0)]],
    [`function a() {\n  return '}' + /[}/]/.source + \`\${b}}\`;\n}`, [shape('a', 3, 0)]],
    ['interface A {\n  b(c: D, e: F): G;\n}', [shape('b', 0, 2)]],
  ])('measures %j', (source, expected) => {
    const found = measureFunctions(source);
    if (typeof expected === 'number') expect(found[0]?.parameters).toBe(expected);
    else expect(found).toEqual(expected);
  });

  it.each([
    'if (a) {\n  b();\n}',
    'for (const a of b(c)) {\n  d();\n}',
    'const a = b ? c(d) : { e: f };',
    'switch (a) {\n  default:\n}',
    'a(b);\n{\n}',
  ])('finds no function in %j', (source) => {
    expect(measureFunctions(source)).toEqual([]);
  });
});
