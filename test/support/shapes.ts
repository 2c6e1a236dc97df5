/** The shape of one function that has a body in braces, or one signature. */
export interface FunctionShape {
  readonly name: string;
  /** From the first line of the declaration to the last line of the body; 0 for a signature without a body. */
  readonly lines: number;
  readonly parameters: number;
  /** Whether a blank line separates its steps. */
  readonly hasParagraphs: boolean;
}

const NO_FUNCTIONS = ['if', 'for', 'while', 'switch', 'catch', 'return', 'await', 'super', 'typeof'];
// `name(`, `name<T>(` and `function (` at the start of a member or statement.
const DECLARATION =
  /^[ \t]*(?:(?:export|default|declare|async|static|override|private|protected|public|abstract|get|set)\s+)*(?:function\b\s*\*?\s*)?([#\w$]*)\s*(?=[<(])/gm;
const FUNCTION_EXPRESSION = /(?<=[=(,:?]\s*(?:async\s+)?)function\b\s*([\w$]*)\s*(?=[<(])/g;
const ARROW = /(?<=(?:[=(,:?[{}&|>]|\breturn\b)\s*(?:async\s*)?)\(/g;

/**
 * Finds the functions, methods and arrow functions of TypeScript that biome formatted. Signatures without a body count
 * for their parameters alone.
 */
export function measureFunctions(source: string): readonly FunctionShape[] {
  const code = maskTexts(source);
  const starts = new Map<number, { readonly name: string; readonly open: number }>();
  for (const match of [...code.matchAll(DECLARATION), ...code.matchAll(FUNCTION_EXPRESSION)]) {
    const name = match[1] as string;
    const open = skipBrackets(code, match.index + match[0].length, '<');
    const isNamed = name !== '' && !NO_FUNCTIONS.includes(name);
    if ((isNamed || match[0].includes('function')) && code[open] === '(') starts.set(open, { name, open: match.index });
  }
  for (const { index } of code.matchAll(ARROW)) if (!starts.has(index)) starts.set(index, { name: '=>', open: index });

  return [...starts].flatMap(([open, { name, open: start }]) => {
    const shape = measure(code, start, open, name);
    return shape === undefined ? [] : [shape];
  });
}

function measure(code: string, start: number, open: number, name: string): FunctionShape | undefined {
  const close = skipBrackets(code, open, '(');
  const parameters = countParameters(code.slice(open + 1, close - 1));
  const body = findBody(code, close);
  if (body === undefined) return undefined;
  if (code[body] !== '{') return { name, lines: 0, parameters, hasParagraphs: false };

  const first = start + (/^\s*/.exec(code.slice(start)) as RegExpExecArray)[0].length;
  const end = skipBrackets(code, body, '{');
  const lines = code.slice(first, end).split('\n');
  return { name, lines: lines.length, parameters, hasParagraphs: lines.some((line) => line === '') };
}

/** Returns where the body begins, or the end of a signature; undefined if the parentheses belong to no function. */
function findBody(code: string, close: number): number | undefined {
  const next = skipSpace(code, close);
  if (code[next] === '{') return next;
  if (code.startsWith('=>', next)) return skipSpace(code, next + 2);
  return code[next] === ':' ? findEndOfType(code, next + 1) : undefined;
}

/** Skips the type of a result. A brace after an operator belongs to the type. */
function findEndOfType(code: string, from: number): number | undefined {
  let at = skipSpace(code, from);
  let isOperand = true;
  while (at < code.length) {
    const character = code[at] as string;
    if (isEndOfType(character, isOperand)) return at;

    const isArrow = code.startsWith('=>', at);
    const next = skipSpace(code, isArrow ? at + 2 : Math.max(at + 1, skipBrackets(code, at, character)));
    if (isArrow && code[next] === '{') return next;
    isOperand = isArrow || '|&:?'.includes(character);
    at = next;
  }
  return undefined;
}

function isEndOfType(character: string, isOperand: boolean): boolean {
  return character === ';' || (!isOperand && '{,)'.includes(character));
}

function countParameters(list: string): number {
  let count = list.trim() === '' ? 0 : 1;
  for (let at = 0; at < list.length; at += 1) {
    const character = list[at] as string;
    if ('{(<['.includes(character)) at = skipBrackets(list, at, character) - 1;
    // A comma at the end begins no parameter.
    else if (character === ',' && list.slice(at + 1).trim() !== '') count += 1;
  }
  return count;
}

const PAIRS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' };

/** Returns the index behind the bracket that closes the one at `at`, or `at` itself if there is none. */
function skipBrackets(code: string, at: number, open: string): number {
  const close = PAIRS[open];
  if (close === undefined || code[at] !== open) return at;

  let depth = 0;
  for (let index = at; index < code.length; index += 1) {
    if (code[index] === open) depth += 1;
    else if (code[index] === close && code[index - 1] !== '=') depth -= 1;
    if (depth === 0) return index + 1;
  }
  return code.length;
}

function skipSpace(code: string, at: number): number {
  let index = at;
  while (/\s/.test(code[index] ?? '')) index += 1;
  return index;
}

const TEXTS = [
  String.raw`\/\*[\s\S]*?\*\/`,
  String.raw`\/\/[^\n]*`,
  String.raw`'(?:\\.|[^'\\\n])*'`,
  String.raw`"(?:\\.|[^"\\\n])*"`,
  '`(?:\\\\[\\s\\S]|\\$\\{(?:[^{}`]|\\{[^{}]*\\}|`(?:\\\\.|[^`\\\\])*`)*\\}|[^`\\\\])*`',
  // A regular expression stands where an operand can.
  String.raw`(?<=[(,=:!&|?{;[+]\s*|\breturn\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[dgimsuvy]*`,
];
const TEXT = new RegExp(TEXTS.join('|'), 'g');

/** Replaces comments, strings and regular expressions by underscores, so that brackets in them do not count. */
function maskTexts(source: string): string {
  return source
    .replace(TEXT, (text) => text.replace(/[^\n]/g, text.startsWith('/*') || text.startsWith('//') ? ' ' : '_'))
    .replace(/[ \t]+$/gm, (spaces, offset: number) => (isBlankInSource(source, offset) ? '' : spaces));
}

/** Whether the line at an offset is blank in the source. A masked comment is no blank line. */
function isBlankInSource(source: string, offset: number): boolean {
  const start = source.lastIndexOf('\n', offset - 1) + 1;
  return source.slice(start, source.indexOf('\n', offset)).trim() === '';
}
