/**
 * Parquet files of record batches. The only place that knows the Parquet library, which is loaded when it is needed:
 * its WebAssembly takes a tenth of a second to compile.
 */
import {
  type Data,
  DataType,
  Field,
  type FixedSizeList,
  List,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
} from 'apache-arrow';

/** Makes the bytes of a Parquet file. */
export type ParquetEncoder = (batches: readonly RecordBatch[], recipes: Readonly<Record<string, string>>) => Uint8Array;

/**
 * Loads the library. The files are compressed with zstd, one row group each, and keep Arrow's metadata and types.
 * Fixed-size lists become plain lists: pyarrow before version 26 cannot read those of a fixed size from Parquet where
 * some are null.
 */
export async function loadParquet(): Promise<ParquetEncoder> {
  const { Compression, Table, WriterPropertiesBuilder, writeParquet } = await import('parquet-wasm');
  return (batches, recipes) => {
    const properties = new WriterPropertiesBuilder().setCompression(Compression.ZSTD).build();
    const schema = parquetSchema(batches[0].schema, recipes);
    const converted = batches.map(({ data }) => parquetBatch(schema, data));
    const stream = RecordBatchStreamWriter.writeAll(converted).toUint8Array(true);
    return writeParquet(Table.fromIPCStream(stream), properties);
  };
}

/** How tools open an exported table from the folder of the export. */
export function parquetRecipes(table: string, isFolder: boolean): Record<string, string> {
  const [all, one] = isFolder ? [`${table}/*.parquet`, table] : [`${table}.parquet`, `${table}.parquet`];
  return {
    pandas: `pandas.read_parquet('${one}')`,
    polars: `polars.read_parquet('${all}')`,
    duckdb: `duckdb.sql("select * from '${all}'")`,
    r: isFolder ? `arrow::open_dataset('${one}')` : `arrow::read_parquet('${one}')`,
  };
}

/** A schema with plain lists and with other recipes: those for Arrow files would be wrong here. */
function parquetSchema({ fields, metadata, dictionaries }: Schema, recipes: Readonly<Record<string, string>>): Schema {
  const plain = fields.map((field) =>
    DataType.isFixedSizeList(field.type)
      ? new Field(field.name, new List(field.type.children[0]), field.nullable, field.metadata)
      : field,
  );
  const others = [...metadata].filter(([key]) => !key.startsWith('recipe.'));
  const own = Object.entries(recipes).map(([tool, recipe]) => [`recipe.${tool}`, recipe] as const);
  return new Schema(plain, new Map([...others, ...own]), dictionaries);
}

function parquetBatch(schema: Schema, { length, children }: Data<Struct>): RecordBatch {
  const columns = children.map((column, i) => {
    const { type } = schema.fields[i];
    return DataType.isList(type) ? plainList(type, column as Data<FixedSizeList>) : column;
  });
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length, nullCount: 0, children: columns }),
  );
}

/** The same lists with an offset for each; the numbers are not copied. A null keeps its numbers, which nobody sees. */
function plainList(type: List, lists: Data<FixedSizeList>): Data<List> {
  const { length, nullCount, nullBitmap, children } = lists;
  const { listSize } = lists.type;
  const valueOffsets = Int32Array.from({ length: length + 1 }, (_, row) => row * listSize);
  return makeData({ type, length, nullCount, nullBitmap, valueOffsets, child: children[0] });
}
