/**
 * The journal: a folder with one append-only file of frames per session, written by that session alone. A process that
 * wakes up after another one has taken its run over can therefore damage nothing: whatever it still appends stands
 * behind the byte at which its successor went on.
 *
 *     0001.msgpack   header │ session │ commit │ commit ┊ a frame cut short, or a record that came too late
 *                                                       ▲
 *     0002.msgpack   header { after: session 1, bytes ──┘ } │ session │ commit │ …
 *
 * A session first creates its file, which only one process can do, then reads what there is, and then writes its
 * header. An append is acknowledged once it is durable and no later file exists: a later session that was not there at
 * that moment will read the record. The history ends with the last file that has a header. A frame cut short at its end
 * is what a crash leaves and is dropped; any other frame that is not right is damage, and is refused.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  readdirSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { HeaderRecord, JournalPosition, JournalRecord } from '../../../schemas/journal.ts';
import { RunError, systemErrorCode } from '../../../schemas/problems.ts';
import { FORMAT_VERSION } from '../../../schemas/trace.ts';
import { makeFolder, RESTORE_REMEDY, removeIfThere, syncFolderOf, withPath, writeFileAtomically } from '../files.ts';
import { FRAME_HEADER_BYTES, framePayloadAt, packFrame } from '../frames.ts';
import { isName, sessionOfName } from '../names.ts';
import { hasPlainFile, openNew, readPlain } from '../plain-files.ts';
import { checkedRecord } from './journal-records.ts';

/** A commit of 10⁵ networks takes 8 MB; a longer length can only be damage. */
const PAYLOAD_BYTES_MAX = 256 * 1024 * 1024;
/** Hundreds of times what the longest runs take. */
const JOURNAL_BYTES_MAX = 1024 * 1024 * 1024;
/** More than the first frame ever takes: of a longer file it is whole. */
const FIRST_FRAME_BYTES_MAX = 256;
/** Every payload is a map whose first key is `kind`: this behind a fixmap's one byte or a map16's three. */
const FIRST_KEY = Buffer.from('\xa4kind', 'latin1');
const MAP_HEADER_BYTES = [1, 3];

/** The file of a session. Sessions count from 1. */
export const journalFile = (folder: string, session: number): string =>
  join(folder, `${String(session).padStart(4, '0')}.msgpack`);

/** Numbers of the sessions that have a file, ascending. */
export function sessionsIn(folder: string): number[] {
  if (!existsSync(folder)) return [];
  const names = withPath(folder, () => readdirSync(folder));
  return names.flatMap((name) => (isName('journal', name) ? [sessionOfName(name)] : [])).sort((a, b) => a - b);
}

/** What a session's header says of the run, and of the place that it continues from. */
export type SessionOrigin = Pick<HeaderRecord, 'runKey' | 'epochs' | 'sweepHash' | 'after'>;

/**
 * The file of a new session before it has a header. It counts for nothing yet, but keeps every earlier session from
 * acknowledging another record. `begin` or `abandon` must be called once.
 */
export class NewJournal {
  readonly session: number;
  readonly #path: string;
  readonly #descriptor: number;

  private constructor(session: number, path: string, descriptor: number) {
    this.session = session;
    this.#path = path;
    this.#descriptor = descriptor;
  }

  /** Creates the file of the next session in a journal's folder, which is made where there is none. */
  static make(folder: string): NewJournal {
    makeFolder(folder);
    for (let session = 1 + (sessionsIn(folder).at(-1) ?? 0); ; session++) {
      const path = journalFile(folder, session);
      const descriptor = createdExclusively(path);
      if (descriptor !== null) return new NewJournal(session, path, descriptor);
    }
  }

  /** The header of the session, in this version of the format. */
  headerOf(origin: SessionOrigin): HeaderRecord {
    return { kind: 'header', formatVersion: FORMAT_VERSION, session: this.session, ...origin };
  }

