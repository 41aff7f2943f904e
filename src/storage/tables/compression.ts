/**
 * Compression of record batches, for the writer of Arrow files and for the library that reads them. The only place that
 * knows where zstd comes from: Node.js has one from 22.15 on, before that it is WebAssembly, which must be loaded
 * first.
 */
import * as zlib from 'node:zlib';
import { CompressionType, compressionRegistry } from 'apache-arrow';
import type { CompressionName } from '../../../schemas/trace.ts';
import type { Compress } from './ipc/body.ts';

/** Takes a whole buffer at once. */
interface Zstd {
  readonly compress: Compress;
  readonly decompress: (bytes: Uint8Array) => Uint8Array;
}

/** The fastest level: mantissas of floats are noise to it as to any other, and what there is to find it finds. */
const LEVEL = 1;

/**
 * Makes sure that this thread can write, and read, record batches of a compression. To be awaited once before the first
 * such batch; without compression nothing is loaded.
 */
export async function prepareCompression(compression: CompressionName): Promise<void> {
  if (compression === 'none') return;
  preparing ??= loadZstd();
  await preparing;
}

/** How buffers of a compression are written; null where they stay as they are. */
export function compressorOf(compression: CompressionName): Compress | null {
  if (compression === 'none') return null;
  if (compressWithZstd === null) throw new Error(`compression ${compression} is not prepared in this thread`);
  return compressWithZstd;
}

/** Once a thread: the module in WebAssembly that is loaded a second time loses its memory. */
let preparing: Promise<void> | null = null;
let compressWithZstd: Compress | null = null;

async function loadZstd(): Promise<void> {
  const { compress, decompress } = zstdOfNode() ?? (await zstdOfWebAssembly());
  compressionRegistry.set(CompressionType.ZSTD, { decode: decompress });
  compressWithZstd = compress;
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
    // Copied: a small result may stand anywhere in a shared pool, and a column of float64 must be aligned.
    decompress: (bytes) => Uint8Array.from(zstdDecompressSync(bytes)),
  };
}

async function zstdOfWebAssembly(): Promise<Zstd> {
  const { init, compress, decompress } = await import('@bokuweb/zstd-wasm');
  await init();
  return { compress: (bytes) => compress(bytes, LEVEL), decompress };
}
