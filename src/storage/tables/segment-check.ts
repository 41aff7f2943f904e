/**
 * Compares the committed bytes of a segment with the checksums that the journal has of them: a bit that has flipped on
 * a disk would otherwise be a wrong row.
 */
import { closeSync, fstatSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { RunError } from '../../../schemas/problems.ts';
import { RESTORE_REMEDY, withPath } from '../files.ts';
import { openPlain } from '../plain-files.ts';
import type { SegmentState } from './segments.ts';

/** Bytes that are read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads what is committed of a segment, in its file `path`.
 *
 * @throws RunError naming file and offset where it is cut or damaged.
 */
export function checkSegment(path: string, state: SegmentState): void {
  withPath(path, () => {
    const descriptor = openPlain(path, 'read');
    try {
      if (fstatSync(descriptor).size < state.committedBytes) throw cut(path, fstatSync(descriptor).size, state);
      for (const { offset, bytes, sum } of parts(state)) {
        if (sum === undefined || checksum(descriptor, offset, bytes) === sum) continue;
        throw new RunError({
          where: `${path}, byte ${offset}`,
          got: offset === 0 ? 'a damaged head' : 'a damaged batch',
          expected: `${bytes} bytes whose CRC-32 is that in the journal`,
          remedy: RESTORE_REMEDY,
        });
      }
    } finally {
      closeSync(descriptor);
    }
  });
}

/** What has a checksum of its own: the head with the schema, and each batch. */
function parts({ committedBytes, blocks, headCrc32 }: SegmentState) {
  const head = { offset: 0, bytes: blocks[0]?.offset ?? committedBytes, sum: headCrc32 };
  return [
    head,
    ...blocks.map(({ offset, metadataBytes, bodyBytes, crc32: sum }) => ({
      offset,
      bytes: metadataBytes + bodyBytes,
      sum,
    })),
  ];
}

const chunk = Buffer.alloc(CHUNK_BYTES);

function checksum(descriptor: number, offset: number, bytes: number): number {
  let sum = 0;
  for (let at = 0; at < bytes; ) {
    const count = readSync(descriptor, chunk, 0, Math.min(CHUNK_BYTES, bytes - at), offset + at);
    if (count === 0) break;
    sum = crc32(chunk.subarray(0, count), sum);
    at += count;
  }
  return sum;
}

function cut(path: string, size: number, { committedBytes }: SegmentState): RunError {
  return new RunError({
    where: path,
    got: `${size} bytes`,
    expected: `at least the ${committedBytes} bytes that are committed, as the journal says`,
    remedy: RESTORE_REMEDY,
  });
}
