/**
 * Samples from and to Arrow files (the IPC file format, which is also Feather version 2). A run keeps its data so, and
 * what it keeps can be given to another sweep as it is.
 */
import { DataType, Precision, type RecordBatchFileReader, RecordBatchReader, Table } from 'apache-arrow';
import type { DataFile } from '../../../schemas/dataset.ts';
import { UsageError } from '../../../schemas/problems.ts';
import { arrowFile } from '../tables/ipc/head-and-footer.ts';
import { checkRowCount, dataFileOf, Mistakes, numberMistake, type UsedColumn, usedColumns } from './data-columns.ts';

const MAGIC = 'ARROW1';
const EXPECTED = { expected: 'an Arrow IPC file (Feather version 2), uncompressed' };

/**
 * The samples in the bytes of an Arrow file; `path` is what the messages call it.
 *
 * @throws UsageError with the mistakes of the file.
 */
export function readArrow(bytes: Uint8Array, path: string): DataFile {
  const table = tableOf(bytes, path);
  const mistakes = new Mistakes(path);
  const columns = usedColumns(
    table.schema.fields.map(({ name }) => name),
    path,
    '',
  );
  checkRowCount(table.numRows, mistakes);
  mistakes.throwAny();
  const used = [...columns.inputs, ...columns.outputs];
  const rows = new Float32Array(table.numRows * used.length);
  for (const [place, column] of used.entries()) {
    const values = numbersOf(table, column, mistakes);
    for (let row = 0; row < values.length; row++) {
      const value = Number(values[row]);
      const mistake = numberMistake(value);
      if (mistake !== null) mistakes.add(`: row ${row + 1}: column ${column.name}`, mistake);
      rows[row * used.length + place] = value;
    }
  }
  mistakes.throwAny();
  return dataFileOf(columns, rows, table.numRows);
}

function tableOf(bytes: Uint8Array, path: string): Table {
  const text = (from: number, to?: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1');
  if (text(0, 4) === 'FEA1') throw new UsageError({ where: path, got: 'a Feather file of version 1', ...EXPECTED });
  if (text(0, MAGIC.length) !== MAGIC) throw new UsageError({ where: path, got: 'something else', ...EXPECTED });
  if (bytes.length < 3 * MAGIC.length || text(-MAGIC.length) !== MAGIC)
    throw new UsageError({ where: path, got: 'a file that is cut short', ...EXPECTED });
  try {
    return tableOfBatches(bytes);
  } catch (error) {
    const { message } = error as Error;
    if (!/compressed/.test(message))
      throw new UsageError({ where: path, got: `not readable: ${message}`, ...EXPECTED });
    const remedy = "write it with compression='uncompressed' (pandas, pyarrow, polars)";
    throw new UsageError({ where: path, got: 'a compressed file', ...EXPECTED, remedy });
  }
}

/** Not tableFromIPC, nor the reader's own iteration: in a damaged file it can read one message for ever. */
function tableOfBatches(bytes: Uint8Array): Table {
  const reader = RecordBatchReader.from(bytes) as RecordBatchFileReader;
  reader.open();
  const batches = Array.from({ length: reader.numRecordBatches }, (_, i) => {
    const batch = reader.readRecordBatch(i);
    if (batch === null) throw new Error(`record batch ${i + 1} of ${reader.numRecordBatches} is damaged`);
    return batch;
  });
  return new Table(reader.schema, batches);
}

/** The values of a column, `[row]`; none where it holds anything but numbers. */
function numbersOf(table: Table, { name, index }: UsedColumn, mistakes: Mistakes): ArrayLike<number | bigint> {
  const column = table.getChildAt(index);
  if (column === null) throw new Error(`the schema has a column ${name} that the table lacks`);
  const place = `: column ${name}`;
  if (!isNumeric(column.type)) {
    mistakes.add(place, { got: `the type ${column.type}`, expected: 'float32, float64 or integers' });
    return [];
  }
  if (column.nullCount > 0) {
    const row = Array.from({ length: column.length }, (_, i) => i).find((i) => column.get(i) === null) ?? 0;
    const got = `${column.nullCount} null${column.nullCount === 1 ? '' : 's'}, the first in row ${row + 1}`;
    mistakes.add(place, { got, expected: 'a number in every row' });
    return [];
  }
  const values = column.toArray() as ArrayLike<number | bigint>;
  if (values.length === table.numRows) return values;
  mistakes.add(place, { got: `${values.length} values`, expected: `${table.numRows}, as the file says` });
  return [];
}

function isNumeric(type: DataType): boolean {
  return DataType.isInt(type) || (DataType.isFloat(type) && type.precision !== Precision.HALF);
}

/** An Arrow file of samples, as bytes: float32 columns, inputs first. `readArrow` gives the same samples back. */
export function dataArrow({ inputs, targets, inputNames, outputNames }: Omit<DataFile, 'inputCount' | 'outputCount'>) {
  const rowCount = inputs.length / inputNames.length;
  const columnsOf = (values: Float32Array, names: readonly string[]) =>
    names.map((name, c) => {
      const column = Float32Array.from({ length: rowCount }, (_, row) => values[row * names.length + c]);
      return [name, { values: column }] as const;
    });
  const columns = [...columnsOf(inputs, inputNames), ...columnsOf(targets, outputNames)];
  const fields = columns.map(([name]) => ({ name, type: 'f32' as const, nullable: false, metadata: {} }));
  return arrowFile({ fields, metadata: {} }, { rows: Object.fromEntries(columns), rowCount });
}
