/**
 * The journal: an append-only file of frames, each [u32 payload length][u32 CRC-32 of the payload][msgpack payload],
 * little-endian. Main alone appends. A frame cut short at the end of the file is what a crash leaves and is dropped; a
 * damaged frame with others behind it is damage, and is refused.
 */
import { closeSync, existsSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import type { HeaderRecord, JournalRecord } from '../../schemas/journal.ts';
import { RunError } from '../../schemas/problems.ts';
import { FORMAT_VERSION } from '../../schemas/trace.ts';
import { withPath } from './files.ts';

const FRAME_HEADER_BYTES = 8;
/** A commit of 10⁵ networks takes 8 MB; a longer length can only be damage. */
const PAYLOAD_BYTES_MAX = 256 * 1024 * 1024;

/** `moreTypes` keeps typed arrays (plain packing corrupts them); without `useRecords` every frame stands on its own. */
const packr = new Packr({ moreTypes: true, useRecords: false });

/** A journal open for appending. */
export class Journal {
  readonly #path: string;
  readonly #descriptor: number;

  private constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
  }

  /** Creates the journal of a new run. */
  static create(path: string, runKey: string): Journal {
    const journal = new Journal(path, withPath(path, () => openSync(path, 'w')));
    journal.append({ kind: 'header', formatVersion: FORMAT_VERSION, runKey });
    return journal;
  }

  /** Opens an existing journal behind its last whole frame, cutting off what a crash left. */
  static resume(path: string, { wholeBytes }: JournalContent): Journal {
    const descriptor = withPath(path, () => openSync(path, 'r+'));
    withPath(path, () => ftruncateSync(descriptor, wholeBytes));
    closeSync(descriptor);
    return new Journal(path, withPath(path, () => openSync(path, 'a')));
  }

  /** Appends a record. All but snapshots are durable on return: nothing depends on a snapshot. */
  append(record: JournalRecord): void {
    const payload = packr.pack(record);
    const header = Buffer.alloc(FRAME_HEADER_BYTES);
    header.writeUInt32LE(payload.length, 0);
    header.writeUInt32LE(crc32(payload), 4);
    withPath(this.#path, () => {
      const frame = Buffer.concat([header, payload]);
      for (let written = 0; written < frame.length; ) written += writeSync(this.#descriptor, frame, written);
      if (record.kind !== 'snapshot') fdatasyncSync(this.#descriptor);
    });
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The records of a journal and the bytes they take; a cut last frame is left out. */
export interface JournalContent {
  readonly header: HeaderRecord;
  readonly records: readonly JournalRecord[];
  readonly wholeBytes: number;
}

/**
 * Reads a journal.
 *
 * @returns null where there is none, or where a crash left it before its first record was whole.
 * @throws RunError naming file and offset where a frame is damaged, or the format is of another version.
 */
export function readJournal(path: string): JournalContent | null {
  if (!existsSync(path)) return null;
  const bytes = withPath(path, () => readFileSync(path));
  const records: JournalRecord[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const frame = frameAt(bytes, offset);
    if (frame === 'cut') break;
    if (frame === 'damaged') {
      throw new RunError({
        where: `${path}, byte ${offset}`,
        got: 'a damaged frame',
        expected: 'a frame whose CRC-32 is right',
        remedy: 'restore the file from a copy, or start the run anew in another folder with --out',
      });
    }
    records.push(packr.unpack(frame) as JournalRecord);
    offset += FRAME_HEADER_BYTES + frame.length;
  }
  const header = records[0];
  if (header === undefined) return null;
  if (header.kind !== 'header' || header.formatVersion !== FORMAT_VERSION) {
    throw new RunError({
      where: path,
      got: header.kind === 'header' ? `format version ${header.formatVersion}` : `a first record "${header.kind}"`,
      expected: `a journal of format version ${FORMAT_VERSION}`,
      remedy: 'read it with the version of Gyre that wrote it',
    });
  }
  return { header, records, wholeBytes: offset };
}

/**
 * The payload of the frame at `offset`. A frame that ends at or beyond the end of the file and is not right is `cut`: its
 * bytes were on their way when the process died. One that is not right with bytes behind it is `damaged`.
 */
function frameAt(bytes: Buffer, offset: number): Buffer | 'cut' | 'damaged' {
  if (offset + FRAME_HEADER_BYTES > bytes.length) return 'cut';
  const length = bytes.readUInt32LE(offset);
  const end = offset + FRAME_HEADER_BYTES + length;
  if (length > PAYLOAD_BYTES_MAX) return 'damaged';
  if (end > bytes.length) return 'cut';
  const payload = bytes.subarray(offset + FRAME_HEADER_BYTES, end);
  if (length > 0 && crc32(payload) === bytes.readUInt32LE(offset + 4)) return payload;
  return end === bytes.length ? 'cut' : 'damaged';
}
