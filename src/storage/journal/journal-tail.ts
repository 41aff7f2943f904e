/**
 * Reads a journal that another process, or this one, continues to write: each look returns the records that have become
 * whole since the last one. A frame that is half written is left for the next look; a session that another one has
 * continued is read up to there and no further.
 */
import { closeSync, fstatSync, readSync } from 'node:fs';
import type { HeaderRecord, JournalPosition, JournalRecord } from '../../../schemas/journal.ts';
import { RunError, systemErrorCode } from '../../../schemas/problems.ts';
import { withPath } from '../files.ts';
import { FRAME_HEADER_BYTES, framePayloadAt } from '../frames.ts';
import { openPlain } from '../plain-files.ts';
import { checkedHeader, journalFile, sessionsIn } from './journal.ts';
import { checkedRecord } from './journal-records.ts';

/** Bytes of a file's first frame at most. */
const HEADER_BYTES_MAX = 256;

/** A reader that remembers how far it has read. */
export class JournalTail {
  readonly #folder: string;
  /** Where it stands; null before there is a journal. */
  #at: JournalPosition | null = null;
  /** By session, as they are found to be whole. */
  readonly #headers = new Map<number, HeaderRecord>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The records since the last look; none where there is no journal yet.
   *
   * @throws RunError where records that were read count no more, since another session went on before them.
   */
  read(): JournalRecord[] {
    const records: JournalRecord[] = [];
    for (const { session, bytes } of this.#partsAhead()) {
      const from = this.#at?.session === session ? this.#at.bytes : 0;
      const found = this.#bytesOf(session, from, bytes);
      let offset = 0;
      for (let payload = framePayloadAt(found, 0); payload !== null; payload = framePayloadAt(found, offset)) {
        const place = { path: journalFile(this.#folder, session), byte: from + offset, session };
        records.push(checkedRecord(payload, place));
        offset += FRAME_HEADER_BYTES + payload.length;
      }
      this.#at = { session, bytes: from + offset };
    }
    return records;
  }

  /** What is left to read, file by file: to a byte, or to the end of the last one. */
  #partsAhead(): JournalPosition[] {
    const sessions = sessionsIn(this.#folder).filter((session) => session > (this.#at?.session ?? 0));
    const last = sessions.findLast((session) => this.#headerOf(session) !== null) ?? this.#at?.session;
    if (last === undefined) return [];
    const parts: JournalPosition[] = [{ session: last, bytes: Number.POSITIVE_INFINITY }];
    while (parts[0].session !== this.#at?.session) {
      const after = this.#headerOf(parts[0].session)?.after ?? null;
      if (after === null && this.#at === null) break;
      if (after === null || after.session < (this.#at?.session ?? 0)) throw this.#overtaken();
      parts.unshift(after);
    }
    if (parts[0].bytes < (this.#at?.bytes ?? 0)) throw this.#overtaken();
    return parts;
  }

  #overtaken(): RunError {
    return new RunError({
      where: this.#folder,
      got: 'a session that went on before what the last one has written',
      expected: 'the history that was read so far',
      remedy: 'run the same command again',
    });
  }

  #headerOf(session: number): HeaderRecord | null {
    const known = this.#headers.get(session);
    if (known !== undefined) return known;
    const payload = framePayloadAt(this.#bytesOf(session, 0, HEADER_BYTES_MAX), 0);
    if (payload === null) return null;
    const path = journalFile(this.#folder, session);
    const header = checkedHeader(checkedRecord(payload, { path, byte: 0, session }), path, session);
    this.#headers.set(session, header);
    return header;
  }

  /** What stands in a session's file from one byte to another, as far as it is there. */
  #bytesOf(session: number, from: number, until: number): Buffer {
    const path = journalFile(this.#folder, session);
    try {
      return withPath(path, () => {
        const descriptor = openPlain(path, 'read');
        try {
          const length = Math.max(0, Math.min(until, fstatSync(descriptor).size) - from);
          const bytes = Buffer.alloc(length);
          return bytes.subarray(0, readSync(descriptor, bytes, 0, length, from));
        } finally {
          closeSync(descriptor);
        }
      });
    } catch (error) {
      if (error instanceof RunError && systemErrorCode(error.cause) === 'ENOENT') return Buffer.alloc(0);
      throw error;
    }
  }
}
