/**
 * Record batches as CSV (RFC 4180, lines end in a line feed), every value distinguishable: a null is nothing at all, an
 * empty text is "", NaN is NaN, infinities are Infinity and -Infinity, and −0 is -0. A number is the shortest decimal
 * that gives the same float64; those of a float32 column stand as the float64 that they equal. Lists of fixed size are
 * a column an element, `theta_0`, `theta_1`, …
 */
import { DataType, type RecordBatch, type Schema, type Vector } from 'apache-arrow';

/** The line of names. */
export function csvHeader(schema: Schema): string {
  const names = schema.fields.flatMap(({ name, type }) =>
    DataType.isFixedSizeList(type) ? Array.from({ length: type.listSize }, (_, i) => `${name}_${i}`) : [name],
  );
  return csvLine(names.map(textCell));
}

/** The lines of rows `from` to `to` (not included) of a batch. */
export function csvLines(batch: RecordBatch, from: number, to: number): string {
  const columns = batch.schema.fields.map((_, i) => cellsOf(batch.getChildAt(i) as Vector));
  let lines = '';
  for (let row = from; row < to; row++) lines += csvLine(columns.map((cellAt) => cellAt(row)));
  return lines;
}

const csvLine = (cells: readonly string[]): string => `${cells.join(',')}\n`;

/** The cell, or cells, of a column by row. */
function cellsOf(column: Vector): (row: number) => string {
  const { type } = column;
  if (!DataType.isFixedSizeList(type)) return (row) => cellText(column.get(row));
  const nothing = ','.repeat(type.listSize - 1);
  return (row) => {
    const list = column.get(row) as Iterable<unknown> | null;
    return list === null ? nothing : Array.from(list, cellText).join(',');
  };
}

function cellText(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? textCell(value) : String(value);
}

const textCell = (text: string): string =>
  text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
