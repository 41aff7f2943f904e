/**
 * Compression of record batches: Arrow's writer with a zstd that every reader understands. The only place that knows where zstd comes from:
 * Node.js has one from 22.15 on, before that it is WebAssembly, which must be loaded first.
 */
import * as zlib from 'node:zlib';
import { CompressionType, compressionRegistry, RecordBatchFileWriter } from 'apache-arrow';
import type { CompressionName } from '../../schemas/trace.ts';

/** Takes a whole buffer at once. */
interface Zstd {
  compress(bytes: Uint8Array): Uint8Array;
  decompress(bytes: Uint8Array): Uint8Array;
}

/** The fastest level: mantissas of floats are noise to it as to any other, and what there is to find it finds. */
const LEVEL = 1;

/**
 * Makes sure that this thread can write, and read, record batches of a compression. To be awaited once before the first such batch; without
 * compression nothing is loaded.
 */
export async function prepareCompression(compression: CompressionName): Promise<void> {
  if (compression === 'none') return;
  preparing ??= registerZstd();
  await preparing;
}

/** Once a thread: the module in WebAssembly that is loaded a second time loses its memory. */
let preparing: Promise<void> | null = null;

async function registerZstd(): Promise<void> {
  const { compress, decompress } = zstdOfNode() ?? (await zstdOfWebAssembly());
  compressionRegistry.set(CompressionType.ZSTD, { encode: compress, decode: decompress });
}

/** The functions of node:zlib, whose types are those of the oldest Node.js that Gyre runs on. */
function zstdOfNode(): Zstd | null {
  const { zstdCompressSync, zstdDecompressSync, constants } = zlib as unknown as {
    zstdCompressSync?: (bytes: Uint8Array, options: { params: Record<number, number> }) => Uint8Array;
    zstdDecompressSync?: (bytes: Uint8Array) => Uint8Array;
    constants: Record<string, number>;
  };
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined) return null;
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL };
  return {
    compress: (bytes) => zstdCompressSync(bytes, { params }),
    // Copied: a small result may stand anywhere in a shared pool, and a column of float64 must begin on a multiple of 8.
    decompress: (bytes) => Uint8Array.from(zstdDecompressSync(bytes)),
  };
}

async function zstdOfWebAssembly(): Promise<Zstd> {
  const { init, compress, decompress } = await import('@bokuweb/zstd-wasm');
  await init();
  return { compress: (bytes) => compress(bytes, LEVEL), decompress };
}

/**
 * Arrow's writer of files, whose compressed buffers say how long they are uncompressed, and whose chunks stay as they are: its own queue
 * takes two that stand in the same bytes for one, which columns may.
 */
export class ArrowFileWriter extends RecordBatchFileWriter {
  /** What was written and is not taken yet: views of the columns themselves. */
  #chunks: Uint8Array[] = [];

  constructor(compression: CompressionName) {
    super(compression === 'none' ? {} : { compressionType: CompressionType.ZSTD });
  }

  /** Gives out what was written since the last time, in order. */
  takeChunks(): Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  protected override _write(chunk: ArrayBufferView): this {
    if (chunk.byteLength > 0) {
      this.#chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      this._position += chunk.byteLength;
    }
    return this;
  }

  /**
   * Before each buffer stand 8 bytes: its length uncompressed, or −1 where it is not worth compressing. Arrow writes the compressed length
   * (arrow-js issue 470), which its own reader does not look at, and all others trust.
   */
  protected override _compressBodyBuffers(buffers: ArrayBufferView[]) {
    const compressed = super._compressBodyBuffers(buffers);
    for (const [i, { byteLength }] of buffers.entries()) {
      const prefix = compressed.buffers[2 * i];
      if (prefix.byteLength === 0) continue;
      const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
      if (view.getBigInt64(0, true) !== -1n) view.setBigInt64(0, BigInt(byteLength), true);
    }
    return compressed;
  }
}
