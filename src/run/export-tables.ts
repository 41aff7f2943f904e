/**
 * Exports a run's tables for tools without Arrow. Finds them by their names in the schema and their places in the
 * folder; knows no column.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Problem, UsageError } from '../../schemas/problems.ts';
import { type ExportFormat, TABLES, type TableName } from '../../schemas/trace.ts';
import { loadParquet } from '../storage/exports/parquet.ts';
import {
  csvWriter,
  type ExportedTable,
  type ExportReport,
  exportPath,
  exportTable,
  parquetWriter,
} from '../storage/exports/write-export.ts';
import { makeFolder, withPath, writeFileAtomically } from '../storage/files.ts';
import { isName, isOwnSegment } from '../storage/names.ts';
import { hasPlainFile, refuseLinksBelow } from '../storage/plain-files.ts';
import { reading } from '../storage/reading.ts';
import { prepareCompression } from '../storage/tables/compression.ts';
import { openName } from '../storage/tables/segments.ts';
import { readManifest } from './manifest.ts';

/**
 * Writes the tables of the run in `folder`, or one of them, into the folder `out` and says after each what became of
 * it.
 *
 * @throws UsageError where the run is not in finished files, has no such table, or where something of it stands in
 *   `out` already.
 */
export async function* exportRun(options: {
  folder: string;
  out: string;
  format: ExportFormat;
  table: TableName | null;
}): AsyncGenerator<ExportReport> {
  const { folder, out, format } = options;
  const { compression } = readManifest(folder).sweep.trace;
  refuseLinksBelow(folder, out);
  const names = options.table === null ? (Object.keys(TABLES) as TableName[]) : [options.table];
  const tables = names.flatMap((name) => tablesIn(folder, name));
  const problems = problemsOf(tables, { names, folder, out, format });
  if (tables.length === 0)
    problems.push({ where: folder, got: `no ${options.table ?? 'tables'}`, expected: 'a table of the run' });
  if (problems.length > 0) throw new UsageError(problems);
  await prepareCompression(compression);
  const write = format === 'csv' ? csvWriter : parquetWriter(await loadParquet());
  makeFolder(out);
  for (const table of tables)
    yield reading(`${folder}: ${table.name}`, () => exportTable({ table, folder: out, extension: format, write }));
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

/**
 * The tables of a name that a run's folder holds: a file, a folder of files, or, of windows, folders in a folder; none
 * where there is none. Files that are not Gyre's are left alone.
 */
function tablesIn(folder: string, name: TableName): ExportedTable[] {
  const file = join(folder, `${name}.arrow`);
  if (hasPlainFile(file)) return [{ name, isFolder: false, files: [file] }];
  if (name !== 'windows') return tableOfFiles(folder, name, (own) => own.endsWith('.arrow') && isOwnSegment(own));
  return namesIn(join(folder, name))
    .filter((own) => isName('windowFolder', own))
    .flatMap((own) => tableOfFiles(folder, join(name, own), (window) => isName('windowFile', window)));
}

function tableOfFiles(folder: string, name: string, isOwn: (file: string) => boolean): ExportedTable[] {
  const path = join(folder, name);
  const files = namesIn(path)
    .filter(isOwn)
    .map((file) => join(path, file));
  return files.length === 0 ? [] : [{ name, isFolder: true, files }];
}

/** The names in a folder, in order; none where there is no folder. */
function namesIn(path: string): string[] {
  return existsSync(path) ? withPath(path, () => readdirSync(path)).sort() : [];
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
  return namesIn(path).filter((file) => file.endsWith(openName('.arrow')) && isOwnSegment(file));
}