  /**
   * Writes the header, which makes the session the one that continues from its `after`.
   *
   * @param guard throws where this process may not write to the run any more; called before each append.
   */
  begin(header: HeaderRecord, guard: () => void = () => {}): Journal {
    const journal = new Journal({ path: this.#path, descriptor: this.#descriptor, session: this.session, guard });
    journal.append(header);
    withPath(this.#path, () => syncFolderOf(this.#path));
    return journal;
  }

  /**
   * Removes the file: nothing was said in it. Where that fails, whoever opens the journal next takes it for what it is,
   * and what led here says more.
   */
  abandon(): void {
    closeSync(this.#descriptor);
    removeIfThere(this.#path);
  }
}

function createdExclusively(path: string): number | null {
  return withPath(path, () => {
    try {
      return openNew(path);
    } catch (error) {
      if (systemErrorCode(error) === 'EEXIST') return null;
      throw error;
    }
  });
}

/** The journal of a session, open for appending. */
export class Journal {
  readonly session: number;
  readonly #path: string;
  readonly #successor: string;
  readonly #descriptor: number;
  readonly #guard: () => void;
  #wholeBytes = 0;
  /** What went wrong with an earlier record. Behind half a frame nothing could be read, so nothing more is written. */
  #failure: unknown = null;

  constructor(file: { path: string; descriptor: number; session: number; guard: () => void }) {
    this.session = file.session;
    this.#path = file.path;
    this.#successor = journalFile(join(file.path, '..'), file.session + 1);
    this.#descriptor = file.descriptor;
    this.#guard = file.guard;
  }

  /**
   * Appends a record. All but snapshots are durable on return: nothing depends on a snapshot.
   *
   * @throws RunError where the disk fails, the run belongs to another process by now, or somebody has removed or
   *   changed the file; and from then on.
   */
  append(record: JournalRecord): void {
    this.check();
    try {
      this.#write(record);
    } catch (error) {
      this.#failure = error;
      this.#cutFailed();
      throw error;
    }
    this.#orFail(() => this.#refuseSuccessor());
  }

  /** Throws where nothing more may be written: what `append` looks at before it writes. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
    this.#orFail(() => {
      this.#guard();
      this.#refuseSuccessor();
      this.#checkFile();
    });
  }

  #orFail(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** The file must be the one that this session created, and as long as it left it. */
  #checkFile(): void {
    const own = withPath(this.#path, () => fstatSync(this.#descriptor, { bigint: true }));
    const found = withPath(this.#path, () => statSync(this.#path, { bigint: true, throwIfNoEntry: false }));
    if (found === undefined) throw changed(this.#path, 'a journal that was removed while the run was being trained');
    if (found.ino !== own.ino || found.dev !== own.dev)
      throw changed(this.#path, 'another file in place of the journal');
    if (own.size !== BigInt(this.#wholeBytes))
      throw changed(this.#path, `${own.size} bytes, of which this process has written ${this.#wholeBytes}`);
  }

  #refuseSuccessor(): void {
    if (!existsSync(this.#successor)) return;
    throw new RunError({
      where: this.#path,
      got: `session ${this.session + 1} of the run, begun by another process`,
      expected: `session ${this.session}, of this process, to be the last one`,
      remedy: 'this process stops here; what it had committed until then is kept and was continued',
    });
  }

  /**
   * A record that was written but not synced may be whole, and would commit rows that the run, told of the failure, is
   * about to cut off.
   */
  #cutFailed(): void {
    try {
      if (!existsSync(this.#successor)) ftruncateSync(this.#descriptor, this.#wholeBytes);
    } catch {
      // The disk has failed and that is being told; half a frame is dropped by whoever reads it.
    }
  }

  #write(record: JournalRecord): void {
    const frame = packFrame(record);
    withPath(this.#path, () => {
      for (let written = 0; written < frame.length; )
        written += writeSync(this.#descriptor, frame, written, frame.length - written, this.#wholeBytes + written);
      if (record.kind !== 'snapshot') fdatasyncSync(this.#descriptor);
      this.#wholeBytes += frame.length;
    });
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function changed(where: string, got: string): RunError {
  return new RunError({
    where,
    got,
    expected: 'the file as this process left it',
    remedy: `nothing may change files of a run that is being trained; ${RESTORE_REMEDY}`,
  });
}

/** Writes a journal of one session, whose number need not be 1, as a whole. */
export function writeJournal(
  folder: string,
  { session, ...origin }: Omit<SessionOrigin, 'after'> & Pick<HeaderRecord, 'session'>,
  records: readonly JournalRecord[],
): void {
  const header = { kind: 'header', formatVersion: FORMAT_VERSION, session, ...origin, after: null } as const;
  makeFolder(folder);
  writeFileAtomically(journalFile(folder, session), Buffer.concat([header, ...records].map(packFrame)));
}

/** The history of a run. */
export interface JournalContent {
  readonly runKey: string;
  /** Of all sessions, in order, with their headers. */
  readonly records: readonly JournalRecord[];
  /** Where the history ends: the last session and the bytes of its file that are whole. */
  readonly end: JournalPosition;
  /** Which files it is read from, the first one first, each up to a byte. */
  readonly parts: readonly JournalPosition[];
}

/**
 * Reads the journal in a folder, or what of it stands before session `before`.
 *
 * @returns null where there is none, or where a crash left it before its first record was whole.
 * @throws RunError naming file and offset where a frame is damaged or missing, or the format is of another version.
 */
export function readJournal(folder: string, before = Number.POSITIVE_INFINITY): JournalContent | null {
  const sessions = sessionsIn(folder).filter((session) => session < before);
  const parts: { position: JournalPosition; records: JournalRecord[]; header: HeaderRecord }[] = [];
  for (const session of sessions.reverse()) {
    const last = readSession(folder, session, null);
    if (last === null) continue;
    parts.push(last);
    break;
  }
  for (let after = parts[0]?.header.after ?? null; after !== null; after = parts[0].header.after)
    parts.unshift(readEarlier(folder, after));
  const last = parts.at(-1);
  if (last === undefined) return null;
  for (const { header, position } of parts)
    if (header.runKey !== last.header.runKey)
      throw ofAnotherRun(journalFile(folder, position.session), header, last.header);
  return {
    runKey: last.header.runKey,
    records: parts.flatMap(({ records }) => records),
    end: last.position,
    parts: parts.map(({ position }) => position),
  };
}

/** A session that a later one has continued: all of its bytes up to there must be right. */
function readEarlier(folder: string, after: JournalPosition) {
  const path = journalFile(folder, after.session);
  const earlier = hasPlainFile(path) ? readSession(folder, after.session, after.bytes) : null;
  if (earlier !== null && earlier.position.bytes === after.bytes) return earlier;
  const wholeBytes = earlier?.position.bytes ?? 0;
  throw new RunError({
    where: earlier === null ? path : `${path}, byte ${wholeBytes}`,
    got: earlier === null ? 'nothing' : 'a damaged frame, or the end of the file',
    expected: `${after.bytes} whole bytes, behind which a later session went on`,
    remedy: RESTORE_REMEDY,
  });
}

/** The records of one session's file, up to byte `until` or to its end; null where there is no header yet. */
function readSession(folder: string, session: number, until: number | null) {
  const path = journalFile(folder, session);
  const all = readPlain(path, JOURNAL_BYTES_MAX);
  const bytes = until === null ? all : all.subarray(0, until);
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
    records.push(checkedRecord(frame, { path, byte: offset, session }));
    offset += FRAME_HEADER_BYTES + frame.length;
  }
  const header = records[0];
  if (header === undefined) {
    if (bytes.length <= FIRST_FRAME_BYTES_MAX) return null;
    throw notAJournal(path);
  }
  return { header: checkedHeader(header, path, session), records, position: { session, bytes: offset } };
}

/**
 * A first record that is the header of the session whose file it is in; earlier sessions have smaller numbers, so that
 * the history has an end.
 */
export function checkedHeader(header: JournalRecord, path: string, session: number): HeaderRecord {
  if (header.kind !== 'header') throw notAJournal(path);
  if (header.session !== session || (header.after?.session ?? 0) >= session) {
    throw new RunError({
      where: path,
      got: `the header of session ${header.session} after ${header.after?.session ?? 'none'}`,
      expected: `that of session ${session}, after an earlier one`,
      remedy: RESTORE_REMEDY,
    });
  }
  return header;
}

function ofAnotherRun(where: string, found: HeaderRecord, last: HeaderRecord): RunError {
  return new RunError({
    where,
    got: `a session of the run with key ${found.runKey}`,
    expected: `one of the run with key ${last.runKey}, which session ${last.session} continues`,
    remedy: RESTORE_REMEDY,
  });
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
 * The payload of the frame at `offset`. A frame that ends at or beyond the end of the file and is not right is `cut`:
 * its bytes were on their way when the process died, or were never written where the machine died (zeros). One that is
 * not right with bytes behind it is `damaged`, and so is one whose wrong length hides whole frames.
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
