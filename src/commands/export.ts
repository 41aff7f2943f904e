/**
 * `gyre export`: the tables of a run as Parquet or CSV.
 */
import { join } from 'node:path';
import type { ExportFormat, TableName } from '../../schemas/trace.ts';
import { bytes, count } from '../display/format.ts';
import { exportRun } from '../run/export-tables.ts';
import { findRun } from './find-run.ts';
import { printJson, printLine } from './output.ts';

export interface ExportOptions {
  readonly format: ExportFormat;
  readonly table?: TableName | undefined;
  readonly out?: string | undefined;
  readonly json?: boolean;
}

/** Exports a run, by default into a folder of the format's name within its own. Returns the exit code. */
export async function exportCommand(name: string, { format, table, out, json }: ExportOptions): Promise<number> {
  const folder = findRun(name);
  const tables = exportRun({ folder, out: out ?? join(folder, format), format, table: table ?? null });
  for await (const report of tables) {
    if (json === true) printJson(report);
    else printLine(`${report.path}: ${count(report.rows)} rows, ${bytes(report.bytes)}`);
  }
  return 0;
}
