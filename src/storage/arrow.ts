/**
 * From column lists to Arrow: schemas with metadata, and record batches over typed arrays without copying. With segments and
 * reader beside it, the only place that knows the Arrow library.
 */
import {
  Bool,
  type Data,
  type DataType,
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Uint32,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { EVENT_KINDS } from '../../schemas/catalogue.ts';
import type { Column, ColumnType } from '../../schemas/columns.ts';
import {
  type CompressionName,
  FORMAT_VERSION,
  SEGMENTED_TABLES,
  type SegmentedTableName,
  type TableName,
  type TableSpec,
} from '../../schemas/trace.ts';
import { canonicaliseNaNs } from '../numeric/bits.ts';
import { ArrowFileWriter } from './compression.ts';

/**
 * The values of one column. Numbers come as typed arrays of the column's type, `[row]` or `[row][number of the list]`, names and flags as plain arrays;
 * where the column is nullable, `valid[row] = 0` marks a null.
 */
export interface ColumnValues {
  readonly values: Uint32Array | Float32Array | Float64Array | readonly (string | null)[] | readonly (boolean | null)[];
  readonly valid?: Uint8Array;
}

/** One entry for each column of a table, by name. */
export type TableValues = Readonly<Record<string, ColumnValues>>;

/** One-line recipes that open a table from its run's folder, by tool. Kept in the metadata of each file. */
export const RECIPES: Readonly<Record<Exclude<TableName, 'windows'>, Readonly<Record<string, string>>>> = {
  networks: fileRecipes('networks'),
  epochs: segmentRecipes('epochs'),
  events: segmentRecipes('events'),
  blocks: segmentRecipes('blocks'),
  spirals: fileRecipes('spirals'),
  relaxation: fileRecipes('relaxation'),
  curvature: fileRecipes('curvature'),
  twins: fileRecipes('twins'),
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
export const SEGMENT_DICTIONARIES: Dictionaries = { kind: EVENT_KINDS };

/** A batch without rows: the schema and the dictionaries that each segment of a table begins with. */
export function emptyBatch(name: SegmentedTableName, runKey: string): RecordBatch {
  return emptyBatchOf({ table: SEGMENTED_TABLES[name], runKey, dictionaries: SEGMENT_DICTIONARIES });
}

/** The same of any table. */
export function emptyBatchOf({
  table,
  runKey,
  dictionaries = {},
}: {
  table: TableSpec;
  runKey: string;
  dictionaries?: Dictionaries;
}): RecordBatch {
  const schema = arrowSchema({ table, runKey, dictionaries });
  const rows = Object.fromEntries(table.columns.map(({ name, type }) => [name, { values: NO_VALUES[type] }]));
  return recordBatch({ schema, table, rows, rowCount: 0, dictionaries });
}

/** The Arrow schema of a table, with unit and description on every column and recipes on the whole. */
export function arrowSchema({
  table,
  runKey,
  dictionaries = {},
}: {
  table: TableSpec;
  runKey: string;
  dictionaries?: Dictionaries;
}): Schema {
  const fields = table.columns.map((column, id) => {
    const metadata = new Map([
      ['unit', column.unit],
      ['description', column.description],
    ]);
    return new Field(column.name, arrowType(column, id, dictionaries), column.nullable, metadata);
  });
  const metadata = new Map([
    ['format_version', String(FORMAT_VERSION)],
    ['run_key', runKey],
    ['table', table.name],
    ['description', table.description],
    // Prefixed: pyarrow takes a schema metadatum named `pandas` for its own.
    ...Object.entries(recipesOf(table)).map(([tool, recipe]) => [`recipe.${tool}`, recipe] as const),
  ]);
  return new Schema(fields, metadata);
}

function arrowType({ type, name, listSize }: Column, id: number, dictionaries: Dictionaries): DataType {
  if (type !== 'dictionary') {
    const plain = PLAIN_TYPES[type]();
    return listSize === undefined ? plain : new FixedSizeList(listSize, new Field('item', plain, false));
  }
  if (!(name in dictionaries)) throw new Error(`column ${name} has no dictionary`);
  return new Dictionary(new Utf8(), new Int32(), id);
}

const NO_VALUES: Readonly<Record<ColumnType, ColumnValues['values']>> = {
  u32: new Uint32Array(),
  f32: new Float32Array(),
  f64: new Float64Array(),
  bool: [],
  utf8: [],
  dictionary: [],
};

const PLAIN_TYPES: Readonly<Record<Exclude<ColumnType, 'dictionary'>, () => DataType>> = {
  u32: () => new Uint32(),
  f32: () => new Float32(),
  f64: () => new Float64(),
  bool: () => new Bool(),
  utf8: () => new Utf8(),
};

/**
 * A record batch of `rowCount` rows. Typed arrays are taken without copying, every NaN made canonical in them: they must stay unchanged until the
 * batch is written.
 */
export function recordBatch(of: {
  schema: Schema;
  table: TableSpec;
  rows: TableValues;
  rowCount: number;
  dictionaries?: Dictionaries;
}): RecordBatch {
  const { schema, table, rows, rowCount, dictionaries = {} } = of;
  // Columns may share their numbers: each array once.
  const lengths = new Map(table.columns.map(({ name, listSize = 1 }) => [rows[name]?.values, rowCount * listSize]));
  for (const [values, length] of lengths) if (isFloats(values)) canonicaliseNaNs(values.subarray(0, length));
  const children = table.columns.map((column, i) => {
    const values = rows[column.name];
    if (values === undefined) throw new Error(`table ${table.name} needs values for column ${column.name}`);
    return columnData(schema.fields[i].type, values, rowCount, dictionaries[column.name]);
  });
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: rowCount, nullCount: 0, children }),
  );
}

