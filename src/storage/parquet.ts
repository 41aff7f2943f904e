/**
 * Parquet files of record batches. The only place that knows the Parquet library, which is loaded when it is needed: its WebAssembly takes a tenth
 * of a second to compile.
 */
import { RecordBatch, RecordBatchStreamWriter, Schema } from 'apache-arrow';

/** Makes the bytes of a Parquet file. */
export type ParquetEncoder = (batches: readonly RecordBatch[], recipes: Readonly<Record<string, string>>) => Uint8Array;

/** Loads the library. The files are compressed with zstd, one row group each, and keep Arrow's types and metadata. */
export async function loadParquet(): Promise<ParquetEncoder> {
  const { Compression, Table, WriterPropertiesBuilder, writeParquet } = await import('parquet-wasm');
  return (batches, recipes) => {
    const properties = new WriterPropertiesBuilder().setCompression(Compression.ZSTD).build();
    const stream = RecordBatchStreamWriter.writeAll(withRecipes(batches, recipes)).toUint8Array(true);
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

/** The batches with other recipes in their schema: those for Arrow files would be wrong here. */
function withRecipes(batches: readonly RecordBatch[], recipes: Readonly<Record<string, string>>): RecordBatch[] {
  const [{ schema }] = batches;
  const others = [...schema.metadata].filter(([key]) => !key.startsWith('recipe.'));
  const own = Object.entries(recipes).map(([tool, recipe]) => [`recipe.${tool}`, recipe] as const);
  const replaced = new Schema(schema.fields, new Map([...others, ...own]), schema.dictionaries);
  return batches.map(({ data }) => new RecordBatch(replaced, data));
}
