/**
 * Reads single record batches of segments, open or sealed, by the places that the journal has them at: nothing is read
 * of a segment but its schema and the batches that are asked for, and nothing depends on a footer.
 */
import { closeSync, fstatSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { type RecordBatch, RecordBatchReader } from 'apache-arrow';
import type { BatchBlock } from '../../../schemas/journal.ts';
import { RunError, systemErrorCode } from '../../../schemas/problems.ts';
import { RESTORE_REMEDY, withPath } from '../files.ts';
import { openPlain } from '../plain-files.ts';
import { MAGIC_BYTES } from './ipc/head-and-footer.ts';
import { openName } from './segments.ts';

/** The rows of one batch, column by column. */
export interface BatchRows {
  readonly rowCount: number;
  /** The values of a column of numbers, `[row]`; whatever stands under a null. */
  numbers(column: string): Uint32Array | Float32Array | Float64Array;
  /** A text of a column. */
  text(column: string, row: number): string;
  /** A number of a column that may have nulls. */
  numberOrNull(column: string, row: number): number | null;
}

/**
 * Reads one batch of a segment. `file` is its name once sealed; where it is still open, it is read there. `schemaEnd`
 * is where its first batch begins.
 *
 * @throws RunError where the segment is gone, cut or damaged.
 */
export function readBatch(file: string, block: BatchBlock, schemaEnd: number): BatchRows {
  const { path, descriptor } = openSegment(file);
  try {
    const schemaBytes = schemaEnd - MAGIC_BYTES;
    const batchBytes = block.metadataBytes + block.bodyBytes;
    // Before there is memory for it: the journal may say anything.
    const { size } = withPath(path, () => fstatSync(descriptor));
    if (size < block.offset + batchBytes || size < schemaEnd) throw damaged(path, block, 'a segment that is cut');
    const stream = new Uint8Array(schemaBytes + batchBytes);
    withPath(path, () => {
      readSync(descriptor, stream, 0, schemaBytes, MAGIC_BYTES);
      readSync(descriptor, stream, schemaBytes, batchBytes, block.offset);
    });
    if (block.crc32 !== undefined && crc32(stream.subarray(schemaBytes)) !== block.crc32)
      throw damaged(path, block, 'a damaged batch');
    return rowsOf(decode(stream, block, path), block, path);
  } finally {
    closeSync(descriptor);
  }
}

/** A segment may be sealed at any moment by the process that writes it. */
function openSegment(file: string): { path: string; descriptor: number } {
  for (const path of [file, openName(file)]) {
    try {
      return { path, descriptor: openPlain(path, 'read') };
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT')
        withPath(path, () => {
          throw error;
        });
    }
  }
  return { path: file, descriptor: withPath(file, () => openPlain(file, 'read')) };
}

/** One batch alone is asked of the library: in a damaged file its iteration can read one message for ever. */
function decode(stream: Uint8Array, block: BatchBlock, path: string): RecordBatch {
  let batch: RecordBatch | null = null;
  try {
    batch = RecordBatchReader.from(stream).next().value as RecordBatch | null;
  } catch (error) {
    throw damaged(path, block, `a damaged batch (${(error as Error).message})`);
  }
  if (batch?.numRows !== block.rows) throw damaged(path, block, 'a damaged batch');
  return batch;
}

function rowsOf(batch: RecordBatch, block: BatchBlock, path: string): BatchRows {
  const columnOf = (name: string) => {
    const column = batch.getChild(name);
    if (column === null || column.length !== batch.numRows) throw damaged(path, block, `no column ${name}`);
    return column;
  };
  return {
    rowCount: batch.numRows,
    numbers: (name) => columnOf(name).toArray() as Uint32Array | Float32Array | Float64Array,
    text: (name, row) => columnOf(name).get(row) as string,
    numberOrNull: (name, row) => columnOf(name).get(row) as number | null,
  };
}

function damaged(path: string, { offset, rows }: BatchBlock, got: string): RunError {
  return new RunError({
    where: `${path}, byte ${offset}`,
    got,
    expected: `a batch of ${rows} rows, as the journal says`,
    remedy: RESTORE_REMEDY,
  });
}
