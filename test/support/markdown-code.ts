/*
 * How the code in README.md and docs/*.md is tested
 *
 * The languages of code are `ts` and `js`. Before each such fence, a comment on a line of its own says what to do with it:
 *
 *   <!-- test: run -->             a whole program that listens. It is type-checked and run, and each of its routes that
 *                                  is guarded by a scope string is asked with good and with bad tokens. Its issuer is
 *                                  'https://login.example.com'; tokens carry { tenant: 'acme' }; good ones get 200.
 *   <!-- test: check -->           a whole module. It is type-checked.
 *   <!-- test: fragment -->        a part of one. It is type-checked where every name that fragment-context.ts exports
 *                                  is at hand, unless the fragment declares or imports it.
 *   <!-- test: framework -->       a whole program with a framework of test/adapters/package.json, which is not installed with
 *                                  the rest: test/adapters/docs.test.ts type-checks and runs it.
 *   <!-- test: check as app.ts --> the same for any of them, under a name that other blocks of the document can
 *                                  import: './app.js'.
 *
 * Blocks that add to types of others (declare module, scopegate/global) are type-checked each on its own.
 * What does not follow these rules is a problem, and the test fails: code in another language that imports scopegate,
 * a comment that is misspelt or stands before nothing.
 */

const TREATMENTS = ['run', 'check', 'fragment', 'framework'] as const;
const LANGUAGES = ['ts', 'js'] as const;

export interface CodeBlock {
  /** The path of the document, from the project on. */
  readonly document: string;
  /** The line of the document that the code begins on, from 1. */
  readonly line: number;
  readonly language: (typeof LANGUAGES)[number];
  readonly treatment: (typeof TREATMENTS)[number];
  /** The file to write it to. */
  readonly fileName: string;
  readonly code: string;
}

export interface MarkdownCode {
  readonly blocks: readonly CodeBlock[];
  /** Where the rules above are not followed. */
  readonly problems: readonly string[];
}

interface Fence {
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** What the comment before it says. */
  readonly comment: string | undefined;
}

const COMMENT = /^ *<!-- *test: *(.*?) *-->$/;
const OPENING = /^( *)(`{3,}|~{3,}) *([^\s`]*)/;
const DIRECTIVE = new RegExp(`^(${TREATMENTS.join('|')})(?: as ([\\w-]+\\.(?:ts|js)))?$`);

/** Takes the code out of a document. */
export function readMarkdownCode(document: string, text: string): MarkdownCode {
  const problems: string[] = [];
  const tell = (line: number, problem: string) => problems.push(`${document}:${line} ${problem}`);
  const blocks = readFences(text, tell).flatMap((fence) => toBlock(document, fence, tell) ?? []);
  return { blocks, problems };
}

type Tell = (line: number, problem: string) => void;

function readFences(text: string, tell: Tell): readonly Fence[] {
  const lines = text.split('\n');
  const fences: Fence[] = [];
  let comment: { readonly text: string; readonly line: number } | undefined;
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i] as string;
    const said = COMMENT.exec(line)?.[1];
    const opening = OPENING.exec(line);
    if (comment !== undefined && opening === null && line.trim() !== '') {
      tell(comment.line, 'is a test comment that stands before no fence');
      comment = undefined;
    }
    if (said !== undefined) comment = { text: said, line: i + 1 };
    if (opening === null) continue;

    const [, indent = '', marks = '', language = ''] = opening;
    const end = lines.findIndex((other, at) => at > i && isClosing(other, marks));
    if (end === -1) tell(i + 1, 'is a fence that is never closed');
    const code = lines.slice(i + 1, end === -1 ? lines.length : end).map((part) => withoutIndent(part, indent.length));
    fences.push({ line: i + 2, language, code: `${code.join('\n')}\n`, comment: comment?.text });
    comment = undefined;
    if (end === -1) break;
    i = end;
  }
  if (comment !== undefined) tell(comment.line, 'is a test comment that stands before no fence');
  return fences;
}

function isClosing(line: string, marks: string): boolean {
  const trimmed = line.trim();
  return trimmed.length >= marks.length && trimmed === marks.charAt(0).repeat(trimmed.length);
}

function withoutIndent(line: string, length: number): string {
  return line.slice(0, length).trim() === '' ? line.slice(length) : line;
}

function toBlock(document: string, fence: Fence, tell: Tell): CodeBlock | undefined {
  const { line, code, comment } = fence;
  const language = LANGUAGES.find((name) => name === fence.language);
  if (language === undefined) {
    if (/(?:from|import|require\()\s*['"]scopegate/.test(code)) tell(line - 1, 'is code: its fence must say ts or js');
    else if (comment !== undefined) tell(line - 1, 'has a test comment, but its fence does not say ts or js');
    return undefined;
  }
  const directive = DIRECTIVE.exec(comment ?? '');
  if (directive === null) {
    tell(line - 1, `wants a comment before it: <!-- test: ${TREATMENTS.join(' | ')} -->`);
    return undefined;
  }
  const treatment = directive[1] as CodeBlock['treatment'];
  return { document, line, language, treatment, fileName: directive[2] ?? `line-${line}.${language}`, code };
}
