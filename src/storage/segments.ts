/**
 * Segments: Arrow IPC files that grow batch by batch. While open, a segment is `NAME.arrow.part`; sealing adds the footer and
 * takes `.part` off. Whatever follows the committed bytes of an open segment is debris of a task that was lost, and the next
 * task to append cuts it off first.
 *
 *     ARROW1·· │ schema │ dictionaries │ batch │ batch │ …            │ end of stream │ footer │ length │ ARROW1
 *     └───────────────── committed bytes ────────────────┘└ debris ┘   └─────────── written by sealing ─────────┘
 *
 * Dictionaries are known before the first row and never change. The schema message stands in front although the file format does without it: a cut file is then still a readable stream.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
  writevSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import { Message, type RecordBatch, type Schema } from 'apache-arrow';
import { FileBlock } from 'apache-arrow/ipc/metadata/file';
import type { BatchBlock } from '../../schemas/journal.ts';
import { RunError, systemErrorCode } from '../../schemas/problems.ts';
import type { CompressionName } from '../../schemas/trace.ts';
import { ArrowFileWriter } from './compression.ts';
import { NO_LINKS, RESTORE_REMEDY, removeIfThere, syncFolderOf, withPath } from './files.ts';
import { openAside, openPlain } from './plain-files.ts';

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

/** Appends batches to an open segment. The caller commits what `finish` returns, or does not, and then nothing happened. */
export class SegmentAppender {
  readonly #writer: SynchronousWriter;
  readonly #file: string;
  readonly #descriptor: number;
  /** Whether the folder does not yet know of the file for certain. */
  readonly #isNew: boolean;
  #isOpen = true;

