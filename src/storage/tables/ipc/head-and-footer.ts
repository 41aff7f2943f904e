/**
 * What an Arrow file has around its record batches. The schema stands in the head as well as in the footer, so
 * everything behind the first eight bytes is a stream: a file without its footer is still readable, and so is a file
 * for a reader that knows streams alone.
 *
 *     ARROW1·· │ schema │ dictionary │ … │ batch │ batch │ … │ FF FF FF FF 00 00 00 00 │ footer │ its length │ ARROW1
 *     └───────────── head ───────────────┘                   └──── end of stream ─────┘
 *
 * The footer is a flatbuffer with the schema and the place of each dictionary and batch, after Arrow's File.fbs.
 */
import type { Compress } from './body.ts';
import type { TableValues } from './columns.ts';
import { flatbuffer, structs, table } from './flatbuffer.ts';
import { batchMessage, CONTINUATION, dictionaryMessage, METADATA_VERSION, schemaMessage } from './messages.ts';
import { type ArrowSchema, schemaPart } from './schema.ts';

/** The place of a message in a file. */
export interface Block {
  readonly offset: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
}

/** What stands before the first batch. */
export interface Head {
  readonly bytes: Uint8Array;
  readonly dictionaries: readonly Block[];
}

const MAGIC = 'ARROW1';
const PADDED_MAGIC = Buffer.from(`${MAGIC}\0\0`);
/** Bytes of a file before its stream begins. */
export const MAGIC_BYTES = PADDED_MAGIC.length;

/** The head of a file. Equal schemas have equal bytes. */
export function fileHead(schema: ArrowSchema): Head {
  const { chunks, metadataBytes } = schemaMessage(schema);
  const parts: Uint8Array[] = [PADDED_MAGIC, ...chunks];
  const dictionaries: Block[] = [];
  let offset = PADDED_MAGIC.length + metadataBytes;
  for (const [id, { names }] of schema.fields.entries()) {
    if (names === undefined) continue;
    const message = dictionaryMessage(id, names);
    parts.push(...message.chunks);
    dictionaries.push({ offset, metadataBytes: message.metadataBytes, bodyBytes: message.bodyBytes });
    offset += message.metadataBytes + message.bodyBytes;
  }
  return { bytes: Buffer.concat(parts), dictionaries };
}

/** What stands behind the last batch. */
export function fileFooter(schema: ArrowSchema, { dictionaries }: Head, batches: readonly Block[]): Buffer {
  const structsOf = (blocks: readonly Block[]) =>
    structs(blocks.map(({ offset, metadataBytes, bodyBytes }) => [offset, metadataBytes, bodyBytes]));
  const footer = flatbuffer(table(METADATA_VERSION, schemaPart(schema), structsOf(dictionaries), structsOf(batches)));
  const endOfStream = Int32Array.of(CONTINUATION, 0);
  const footerBytes = Int32Array.of(footer.length);
  return Buffer.concat([
    new Uint8Array(endOfStream.buffer),
    footer,
    new Uint8Array(footerBytes.buffer),
    Buffer.from(MAGIC),
  ]);
}

/** A whole file with one batch. */
export function arrowFile(
  schema: ArrowSchema,
  batch: { readonly rows: TableValues; readonly rowCount: number },
  compress: Compress | null = null,
): Buffer {
  const head = fileHead(schema);
  const { chunks, metadataBytes, bodyBytes } = batchMessage(schema, batch, compress);
  const footer = fileFooter(schema, head, [{ offset: head.bytes.length, metadataBytes, bodyBytes }]);
  return Buffer.concat([head.bytes, ...chunks, footer]);
}