const isFloats = (values: ColumnValues['values'] | undefined): values is Float32Array | Float64Array =>
  values instanceof Float32Array || values instanceof Float64Array;

function columnData(type: DataType, { values, valid }: ColumnValues, length: number, names?: readonly string[]): Data {
  if (type instanceof FixedSizeList) {
    const child = columnData(type.children[0].type, { values }, length * type.listSize);
    return makeData({ type, length, child, ...nulls(length, valid && ((row) => valid[row] !== 0)) });
  }
  if (ArrayBuffer.isView(values)) {
    const data = values.subarray(0, length);
    return makeData({ type, length, data, ...nulls(length, valid && ((row) => valid[row] !== 0)) } as Parameters<
      typeof makeData
    >[0]);
  }
  const present = nulls(length, (row) => values[row] !== null);
  if (names !== undefined) {
    const data = dictionaryIndices(values as readonly (string | null)[], length, names);
    const dictionary = vectorFromArray(names as string[], new Utf8());
    return makeData({ type: type as Dictionary, length, data, dictionary, ...present });
  }
  if (type instanceof Bool) {
    const data = bitmap(length, (row) => values[row] === true);
    return makeData({ type, length, data, ...present });
  }
  return makeData({
    type: type as Utf8,
    length,
    ...utf8Bytes(values as readonly (string | null)[], length),
    ...present,
  });
}

/** The index of each name; of null any that exists, since some readers look at it. */
function dictionaryIndices(
  values: readonly (string | null)[],
  length: number,
  names: readonly string[],
): Int32Array<ArrayBuffer> {
  const indexOf = new Map<string | null, number>([[null, 0], ...names.map((name, index) => [name, index] as const)]);
  const indices = new Int32Array(length);
  for (let row = 0; row < length; row++) {
    const index = indexOf.get(values[row]);
    if (index === undefined) throw new Error(`dictionary of ${names.join(', ')}: no name "${values[row]}"`);
    indices[row] = index;
  }
  return indices;
}

/** Texts as UTF-8 one after another, and where each one begins. Arrow's own builder takes ten times as long. */
function utf8Bytes(values: readonly (string | null)[], length: number) {
  const texts = values.slice(0, length).map((text) => text ?? '');
  const valueOffsets = new Int32Array(length + 1);
  for (let row = 0; row < length; row++) valueOffsets[row + 1] = valueOffsets[row] + Buffer.byteLength(texts[row]);
  return { valueOffsets, data: Buffer.from(texts.join('')) };
}

/** Null count and validity bitmap; no bitmap where nothing is null. */
function nulls(length: number, isPresent?: (row: number) => boolean): { nullCount: number; nullBitmap?: Uint8Array } {
  if (isPresent === undefined) return { nullCount: 0 };
  let nullCount = 0;
  for (let row = 0; row < length; row++) if (!isPresent(row)) nullCount++;
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap: bitmap(length, isPresent) };
}

/** One bit a row, the least significant of a byte first. */
function bitmap(length: number, isSet: (row: number) => boolean): Uint8Array<ArrayBuffer> {
  const bits = new Uint8Array(Math.ceil(length / 8));
  for (let row = 0; row < length; row++) if (isSet(row)) bits[row >> 3] |= 1 << (row & 7);
  return bits;
}

/** A whole Arrow file of one batch, as bytes. */
export function tableFile(of: {
  table: TableSpec;
  runKey: string;
  rows: TableValues;
  rowCount: number;
  dictionaries?: Dictionaries;
  compression?: CompressionName;
}): Uint8Array {
  const schema = arrowSchema(of);
  const batch = recordBatch({ ...of, schema });
  const writer = new ArrowFileWriter(of.compression ?? 'none');
  writer.writeAll([batch]);
  return Buffer.concat(writer.takeChunks());
}

/** The value in a row of a column; null where the column says so. */
export function cellOf({ values, valid }: ColumnValues, row: number): string | number | boolean | null {
  return valid !== undefined && valid[row] === 0 ? null : values[row];
}
