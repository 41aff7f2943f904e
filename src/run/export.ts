/**
 * Exports a run's tables for tools without Arrow. Finds them by their names in the schema and their places in the folder; knows no column.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Problem, UsageError } from '../../schemas/problems.ts';
import { type ExportFormat, TABLES, type TableName } from '../../schemas/trace.ts';
import { prepareCompression } from '../storage/compression.ts';
import {
  csvWriter,
  type ExportedTable,
  type ExportReport,
  exportPath,
  exportTable,
  parquetWriter,
} from '../storage/export.ts';
import { makeFolder, withPath, writeFileAtomically } from '../storage/files.ts';
import { loadParquet } from '../storage/parquet.ts';
import { openName } from '../storage/segments.ts';
import { readManifest } from './manifest.ts';

/**
 * Writes the tables of the run in `folder`, or one of them, into the folder `out` and says after each what became of it.
 *
 * @throws UsageError where the run is not in finished files, has no such table, or where something of it stands in `out` already.
 */
export async function* exportRun(of: {
  folder: string;
  out: string;
  format: ExportFormat;
  table: TableName | null;
}): AsyncGenerator<ExportReport> {
  const { folder, out, format } = of;
  const { compression } = readManifest(folder).sweep.trace;
  const names = of.table === null ? (Object.keys(TABLES) as TableName[]) : [of.table];
  const tables = names.flatMap((name) => tablesIn(folder, name));
  const problems = problemsOf(tables, { names, folder, out, format });
  if (tables.length === 0)
    problems.push({ where: folder, got: `no ${of.table ?? 'tables'}`, expected: 'a table of the run' });
  if (problems.length > 0) throw new UsageError(problems);
  await prepareCompression(compression);
  const write = format === 'csv' ? csvWriter : parquetWriter(await loadParquet());
  makeFolder(out);
  for (const table of tables) yield exportTable({ table, folder: out, extension: format, write });
  // Parquet keeps the metadata of columns; CSV has no place for them.
  if (format === 'csv') writeFileAtomically(join(out, COLUMNS_FILE), columnsText());
}

/** What the columns of CSV tables are: of all there are, whichever are exported. */
const COLUMNS_FILE = 'columns.csv';

function columnsText(): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const rows = Object.values(TABLES).flatMap(({ name, columns }) =>
    columns.map(({ name: column, unit, description }) => [name, column, unit, description].map(quoted).join(',')),
  );
  return `${['table,column,unit,description', ...rows].join('\n')}\n`;
}

/** The tables of a name that a folder holds: a file, a folder of files, or folders in a folder, as of windows; none where there is none. */
function tablesIn(folder: string, name: string): ExportedTable[] {
  const file = join(folder, `${name}.arrow`);
  if (existsSync(file)) return [{ name, isFolder: false, files: [file] }];
  const path = join(folder, name);
  if (!existsSync(path)) return [];
  const entries = withPath(path, () => readdirSync(path, { withFileTypes: true })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(path, entry.name));
  const finished = files.filter((own) => own.endsWith('.arrow'));
  const own = finished.length === 0 ? [] : [{ name, isFolder: true, files: finished }];
  return [
    ...own,
    ...entries.filter((entry) => entry.isDirectory()).flatMap((entry) => tablesIn(folder, join(name, entry.name))),
  ];
}

function problemsOf(
  tables: readonly ExportedTable[],
  { names, folder, out, format }: { names: readonly string[]; folder: string; out: string; format: ExportFormat },
): Problem[] {
  const open = names.flatMap((name) => openSegments(join(folder, name)));
  const problems: Problem[] = tables
    .map((table) => exportPath(out, table, format))
    .filter((path) => existsSync(path))
    .map((where) => ({
      where,
      got: 'an export that is there already',
      expected: 'nothing',
      remedy: 'remove it, or choose another folder with --out',
    }));
  if (open.length > 0)
    problems.push({
      where: folder,
      got: `segments that are open (${open.slice(0, 3).join(', ')}): the run goes on, or was cut short`,
      expected: 'a run that has ended',
      remedy: 'wait for it, or continue it with the gyre run command that began it',
    });
  return problems;
}

function openSegments(path: string): string[] {
  if (!existsSync(path)) return [];
  return withPath(path, () => readdirSync(path)).filter((file) => file.endsWith(openName('.arrow')));
}
