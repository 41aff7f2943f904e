/**
 * Messages: what an Arrow stream consists of, and an Arrow file between its first bytes and its footer. A message is
 * metadata, which is a flatbuffer, and a body. Both have a length that is a multiple of eight bytes. Numbers in
 * capitals are those of Arrow's Message.fbs.
 *
 *     FF FF FF FF │ bytes of flatbuffer and padding int32 │ flatbuffer │ padding │ body
 *     └─────────────────────────── metadata ───────────────────────────────────┘
 */
import { ALIGNMENT_BYTES, Body, type Compress } from './body.ts';
import { addColumns, addTexts, type TableValues } from './columns.ts';
import { alignUp, flatbuffer, int8, int16, int64, type Part, structs, table } from './flatbuffer.ts';
import { type ArrowSchema, schemaPart } from './schema.ts';

/** A message as it stands in a file. */
export interface Message {
  /** In order; those of the body are views of the columns. */
  readonly chunks: readonly Uint8Array[];
  readonly metadataBytes: number;
  readonly bodyBytes: number;
}

/** V5, as in the footer. */
export const METADATA_VERSION = int16(4);
/** Precedes the length of each message. A stream ends with it and a length of 0. */
export const CONTINUATION = -1;

const [SCHEMA, DICTIONARY_BATCH, RECORD_BATCH] = [1, 2, 3];
const ZSTD = 1;
const BY_BUFFER = 0;
const PREFIX_BYTES = 8;

/** The message that every stream begins with. */
export function schemaMessage(schema: ArrowSchema): Message {
  return message(SCHEMA, schemaPart(schema), new Body(null));
}

/**
 * The names of one dictionary. Never compressed: a footer gives its place without knowing how batches are compressed.
 */
export function dictionaryMessage(id: number, names: readonly string[]): Message {
  const body = new Body(null);
  addTexts(body, names);
  return message(DICTIONARY_BATCH, table(int64(id), batchPart(names.length, body)), body);
}

/**
 * The first `rowCount` rows of a table. Typed arrays are not copied, and every NaN in them is made canonical in place:
 * they must not change until the message is written.
 */
export function batchMessage(
  schema: ArrowSchema,
  { rows, rowCount }: { readonly rows: TableValues; readonly rowCount: number },
  compress: Compress | null,
): Message {
  const body = new Body(compress);
  addColumns(body, schema, rows, rowCount);
  return message(RECORD_BATCH, batchPart(rowCount, body), body);
}

function batchPart(rowCount: number, { nodes, places, compress }: Body): Part {
  const compression = compress === null ? null : table(int8(ZSTD), int8(BY_BUFFER));
  return table(int64(rowCount), structs(nodes), structs(places), compression);
}

function message(kind: number, header: Part, { chunks, byteLength }: Body): Message {
  const bytes = flatbuffer(table(METADATA_VERSION, int8(kind), header, int64(byteLength)));
  const metadataBytes = alignUp(PREFIX_BYTES + bytes.length, ALIGNMENT_BYTES);
  const metadata = Buffer.alloc(metadataBytes);
  metadata.writeInt32LE(CONTINUATION, 0);
  metadata.writeInt32LE(metadataBytes - PREFIX_BYTES, 4);
  metadata.set(bytes, PREFIX_BYTES);
  return { chunks: [metadata, ...chunks], metadataBytes, bodyBytes: byteLength };
}
