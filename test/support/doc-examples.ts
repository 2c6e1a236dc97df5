import type { CodeBlock } from './markdown-code.js';

/** The code of an `@example`, and what it is an example of. */
export interface DocExample {
  /** The name that is declared after the comment; with its interface where it is a member: `Verifier.verify`. */
  readonly of: string;
  readonly block: CodeBlock;
}

const COMMENT = /^ *\/\*\*\n(?: *\*.*\n)*? *\*\/\n(.*)/gm;
const EXAMPLE = /^@example\n```ts\n([\s\S]*?)^```$/m;
const DECLARED = /^ *(?:export )?(?:declare )?(?:async )?(?:function |interface |class |const |type )?([\w$]+)/;
const CONTAINER = /^(?:export )?(?:interface|class) (\w+)/gm;

/** Takes the examples out of a source file. Each is a fence of `ts` right after `@example`, one in a comment. */
export function readDocExamples(document: string, source: string): readonly DocExample[] {
  const examples = [...source.matchAll(COMMENT)].flatMap(({ 0: comment, 1: next = '', index }) => {
    if (!comment.includes('@example')) return [];
    const text = comment.replace(/^ *(?:\/\*\*|\*\/| \* ?|\* ?)/gm, '');
    const [fence, code] = EXAMPLE.exec(text) ?? [];
    const line = source.slice(0, index).split('\n').length;
    if (fence === undefined || code === undefined)
      throw new Error(`${document}:${line} has no ts fence after @example`);
    const firstLine = line + text.slice(0, text.indexOf(fence)).split('\n').length + 1;
    const [, name = ''] = DECLARED.exec(next) ?? [];
    const container = next.startsWith(' ') ? [...source.slice(0, index).matchAll(CONTAINER)].at(-1)?.[1] : undefined;
    return {
      of: container === undefined ? name : `${container}.${name}`,
      block: {
        document,
        line: firstLine,
        language: 'ts',
        treatment: 'fragment',
        fileName: `line-${firstLine}.ts`,
        code,
      },
    } as const;
  });
  const count = source.split('@example').length - 1;
  if (count !== examples.length)
    throw new Error(`${document} has ${count} examples, and ${examples.length} can be read`);
  return examples;
}
