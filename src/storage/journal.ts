/**
 * The journal: an append-only file of frames. Main alone appends. A frame cut short at the end of the file is what a crash leaves and is dropped; a
 * damaged frame with others behind it is damage, and is refused: to drop it would drop the commits behind it as well.
 */
import { closeSync, fdatasyncSync, ftruncateSync, writeSync } from 'node:fs';
import type { HeaderRecord, JournalRecord } from '../../schemas/journal.ts';
import { RunError } from '../../schemas/problems.ts';
import { FORMAT_VERSION } from '../../schemas/trace.ts';
import { RESTORE_REMEDY, syncFolderOf, withPath, writeFileAtomically } from './files.ts';
import { FRAME_HEADER_BYTES, framePayloadAt, packFrame } from './frames.ts';
import { checkedRecord } from './journal-records.ts';
import { hasPlainFile, openPlain, readPlain } from './plain-files.ts';

/** A commit of 10⁵ networks takes 8 MB; a longer length can only be damage. */
const PAYLOAD_BYTES_MAX = 256 * 1024 * 1024;
/** Hundreds of times what the longest runs take. */
const JOURNAL_BYTES_MAX = 1024 * 1024 * 1024;
/** More than the first frame ever takes: of a longer file it is whole. */
const FIRST_FRAME_BYTES_MAX = 128;
/** Every payload is a map whose first key is `kind`: this behind a fixmap's one byte or a map16's three. */
const FIRST_KEY = Buffer.from('\xa4kind', 'latin1');
const MAP_HEADER_BYTES = [1, 3];

/** A journal open for appending. */
export class Journal {
  readonly #path: string;
  readonly #descriptor: number;
  #wholeBytes: number;
  /** What went wrong with an earlier record. Behind half a frame nothing could be read, so nothing more is written. */
  #failure: unknown = null;

  private constructor(path: string, descriptor: number, wholeBytes: number) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#wholeBytes = wholeBytes;
  }

  /** Creates the journal of a new run. */
  static create(path: string, runKey: string): Journal {
    const journal = new Journal(
      path,
      withPath(path, () => openPlain(path, 'create')),
      0,
    );
    journal.append({ kind: 'header', formatVersion: FORMAT_VERSION, runKey });
    withPath(path, () => syncFolderOf(path));
    return journal;
  }

  /** Opens an existing journal behind its last whole frame, cutting off what a crash left. */
  static resume(path: string, { wholeBytes }: JournalContent): Journal {
    const descriptor = withPath(path, () => openPlain(path, 'change'));
    withPath(path, () => ftruncateSync(descriptor, wholeBytes));
    closeSync(descriptor);
    return new Journal(
      path,
      withPath(path, () => openPlain(path, 'append')),
      wholeBytes,
    );
  }

  /**
   * Appends a record. All but snapshots are durable on return: nothing depends on a snapshot.
   *
   * @throws RunError where the disk fails, and from then on.
   */
  append(record: JournalRecord): void {
    if (this.#failure !== null) throw this.#failure;
    try {
      this.#write(record);
    } catch (error) {
      this.#failure = error;
      this.#cutFailed();
      throw error;
    }
  }

  /**
   * A record that was written but not synced may be whole, and would commit rows that the run, told of the failure, is about
   * to cut off.
   */
  #cutFailed(): void {
    try {
      ftruncateSync(this.#descriptor, this.#wholeBytes);
    } catch {
      // The disk has failed and that is being told; what is half a frame will be cut off by `resume`.
    }
  }

  #write(record: JournalRecord): void {
    const frame = packFrame(record);
    withPath(this.#path, () => {
      for (let written = 0; written < frame.length; ) written += writeSync(this.#descriptor, frame, written);
      if (record.kind !== 'snapshot') fdatasyncSync(this.#descriptor);
      this.#wholeBytes += frame.length;
    });
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Writes a journal as a whole. */
export function writeJournal(path: string, records: readonly [HeaderRecord, ...JournalRecord[]]): void {
  writeFileAtomically(path, Buffer.concat(records.map(packFrame)));
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
  if (!hasPlainFile(path)) return null;
  const bytes = readPlain(path, JOURNAL_BYTES_MAX);
  const records: JournalRecord[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const frame = frameAt(bytes, offset);
    if (frame === 'cut') break;
    if (frame === 'damaged') {
      if (offset === 0) throw notAJournal(path);
      throw new RunError({
        where: `${path}, byte ${offset}`,
        got: 'a damaged frame',
        expected: 'a frame whose CRC-32 is right',
        remedy: RESTORE_REMEDY,
      });
    }
    records.push(checkedRecord(frame, { path, byte: offset }));
    offset += FRAME_HEADER_BYTES + frame.length;
  }
  const header = records[0];
  if (header === undefined) {
    if (bytes.length <= FIRST_FRAME_BYTES_MAX) return null;
    throw notAJournal(path);
  }
  if (header.kind !== 'header') throw notAJournal(path);
  return { header, records, wholeBytes: offset };
}

function notAJournal(path: string): RunError {
  return new RunError({
    where: `${path}, byte 0`,
    got: 'something else, or a damaged first frame',
    expected: 'the journal of a Gyre run',
    remedy: RESTORE_REMEDY,
  });
}

/**
 * The payload of the frame at `offset`. A frame that ends at or beyond the end of the file and is not right is `cut`: its
 * bytes were on their way when the process died, or were never written where the machine died (zeros). One that is not right
 * with bytes behind it is `damaged`, and so is one whose wrong length hides whole frames.
 */
function frameAt(bytes: Buffer, offset: number): Buffer | 'cut' | 'damaged' {
  const payload = framePayloadAt(bytes, offset);
  if (payload !== null) return payload;
  if (offset + FRAME_HEADER_BYTES > bytes.length) return 'cut';
  const length = bytes.readUInt32LE(offset);
  if (length === 0) return bytes.subarray(offset).every((byte) => byte === 0) ? 'cut' : 'damaged';
  if (length > PAYLOAD_BYTES_MAX || offset + FRAME_HEADER_BYTES + length < bytes.length) return 'damaged';
  return hasWholeFrameBehind(bytes, offset) ? 'damaged' : 'cut';
}

function hasWholeFrameBehind(bytes: Buffer, offset: number): boolean {
  for (let key = bytes.indexOf(FIRST_KEY, offset); key >= 0; key = bytes.indexOf(FIRST_KEY, key + 1)) {
    for (const mapHeaderBytes of MAP_HEADER_BYTES) {
      const frame = key - mapHeaderBytes - FRAME_HEADER_BYTES;
      if (frame > offset && framePayloadAt(bytes, frame) !== null) return true;
    }
  }
  return false;
}
