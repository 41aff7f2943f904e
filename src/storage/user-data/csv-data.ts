/**
 * Samples from CSV (RFC 4180: commas, quotes, a header). The only place that knows the CSV library. A byte order mark,
 * CRLF, spaces around cells and empty lines mean nothing; everything else that is no number is a mistake with its line.
 */
import { CsvError, parse } from 'csv-parse/sync';
import type { DataFile } from '../../../schemas/dataset.ts';
import { type Problem, UsageError } from '../../../schemas/problems.ts';
import { SWEEP_LIMITS } from '../../../schemas/sweep.ts';
import { checkRowCount, dataFileOf, Mistakes, numberMistake, type UsedColumns, usedColumns } from './data-columns.ts';

/**
 * The samples in the text of a CSV file; `path` is what the messages call it.
 *
 * @throws UsageError with the mistakes of the file.
 */
export function readCsv(text: Uint8Array, path: string): DataFile {
  if (text.includes(0)) throw new UsageError({ where: path, got: 'a binary file', expected: 'CSV: text in UTF-8' });
  const mistakes = new Mistakes(path);
  const rows = new GrowingRows();
  let width = 0;
  let rowCount = 0;
  let columns: UsedColumns | null = null;
  const takeRecord = (cells: readonly string[], line: number) => {
    if (columns === null) {
      columns = headerColumns(cells, path, line);
      width = cells.length;
      return;
    }
    rowCount++;
    if (cells.length === width) takeRow(cells, columns, { line, rows, mistakes });
    else mistakes.add(`:${line}`, { got: cellsText(cells.length), expected: `${width}, as in the header` });
  };
  withCsvErrors(path, () =>
    parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      to: SWEEP_LIMITS.pointCountMax + 2, // the header, and one row too many to tell that there are
      on_record: (cells: string[], { lines }) => {
        takeRecord(cells, lines);
        return null;
      },
    }),
  );
  if (columns === null)
    throw new UsageError({ where: path, got: 'no columns', expected: 'a header and rows of numbers' });
  checkRowCount(rowCount, mistakes);
  mistakes.throwAny();
  return dataFileOf(columns, rows.values, rowCount);
}

/** Rows of numbers, one after another. */
class GrowingRows {
  values = new Float32Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.values.length) {
      const longer = new Float32Array(2 * this.#length);
      longer.set(this.values);
      this.values = longer;
    }
    this.values[this.#length++] = value;
  }
}

function takeRow(
  cells: readonly string[],
  { inputs, outputs }: UsedColumns,
  { line, rows, mistakes }: { line: number; rows: GrowingRows; mistakes: Mistakes },
): void {
  for (const used of [inputs, outputs]) {
    for (const { name, index } of used) {
      const value = numberOf(cells[index]);
      const mistake = value === null ? cellMistake(cells[index]) : numberMistake(value);
      if (mistake !== null) mistakes.add(`:${line}: column ${name}`, mistake);
      rows.push(value ?? 0);
    }
  }
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The float64 nearest to a decimal number; null where a cell is something else. */
function numberOf(cell: string): number | null {
  return DECIMAL.test(cell) ? Number(cell) : null;
}

function cellMistake(cell: string): Omit<Problem, 'where'> {
  if (cell === '') return { got: 'an empty cell', expected: 'a number' };
  const got = JSON.stringify(cell.length > 40 ? `${cell.slice(0, 40)}…` : cell);
  return { got, expected: /^[+-]?(nan|inf(inity)?|∞)$/i.test(cell) ? 'a finite number' : 'a number, such as -1.5e-3' };
}

function cellsText(count: number): string {
  return `${count} cell${count === 1 ? '' : 's'}`;
}

function headerColumns(names: readonly string[], path: string, line: number): UsedColumns {
  const where = `${path}:${line}`;
  if (names.length === 1 && /[;\t]/.test(names[0])) {
    const got = `columns separated by ${names[0].includes(';') ? 'semicolons' : 'tabs'}`;
    throw new UsageError({ where, got, expected: 'commas, and points in numbers' });
  }
  if (names.some((name) => numberOf(name) !== null)) {
    const got = `the number ${names.find((name) => numberOf(name) !== null)} in the first line`;
    throw new UsageError({ where, got, expected: 'a header with the names of the columns', remedy: 'such as x,y' });
  }
  return usedColumns(names, path, `:${line}`);
}

/** What the parser cannot make sense of, as a mistake of the file. */
function withCsvErrors(path: string, parseAll: () => void): void {
  try {
    parseAll();
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const place = typeof error.lines === 'number' ? `:${error.lines}` : '';
    throw new UsageError({ where: `${path}${place}`, got: `not readable as CSV: ${error.message.slice(0, 160)}` });
  }
}
