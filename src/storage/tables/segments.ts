/**
 * Segments: Arrow IPC files that grow batch by batch. While open, a segment is `NAME.arrow.part`; sealing adds the
 * footer and takes `.part` off. Whatever follows the committed bytes of an open segment is debris of a task that was
 * lost, and the next task to append cuts it off first.
 *
 *     ARROW1·· │ schema │ dictionaries │ batch │ batch │ …            │ end of stream │ footer │ length │ ARROW1
 *     └───────────────── committed bytes ────────────────┘└ debris ┘   └─────────── written by sealing ─────────┘
 *
 * Dictionaries are known before the first row and never change. A file that is cut is still a stream of its whole
 * batches.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  readSync,
  renameSync,
  writeSync,
  writevSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import type { BatchBlock } from '../../../schemas/journal.ts';
import { RunError, systemErrorCode } from '../../../schemas/problems.ts';
import type { CompressionName } from '../../../schemas/trace.ts';
import { NO_LINKS, RESTORE_REMEDY, removeDurably, syncFolderOf, withPath } from '../files.ts';
import { openAside, openPlain } from '../plain-files.ts';
import { compressorOf } from './compression.ts';
import type { Compress } from './ipc/body.ts';
import type { TableValues } from './ipc/columns.ts';
import { fileFooter, fileHead } from './ipc/head-and-footer.ts';
import { batchMessage } from './ipc/messages.ts';
import type { ArrowSchema } from './ipc/schema.ts';

/** The committed part of a segment: its bytes from 0 on, and the batches in them. */
export interface SegmentState {
  readonly committedBytes: number;
  readonly blocks: readonly BatchBlock[];
  /** Of the bytes before the first batch; where it is absent, nothing is checked. */
  readonly headCrc32?: number;
}

export const EMPTY_SEGMENT: SegmentState = { committedBytes: 0, blocks: [] };

/** The name of a segment while it is open. */
export const openName = (file: string): string => `${file}.part`;

/**
 * Appends batches to an open segment. The caller commits what `finish` returns, or does not, and then nothing happened.
 */
export class SegmentAppender {
  readonly #schema: ArrowSchema;
  readonly #compress: Compress | null;
  readonly #file: string;
  readonly #descriptor: number;
  /** CRC-32 of the head; null where the file had one already. */
  readonly #headCrc32: number | null = null;
  readonly #blocks: BatchBlock[] = [];
  #endBytes: number;
  #isOpen = true;

