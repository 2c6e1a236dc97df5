import type { CatalogueSection } from './matrix.js';

/** Reads rows of the form `id | source | sentence`, one a line. */
export function section(title: string, text: string): CatalogueSection {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return { title, rows: lines.map(parseRow) };
}

function parseRow(line: string) {
  const [id, source, sentence, ...rest] = line.split('|').map((cell) => cell.trim());
  if (!id || !source || !sentence || rest.length > 0) throw new Error(`This is not a row: ${line}`);
  return { id, source, sentence };
}
