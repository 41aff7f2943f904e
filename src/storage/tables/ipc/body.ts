/**
 * The body of a record batch: its buffers one after another, each padded to a multiple of eight bytes, beside the lists
 * that say where each one stands. Buffers are views of the columns, never copies.
 *
 *     uncompressed   │ buffer │ padding │ buffer │ padding │ …
 *     compressed     │ uncompressed length int64 │ zstd frame │ padding │ …
 *
 * Where compression would not make a buffer smaller, its length is −1 and the buffer follows as it is.
 */
import { alignUp } from './flatbuffer.ts';

/** Compresses a whole buffer. */
export type Compress = (bytes: Uint8Array) => Uint8Array;

export const ALIGNMENT_BYTES = 8;
const PADDING = new Uint8Array(ALIGNMENT_BYTES);
const UNCOMPRESSED = -1n;

/** Bytes of an array without copying them. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Collects the columns of one batch. */
export class Body {
  /** Rows and nulls of each column, and of each column within a list: `[node][rows, nulls]`. */
  readonly nodes: (readonly [number, number])[] = [];
  /** `[buffer][offset, bytes]`, padding not counted. */
  readonly places: (readonly [number, number])[] = [];
  /** What stands in the file, in order. */
  readonly chunks: Uint8Array[] = [];
  /** Null where buffers stay as they are. */
  readonly compress: Compress | null;
  #byteLength = 0;

  constructor(compress: Compress | null) {
    this.compress = compress;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Announces a column, whose buffers follow. */
  addNode(rowCount: number, nullCount: number): void {
    this.nodes.push([rowCount, nullCount]);
  }

  /** Adds a buffer; an empty one takes no room. */
  addBuffer(bytes: Uint8Array): void {
    const chunks = bytes.length === 0 || this.compress === null ? [bytes] : compressed(bytes, this.compress);
    const byteCount = chunks.reduce((sum, { length }) => sum + length, 0);
    this.places.push([this.#byteLength, byteCount]);
    const paddedBytes = alignUp(byteCount, ALIGNMENT_BYTES);
    this.chunks.push(...chunks, PADDING.subarray(0, paddedBytes - byteCount));
    this.#byteLength += paddedBytes;
  }
}

function compressed(bytes: Uint8Array, compress: Compress): Uint8Array[] {
  const frame = compress(bytes);
  const isSmaller = frame.length < bytes.length;
  const length = BigInt64Array.of(isSmaller ? BigInt(bytes.length) : UNCOMPRESSED);
  return [bytesOf(length), isSmaller ? frame : bytes];
}