  /**
   * Opens `file` (without `.part`), creating it where nothing is committed, and cuts off whatever is not committed. `empty` is a batch
   * without rows: the schema and the dictionaries.
   */
  constructor(
    file: string,
    empty: RecordBatch,
    { committedBytes, compression = 'none' }: Pick<SegmentState, 'committedBytes'> & { compression?: CompressionName },
  ) {
    this.#file = openName(file);
    this.#isNew = committedBytes === 0;
    this.#descriptor = withPath(this.#file, () => openPlain(this.#file, committedBytes === 0 ? 'create' : 'change'));
    try {
      cutTo(committedBytes, this.#file, this.#descriptor);
      this.#writer = new SynchronousWriter({
        file: this.#file,
        descriptor: this.#descriptor,
        empty,
        positionBytes: committedBytes,
        compression,
      });
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** Writes a batch at once; its buffers are free again on return. */
  append(batch: RecordBatch): void {
    this.#writer.append(batch);
  }

  /** Makes everything appended durable, closes the file and returns the batches appended and the bytes up to their end. */
  finish(): { readonly endBytes: number; readonly blocks: BatchBlock[]; readonly headCrc32?: number } {
    try {
      withPath(this.#file, () => {
        fdatasyncSync(this.#descriptor);
        if (this.#isNew) syncFolderOf(this.#file);
      });
      const { positionBytes: endBytes, appendedBlocks: blocks, headCrc32 } = this.#writer;
      return { endBytes, blocks, ...(headCrc32 !== null && { headCrc32 }) };
    } finally {
      this.abandon();
    }
  }

  /** Closes the file, where it is open, and leaves what was appended since as debris. */
  abandon(): void {
    if (this.#isOpen) closeSync(this.#descriptor);
    this.#isOpen = false;
  }
}

/**
 * How an open segment becomes a finished one: by getting its name, unless there is a file of that name (`link`) or over one that is there
 * (`replace`), or as a copy of what is committed (`copy`). One that another session wrote is copied: should its process not be gone after
 * all, it has nothing of the finished file in its hands.
 */
export type Sealing = 'link' | 'replace' | 'copy';

/** Turns an open segment into a finished Arrow file of its committed batches; without any, removes it. */
export function sealSegment(
  file: string,
  empty: RecordBatch,
  { committedBytes, blocks }: SegmentState,
  sealing: Sealing = 'link',
): void {
  const open = openName(file);
  withPath(open, () => {
    if (blocks.length === 0) return unlinkSync(open);
    const target = sealing === 'copy' ? `${file}.new` : open;
    if (sealing === 'copy') copyPrefix(open, target, committedBytes);
    const descriptor = openPlain(target, 'change');
    try {
      cutTo(committedBytes, target, descriptor);
      footerWriter({ file: target, descriptor, empty, positionBytes: committedBytes }).writeFooter(blocks);
      fdatasyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (sealing === 'link') linkOrRename(open, file);
    else renameSync(target, file);
    syncFolderOf(file);
    if (sealing === 'replace') return;
    removeIfThere(open);
    syncFolderOf(file); // After a power failure, tools that read whole folders would find the rows under both names.
  });
}

/** Gives a file a name that nothing has yet: a session that has taken over may have finished the segment in the meantime. */
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
 * Gives a finished segment its footer again where that is not the one of its committed batches: nothing crashes so, but a disk may have lost it, or
 * the journal what it covers.
 */
export function mendFooter(file: string, empty: RecordBatch, { committedBytes, blocks }: SegmentState): void {
  withPath(file, () => {
    const descriptor = openPlain(file, 'change');
    try {
      const writer = footerWriter({ file, descriptor, empty, positionBytes: committedBytes });
      const expected = writer.footerBytes(blocks);
      const found = Buffer.alloc(expected.length + 1);
      const foundBytes = readSync(descriptor, found, 0, found.length, committedBytes);
      if (expected.equals(found.subarray(0, foundBytes))) return;
      cutTo(committedBytes, file, descriptor);
      writer.writeFooter(blocks);
      fdatasyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** A footer is never compressed. */
function footerWriter(of: { file: string; descriptor: number; empty: RecordBatch; positionBytes: number }) {
  return new SynchronousWriter({ ...of, compression: 'none' });
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

/**
 * Arrow's file writer with three more changes: it starts at any position of a file, it writes the schema message, and it writes
 * synchronously, so that a batch's buffers can be used again.
 */
class SynchronousWriter extends ArrowFileWriter {
  readonly appendedBlocks: BatchBlock[] = [];
  /** Of what was written before the first batch; null where the file had it already. */
  readonly headCrc32: number | null;
  readonly #file: string;
  readonly #descriptor: number;
  /** Bytes of the file that are written; `_position` runs ahead by what is not. */
  #writtenBytes: number;

  constructor(of: {
    file: string;
    descriptor: number;
    empty: RecordBatch;
    positionBytes: number;
    compression: CompressionName;
  }) {
    const { file, descriptor, empty, positionBytes } = of;
    super(of.compression);
    this.#file = file;
    this.#descriptor = descriptor;
    this.#writtenBytes = positionBytes;
    this._schema = empty.schema;
    this._started = true;
    // Made for a segment that has them already too: the footer says where the dictionaries stand.
    // Not compressed, so that whoever writes the footer finds them where they stand without having to know how batches are.
    const compression = this._compression;
    this._compression = null;
    this._writeSchema(empty.schema);
    super._writeDictionaries(empty);
    this._compression = compression;
    const head = this.takeChunks();
    this.headCrc32 = positionBytes === 0 ? crc32Of(head) : null;
    if (positionBytes === 0) this.#writeOut(head);
    else this._position = positionBytes;
  }

  get positionBytes(): number {
    return this._position;
  }

  append(batch: RecordBatch): void {
    this._writeRecordBatch(batch);
    const chunks = this.takeChunks();
    const block = this._recordBatchBlocks[this._recordBatchBlocks.length - 1];
    this.appendedBlocks.push({
      offset: block.offset,
      metadataBytes: block.metaDataLength,
      bodyBytes: block.bodyLength,
      rows: batch.numRows,
      crc32: crc32Of(chunks),
    });
    this.#writeOut(chunks);
  }

  writeFooter(blocks: readonly BatchBlock[]): void {
    this.#writeOut(this.#footerChunks(blocks));
  }

  /** What `writeFooter` would write. */
  footerBytes(blocks: readonly BatchBlock[]): Buffer {
    const { _position } = this;
    const bytes = Buffer.concat(this.#footerChunks(blocks));
    this._position = _position;
    return bytes;
  }

  #footerChunks(blocks: readonly BatchBlock[]): Uint8Array[] {
    this._recordBatchBlocks = blocks.map((block) => new FileBlock(block.metadataBytes, block.bodyBytes, block.offset));
    this._writeFooter(this._schema as Schema);
    return this.takeChunks();
  }

  protected override _writeSchema(schema: Schema): this {
    super._writeSchema(schema); // the magic bytes
    return this._writeMessage(Message.from(schema));
  }

  /** The dictionaries of a batch are those that the segment began with. */
  protected override _writeDictionaries(_batch: RecordBatch): this {
    return this;
  }

  /** Writes chunks to the end of the file, and is left with none. */
  #writeOut(chunks: Uint8Array[]): void {
    withPath(this.#file, () => {
      while (chunks.length > 0) {
        let writtenBytes = writevSync(this.#descriptor, chunks, this.#writtenBytes);
        this.#writtenBytes += writtenBytes;
        while (chunks.length > 0 && writtenBytes >= chunks[0].byteLength) {
          writtenBytes -= (chunks.shift() as Uint8Array).byteLength;
        }
        if (writtenBytes > 0) chunks[0] = chunks[0].subarray(writtenBytes);
      }
    });
  }
}

function crc32Of(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, bytes) => crc32(bytes, sum), 0);
}
