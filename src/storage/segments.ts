/**
 * Segments: Arrow IPC files that grow batch by batch. While open, a segment is `NAME.arrow.part`; sealing adds the footer and
 * takes `.part` off. Whatever follows the committed bytes of an open segment is debris of a task that was lost, and the next
 * task to append cuts it off first.
 *
 *     ARROW1·· │ schema │ batch │ batch │ …            │ end of stream │ footer │ length │ ARROW1
 *     └───────── committed bytes ─────────┘└ debris ┘   └─────────── written by sealing ─────────┘
 *
 * The schema message stands in front although the file format does without it: a cut file is then still a readable stream.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  renameSync,
  unlinkSync,
  writevSync,
} from 'node:fs';
import { Message, type RecordBatch, type Schema } from 'apache-arrow';
import { FileBlock } from 'apache-arrow/ipc/metadata/file';
import { RunError } from '../../schemas/problems.ts';
import type { CompressionName } from '../../schemas/trace.ts';
import { ArrowFileWriter } from './compression.ts';
import { syncFolderOf, withPath } from './files.ts';

/** Where one record batch stands in a segment. */
export interface BatchBlock {
  readonly offset: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
  readonly rows: number;
}

/** The committed part of a segment: its bytes from 0 on, and the batches in them. */
export interface SegmentState {
  readonly committedBytes: number;
  readonly blocks: readonly BatchBlock[];
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

  /** Opens `file` (without `.part`), creating it where nothing is committed, and cuts off whatever is not committed. */
  constructor(
    file: string,
    schema: Schema,
    { committedBytes, compression = 'none' }: Pick<SegmentState, 'committedBytes'> & { compression?: CompressionName },
  ) {
    this.#file = openName(file);
    this.#isNew = committedBytes === 0;
    this.#descriptor = withPath(this.#file, () => openSync(this.#file, committedBytes === 0 ? 'w' : 'r+'));
    try {
      cutTo(committedBytes, this.#file, this.#descriptor);
      this.#writer = new SynchronousWriter({
        file: this.#file,
        descriptor: this.#descriptor,
        schema,
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
  finish(): { readonly endBytes: number; readonly blocks: BatchBlock[] } {
    try {
      withPath(this.#file, () => {
        fdatasyncSync(this.#descriptor);
        if (this.#isNew) syncFolderOf(this.#file);
      });
      return { endBytes: this.#writer.positionBytes, blocks: this.#writer.appendedBlocks };
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

/** Turns an open segment into a finished Arrow file of its committed batches; without any, removes it. */
export function sealSegment(file: string, schema: Schema, { committedBytes, blocks }: SegmentState): void {
  const open = openName(file);
  withPath(open, () => {
    if (blocks.length === 0) return unlinkSync(open);
    const descriptor = openSync(open, 'r+');
    try {
      cutTo(committedBytes, open, descriptor);
      const writer = new SynchronousWriter({
        file: open,
        descriptor,
        schema,
        positionBytes: committedBytes,
        compression: 'none', // a footer is not
      });
      writer.writeFooter(blocks);
      fdatasyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(open, file);
    syncFolderOf(file);
  });
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
        remedy: 'restore it from a copy, or start the run anew in another folder with --out',
      });
    }
    ftruncateSync(descriptor, committedBytes);
  });
}

/**
 * Arrow's file writer with three changes: it starts at any position of a file, it writes the schema message, and it writes
 * synchronously, so that a batch's buffers can be used again (its own queue keeps references and has no bound).
 */
class SynchronousWriter extends ArrowFileWriter {
  readonly appendedBlocks: BatchBlock[] = [];
  readonly #file: string;
  readonly #descriptor: number;
  #pending: Uint8Array[] = [];
  /** Bytes of the file that are written; `_position` runs ahead by what is pending. */
  #writtenBytes: number;

  constructor(of: {
    file: string;
    descriptor: number;
    schema: Schema;
    positionBytes: number;
    compression: CompressionName;
  }) {
    const { file, descriptor, schema, positionBytes } = of;
    super(of.compression);
    this.#file = file;
    this.#descriptor = descriptor;
    this.#writtenBytes = positionBytes;
    this._position = positionBytes;
    this._schema = schema;
    this._started = true;
    if (positionBytes === 0) {
      this._writeSchema(schema);
      this.#flush();
    }
  }

  get positionBytes(): number {
    return this._position;
  }

  append(batch: RecordBatch): void {
    this._writeRecordBatch(batch);
    const block = this._recordBatchBlocks[this._recordBatchBlocks.length - 1];
    this.appendedBlocks.push({
      offset: block.offset,
      metadataBytes: block.metaDataLength,
      bodyBytes: block.bodyLength,
      rows: batch.numRows,
    });
    this.#flush();
  }

  writeFooter(blocks: readonly BatchBlock[]): void {
    this._recordBatchBlocks = blocks.map((block) => new FileBlock(block.metadataBytes, block.bodyBytes, block.offset));
    this._writeFooter(this._schema as Schema);
    this.#flush();
  }

  protected override _writeSchema(schema: Schema): this {
    super._writeSchema(schema); // the magic bytes
    return this._writeMessage(Message.from(schema));
  }

  protected override _write(chunk: ArrayBufferView): this {
    if (chunk.byteLength > 0) {
      this.#pending.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      this._position += chunk.byteLength;
    }
    return this;
  }

  #flush(): void {
    withPath(this.#file, () => {
      while (this.#pending.length > 0) {
        let writtenBytes = writevSync(this.#descriptor, this.#pending, this.#writtenBytes);
        this.#writtenBytes += writtenBytes;
        while (this.#pending.length > 0 && writtenBytes >= this.#pending[0].byteLength) {
          writtenBytes -= (this.#pending.shift() as Uint8Array).byteLength;
        }
        if (writtenBytes > 0) this.#pending[0] = this.#pending[0].subarray(writtenBytes);
      }
    });
  }
}
