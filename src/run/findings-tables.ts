/**
 * The tables of findings as files: rows in, one Arrow file a table, replaced as a whole, so that it opens at any
 * moment. Knows no column by name.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Column } from '../../schemas/columns.ts';
import { FINDINGS_TABLES, type FindingsRow, type FindingsTableName } from '../../schemas/findings.ts';
import type { CompressionName } from '../../schemas/trace.ts';
import { withPath, writeFileAtomically } from '../storage/files.ts';
import { type ColumnValues, tableFile } from '../storage/tables/arrow.ts';

/** Where a table of findings stands in a run's folder. */
export const findingsPath = (folder: string, name: FindingsTableName): string => join(folder, `${name}.arrow`);

/** Removes the tables of a run that is not any more what they tell of. */
export function removeFindings(folder: string): void {
  for (const name of Object.keys(FINDINGS_TABLES) as FindingsTableName[]) {
    const path = findingsPath(folder, name);
    withPath(path, () => rmSync(path, { force: true }));
  }
}

/** Writes one table and says where. With `compression` zstd, `prepareCompression` must have been awaited. */
export function writeFindings(
  rows: readonly FindingsRow[],
  options: { folder: string; name: FindingsTableName; runKey: string; compression: CompressionName },
): string {
  const { folder, name, runKey, compression } = options;
  const table = FINDINGS_TABLES[name];
  const values = Object.fromEntries(table.columns.map((column) => [column.name, valuesOf(rows, column)]));
  const path = findingsPath(folder, name);
  const { dictionaries } = table;
  writeFileAtomically(
    path,
    tableFile({ table, runKey, rows: values, rowCount: rows.length, dictionaries, compression }),
  );
  return path;
}

function valuesOf(rows: readonly FindingsRow[], { name, type, nullable }: Column): ColumnValues {
  const cells = rows.map((row) => {
    const cell = row[name];
    if (cell === undefined) throw new Error(`a row without ${name}`);
    if (cell === null && !nullable) throw new Error(`a null in ${name}`);
    return cell;
  });
  if (type !== 'u32' && type !== 'f64') return { values: cells as (string | null)[] };
  const values = type === 'u32' ? new Uint32Array(cells.length) : new Float64Array(cells.length);
  for (const [row, cell] of cells.entries()) values[row] = Number(cell);
  if (!nullable) return { values };
  return { values, valid: Uint8Array.from(cells, (cell) => Number(cell !== null && !Number.isNaN(cell))) };
}