  /** Opens `file` (without `.part`), creating it where nothing is committed, and cuts off whatever is not committed. */
  constructor(
    file: string,
    schema: ArrowSchema,
    { committedBytes, compression = 'none' }: Pick<SegmentState, 'committedBytes'> & { compression?: CompressionName },
  ) {
    this.#schema = schema;
    this.#compress = compressorOf(compression);
    this.#file = openName(file);
    this.#endBytes = committedBytes;
    this.#descriptor = withPath(this.#file, () => openPlain(this.#file, committedBytes === 0 ? 'create' : 'change'));
    try {
      cutTo(committedBytes, this.#file, this.#descriptor);
      if (committedBytes === 0) this.#headCrc32 = this.#write([fileHead(schema).bytes]);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** Writes the first `rowCount` rows as one batch, at once: the arrays are free again on return. */
  append(rows: TableValues, rowCount: number): void {
    const offset = this.#endBytes;
    const { chunks, metadataBytes, bodyBytes } = batchMessage(this.#schema, { rows, rowCount }, this.#compress);
    this.#blocks.push({ offset, metadataBytes, bodyBytes, rows: rowCount, crc32: this.#write(chunks) });
  }

  /**
   * Makes everything appended durable, closes the file and returns the batches appended and the bytes up to their end.
   */
  finish(): { readonly endBytes: number; readonly blocks: BatchBlock[]; readonly headCrc32?: number } {
    try {
      withPath(this.#file, () => {
        fdatasyncSync(this.#descriptor);
        // The folder may not yet know of a new file.
        if (this.#headCrc32 !== null) syncFolderOf(this.#file);
      });
      const headCrc32 = this.#headCrc32 === null ? {} : { headCrc32: this.#headCrc32 };
      return { endBytes: this.#endBytes, blocks: this.#blocks, ...headCrc32 };
    } finally {
      this.abandon();
    }
  }

  /** Writes to the end of the file and returns the CRC-32 of what it wrote. */
  #write(chunks: readonly Uint8Array[]): number {
    withPath(this.#file, () => writeAt(this.#descriptor, this.#endBytes, chunks));
    this.#endBytes += chunks.reduce((sum, { length }) => sum + length, 0);
    return chunks.reduce((sum, bytes) => crc32(bytes, sum), 0);
  }

  /** Closes the file, where it is open, and leaves what was appended since as debris. */
  abandon(): void {
    if (this.#isOpen) closeSync(this.#descriptor);
    this.#isOpen = false;
  }
}

/**
 * How an open segment becomes a finished one: by getting its name, unless there is a file of that name (`link`) or over
 * one that is there (`replace`), or as a copy of what is committed (`copy`). One that another session wrote is copied:
 * should its process not be gone after all, it has nothing of the finished file in its hands.
 */
export type Sealing = 'link' | 'replace' | 'copy';

/** Turns an open segment into a finished Arrow file of its committed batches; without any, removes it. */
export function sealSegment(file: string, schema: ArrowSchema, state: SegmentState, sealing: Sealing = 'link'): void {
  const { committedBytes, blocks } = state;
  const open = openName(file);
  withPath(open, () => {
    if (blocks.length === 0) return removeDurably(open);
    const target = sealing === 'copy' ? `${file}.new` : open;
    if (sealing === 'copy') copyPrefix(open, target, committedBytes);
    const descriptor = openPlain(target, 'change');
    try {
      cutTo(committedBytes, target, descriptor);
      writeAt(descriptor, committedBytes, [footerOf(schema, state, target)]);
      fdatasyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (sealing === 'link') linkOrRename(open, file);
    else renameSync(target, file);
    syncFolderOf(file);
    if (sealing === 'replace') return;
    removeDurably(open);
  });
}

/**
 * Gives a file a name that nothing has yet: a session that has taken over may have finished the segment in the
 * meantime.
 */
function linkOrRename(open: string, file: string): void {
  try {
    linkSync(open, file);
  } catch (error) {
    if (!NO_LINKS.includes(systemErrorCode(error) ?? '')) throw error;
    renameSync(open, file);
  }
}

const COPIED_BYTES = 1024 * 1024;

/** Copies the first bytes of a file into a new one. */
function copyPrefix(from: string, to: string, bytes: number): void {
  const source = openPlain(from, 'read');
  const target = openAside(to);
  try {
    const chunk = Buffer.alloc(Math.min(COPIED_BYTES, bytes));
    for (let at = 0; at < bytes; ) {
      const count = readSync(source, chunk, 0, Math.min(chunk.length, bytes - at), at);
      if (count === 0) break; // too short, which is told by whoever cuts the copy
      writeSync(target, chunk, 0, count, at);
      at += count;
    }
  } finally {
    closeSync(target);
    closeSync(source);
  }
}

/**
 * Gives a finished segment its footer again where that is not the one of its committed batches: nothing crashes so, but
 * a disk may have lost it, or the journal what it covers.
 */
export function mendFooter(file: string, schema: ArrowSchema, state: SegmentState): void {
  withPath(file, () => {
    const descriptor = openPlain(file, 'change');
    try {
      const { committedBytes } = state;
      const expected = footerOf(schema, state, file);
      const found = Buffer.alloc(expected.length + 1);
      const foundBytes = readSync(descriptor, found, 0, found.length, committedBytes);
      if (expected.equals(found.subarray(0, foundBytes))) return;
      cutTo(committedBytes, file, descriptor);
      writeAt(descriptor, committedBytes, [expected]);
      fdatasyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/**
 * The footer of what is committed. The places of the dictionaries in it are right only where the file has the head of
 * this Gyre.
 */
function footerOf(schema: ArrowSchema, { blocks }: SegmentState, file: string): Buffer {
  const head = fileHead(schema);
  if (blocks.length > 0 && blocks[0].offset !== head.bytes.length)
    throw new RunError({
      where: file,
      got: `a head of ${blocks[0].offset} bytes, as the journal says`,
      expected: `the ${head.bytes.length} bytes that this version of Gyre writes`,
      remedy: 'continue the run with the version that began it',
    });
  return fileFooter(schema, head, blocks);
}

/** Cuts off what is not committed. To cut a file that is too short would fill it up with zeros: it is damaged. */
function cutTo(committedBytes: number, file: string, descriptor: number): void {
  withPath(file, () => {
    const { size } = fstatSync(descriptor);
    if (size < committedBytes) {
      throw new RunError({
        where: file,
        got: `${size} bytes`,
        expected: `at least the ${committedBytes} bytes that are committed, as the journal says`,
        remedy: RESTORE_REMEDY,
      });
    }
    ftruncateSync(descriptor, committedBytes);
  });
}

/** Writes all chunks, one after another, from a position of a file on. */
function writeAt(descriptor: number, positionBytes: number, chunks: readonly Uint8Array[]): void {
  const left = chunks.filter(({ length }) => length > 0);
  for (let at = positionBytes; left.length > 0; ) {
    let writtenBytes = writevSync(descriptor, left, at);
    at += writtenBytes;
    while (left.length > 0 && writtenBytes >= left[0].length) writtenBytes -= (left.shift() as Uint8Array).length;
    if (writtenBytes > 0) left[0] = left[0].subarray(writtenBytes);
  }
}
