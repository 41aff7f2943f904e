/**
 * From column lists to Arrow: the schema of each table with all that its metadata says, and whole files. Knows no byte
 * of the format, which is written in `ipc/`.
 */
import { EVENT_KINDS } from '../../../schemas/catalogue.ts';
import {
  type CompressionName,
  FORMAT_VERSION,
  SEGMENTED_TABLES,
  type SegmentedTableName,
  type TableName,
  type TableSpec,
} from '../../../schemas/trace.ts';
import { compressorOf } from './compression.ts';
import type { ColumnValues, TableValues } from './ipc/columns.ts';
import { arrowFile } from './ipc/head-and-footer.ts';
import type { ArrowSchema } from './ipc/schema.ts';

export type { ColumnValues, TableValues } from './ipc/columns.ts';
export type { ArrowSchema } from './ipc/schema.ts';

/** One-line recipes that open a table from its run's folder, by tool. Kept in the metadata of each file. */
const RECIPES: Readonly<Record<Exclude<TableName, 'windows'>, Readonly<Record<string, string>>>> = {
  networks: fileRecipes('networks'),
  epochs: segmentRecipes('epochs'),
  events: segmentRecipes('events'),
  blocks: segmentRecipes('blocks'),
  spirals: fileRecipes('spirals'),
  relaxation: fileRecipes('relaxation'),
  curvature: fileRecipes('curvature'),
  twins: fileRecipes('twins'),
  survival: fileRecipes('survival'),
};

function fileRecipes(table: TableName): Record<string, string> {
  return {
    pandas: `pandas.read_feather('${table}.arrow')`,
    polars: `polars.read_ipc('${table}.arrow')`,
    duckdb: `${table} = pyarrow.feather.read_table('${table}.arrow'); duckdb.sql('select * from ${table}')`,
    r: `arrow::read_feather('${table}.arrow')`,
  };
}

function segmentRecipes(table: TableName, folder: string = table): Record<string, string> {
  return {
    pandas: `pyarrow.dataset.dataset('${folder}', format='ipc').to_table().to_pandas()`,
    polars: `polars.read_ipc('${folder}/*.arrow')`,
    duckdb: `${table} = pyarrow.dataset.dataset('${folder}', format='ipc'); duckdb.sql('select * from ${table}')`,
    r: `arrow::open_dataset('${folder}', format = 'arrow')`,
  };
}

/** The recipes of a table. */
function recipesOf({ name, folder }: TableSpec): Readonly<Record<string, string>> {
  return name === 'windows' ? segmentRecipes(name, folder) : RECIPES[name];
}

/** The dictionaries of a table's dictionary columns: all the names that can occur, fixed before the first row. */
export type Dictionaries = Readonly<Record<string, readonly string[]>>;

/** The dictionaries of the tables that are written in segments. */
const SEGMENT_DICTIONARIES: Dictionaries = { kind: EVENT_KINDS };

/** The schema of a table that is written in segments. */
export function segmentSchema(name: SegmentedTableName, runKey: string): ArrowSchema {
  return tableSchema({ table: SEGMENTED_TABLES[name], runKey, dictionaries: SEGMENT_DICTIONARIES });
}

/** The schema of a table, with unit and description on every column and recipes on the whole. */
export function tableSchema({
  table,
  runKey,
  dictionaries = {},
}: {
  table: TableSpec;
  runKey: string;
  dictionaries?: Dictionaries;
}): ArrowSchema {
  const fields = table.columns.map(({ unit, description, ...column }) => {
    const metadata = { unit, description };
    if (column.type !== 'dictionary') return { ...column, metadata };
    if (!(column.name in dictionaries)) throw new Error(`column ${column.name} has no dictionary`);
    return { ...column, names: dictionaries[column.name], metadata };
  });
  const metadata = {
    format_version: String(FORMAT_VERSION),
    run_key: runKey,
    table: table.name,
    description: table.description,
    // Prefixed: pyarrow takes a schema metadatum named `pandas` for its own.
    ...Object.fromEntries(Object.entries(recipesOf(table)).map(([tool, recipe]) => [`recipe.${tool}`, recipe])),
  };
  return { fields, metadata };
}

/** A whole Arrow file of one batch, as bytes. With `compression` zstd, `prepareCompression` must have been awaited. */
export function tableFile(options: {
  table: TableSpec;
  runKey: string;
  rows: TableValues;
  rowCount: number;
  dictionaries?: Dictionaries;
  compression?: CompressionName;
}): Uint8Array {
  return arrowFile(tableSchema(options), options, compressorOf(options.compression ?? 'none'));
}

/** The value in a row of a column; null where the column says so. */
export function cellOf({ values, valid }: ColumnValues, row: number): string | number | boolean | null {
  return valid !== undefined && valid[row] === 0 ? null : values[row];
}
