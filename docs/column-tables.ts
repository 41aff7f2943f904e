/**
 * The tables of a run for docs/reference/tables.md, from their column lists: one heading per table, one row per column
 * with its type, its unit, whether it may be null, and its meaning. Knows columns, and nothing of where their numbers
 * come from.
 */
import type { Column } from '../schemas/columns.ts';
import { FINDINGS_TABLES } from '../schemas/findings.ts';
import { BLOCKS_TABLE, EPOCHS_TABLE, EVENTS_TABLE, NETWORKS_TABLE, TABLES } from '../schemas/trace.ts';

/** Between these two lines of the page stand the tables. */
export const COLUMN_MARKERS = ['<!-- columns: npm run docs -->', '<!-- end of columns -->'] as const;

/** Arrow's names of the types. */
const TYPE_NAMES: Readonly<Record<Column['type'], string>> = {
  u32: 'uint32',
  f32: 'float32',
  f64: 'float64',
  bool: 'bool',
  utf8: 'utf8',
  dictionary: 'dictionary of utf8',
};

/** All tables, in the order in which a reader meets them. */
export function columnTables(): string {
  const tables = [NETWORKS_TABLE, EPOCHS_TABLE, EVENTS_TABLE, BLOCKS_TABLE, TABLES.windows];
  return [...tables, ...Object.values(FINDINGS_TABLES)]
    .map(({ name, description, columns }) =>
      [`## ${name}`, '', sentence(description), '', ...rowsOf(columns)].join('\n'),
    )
    .join('\n\n');
}

function rowsOf(columns: readonly Column[]): string[] {
  const rows = columns.map((column) => {
    const { name, nullable, unit, description } = column;
    const cells = [`\`${name}\``, typeText(column), nullable ? 'yes' : '', unitText(unit), escaped(description)];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| column | type | null | unit | meaning |', '|---|---|---|---|---|', ...rows];
}

/** A vector has its network's precision, and a value for each parameter. */
function typeText({ type, listSize }: Column): string {
  return listSize === undefined ? TYPE_NAMES[type] : 'list of float32 or float64';
}

const unitText = (unit: string): string => (unit === '1' ? '' : unit);
const escaped = (text: string): string => text.replaceAll('|', '\\|');

/** Columns of a line of text in a document. */
const LINE_WIDTH = 120;

/** A description as a sentence, over as many lines as it needs. */
function sentence(text: string): string {
  const lines = [''];
  for (const word of `${text[0].toUpperCase()}${text.slice(1)}.`.split(' ')) {
    const last = lines.length - 1;
    if (lines[last].length + 1 + word.length > LINE_WIDTH) lines.push(word);
    else lines[last] += lines[last] === '' ? word : ` ${word}`;
  }
  return lines.join('\n');
}
