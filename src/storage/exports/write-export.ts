/**
 * Writes a table in another format: one file of a table that is one file, a folder of numbered files of one that is
 * many, each of a limited number of rows, so that no table is too large for the memory. Written aside, synced and
 * renamed: what is there is whole, even after a power failure.
 */
import { closeSync, existsSync, fsyncSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { makeFolder, syncFolderOf, withPath } from '../files.ts';
import { openPlain } from '../plain-files.ts';
import { batchesOf } from '../tables/arrow-files.ts';
import { csvHeader, csvLines } from './csv.ts';
import { type ParquetEncoder, parquetRecipes } from './parquet.ts';

/** A file is begun anew with the first batch beyond so many rows: 60 MB of the epochs table before it is compressed. */
const FILE_ROWS_MAX = 1_048_576;
/** Rows that are one text at a time. */
const CSV_ROWS_AT_ONCE = 8192;

/** A table and where its rows are. */
export interface ExportedTable {
  /** `epochs`; in folders within folders `windows/1-8-1-float32`. */
  readonly name: string;
  /** Whether it is a folder of files. */
  readonly isFolder: boolean;
  /** Finished Arrow files, in order. */
  readonly files: readonly string[];
}

/** What became of a table. */
export interface ExportReport {
  readonly table: string;
  /** The file or folder. */
  readonly path: string;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
}

/** Writes the record batches of one file. */
export type BatchesWriter = (path: string, batches: readonly RecordBatch[], table: ExportedTable) => void;

/** Where a table goes in a folder of exports. */
export const exportPath = (folder: string, { name, isFolder }: ExportedTable, extension: string): string =>
  join(folder, isFolder ? name : `${name}.${extension}`);

/** Exports a table into a folder, where nothing of it may stand yet. */
export function exportTable(options: {
  table: ExportedTable;
  folder: string;
  extension: string;
  write: BatchesWriter;
}): ExportReport {
  const { table, folder, extension, write } = options;
  const path = exportPath(folder, table, extension);
  const aside = `${path}.part`;
  withPath(aside, () => rmSync(aside, { recursive: true, force: true }));
  makeFolder(table.isFolder ? aside : dirname(aside));
  let [files, rows, bytes] = [0, 0, 0];
  for (const batches of filesOfRows(table)) {
    files++;
    const file = table.isFolder ? join(aside, `${String(files).padStart(5, '0')}.${extension}`) : aside;
    withPath(file, () => {
      write(file, batches, table);
      bytes += statSync(file).size;
    });
    rows += batches.reduce((sum, { numRows }) => sum + numRows, 0);
  }
  if (existsSync(aside)) {
    withPath(path, () => {
      if (table.isFolder) syncFolderOf(join(aside, 'file'));
      renameSync(aside, path);
      syncFolderOf(path);
    });
  }
  return { table: table.name, path, files, rows, bytes };
}

/** The batches of a table, as many together as go into a file; a table that is one file is not cut. */
function* filesOfRows({ files, isFolder }: ExportedTable): Generator<readonly RecordBatch[]> {
  let batches: RecordBatch[] = [];
  let rows = 0;
  for (const file of files) {
    for (const batch of batchesOf(file)) {
      if (isFolder && rows > 0 && rows + batch.numRows > FILE_ROWS_MAX) {
        yield batches;
        [batches, rows] = [[], 0];
      }
      batches.push(batch);
      rows += batch.numRows;
    }
  }
  if (batches.length > 0) yield batches;
}

/** Writes Parquet. */
export function parquetWriter(encode: ParquetEncoder): BatchesWriter {
  return (path, batches, { name, isFolder }) => {
    writeAll(path, [encode(batches, parquetRecipes(name, isFolder))]);
  };
}

/** Writes CSV, a few thousand rows at a time. */
export const csvWriter: BatchesWriter = (path, batches) => writeAll(path, csvTexts(batches));

function* csvTexts(batches: readonly RecordBatch[]): Generator<Uint8Array> {
  yield Buffer.from(csvHeader(batches[0].schema));
  for (const batch of batches) {
    for (let row = 0; row < batch.numRows; row += CSV_ROWS_AT_ONCE)
      yield Buffer.from(csvLines(batch, row, Math.min(batch.numRows, row + CSV_ROWS_AT_ONCE)));
  }
}

function writeAll(path: string, parts: Iterable<Uint8Array>): void {
  const descriptor = openPlain(path, 'create');
  try {
    for (const part of parts)
      for (let written = 0; written < part.length; ) written += writeSync(descriptor, part, written);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
