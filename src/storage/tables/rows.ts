/**
 * Some rows of a record batch, as columns that a batch can be made of again, and what to choose them by. Every bit of a
 * number stays as it is.
 */
import type { RecordBatch, Vector } from 'apache-arrow';
import type { TableSpec } from '../../../schemas/trace.ts';
import type { ColumnValues, TableValues } from './arrow.ts';

/** Whose the rows of a batch are and where in a run they belong. */
export interface PlacedRows {
  /** `[row]` */
  readonly network: Uint32Array;
  readonly epoch: Uint32Array;
  /** Of events. */
  kindOf(row: number): string;
}

/** The rows of a batch of any table that is written in segments. */
export function placedRows(batch: RecordBatch): PlacedRows {
  const [network, epoch] = ['network', 'epoch'].map((name) => batch.getChild(name)?.toArray() as Uint32Array);
  const kind = batch.getChild('kind');
  return { network, epoch, kindOf: (row) => kind?.get(row) as string };
}

/** The columns of a batch's rows for which `keep` holds, and how many they are. */
export function someRows(
  batch: RecordBatch,
  table: TableSpec,
  keep: (row: number) => boolean,
): { readonly rows: TableValues; readonly rowCount: number } {
  const kept: number[] = [];
  for (let row = 0; row < batch.numRows; row++) if (keep(row)) kept.push(row);
  const columns = table.columns.map(({ name }) => {
    const column = batch.getChild(name);
    if (column === null) throw new Error(`table ${table.name}: no column ${name}`);
    return [name, someValues(column, kept)] as const;
  });
  return { rows: Object.fromEntries(columns), rowCount: kept.length };
}

function someValues(column: Vector, kept: readonly number[]): ColumnValues {
  const values: unknown = column.toArray();
  if (!(values instanceof Uint32Array || values instanceof Float32Array || values instanceof Float64Array))
    return { values: kept.map((row) => column.get(row) as string | null) };
  const some = values.slice(0, kept.length);
  for (const [to, row] of kept.entries()) some[to] = values[row];
  return column.nullCount === 0
    ? { values: some }
    : { values: some, valid: Uint8Array.from(kept, (row) => Number(column.isValid(row))) };
}
