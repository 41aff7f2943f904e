/**
 * Reads a journal that another process, or this one, goes on writing: each look returns the records that have become whole since the last
 * one. A frame that is half written is left for the next look.
 */
import { closeSync, fstatSync, readSync } from 'node:fs';
import type { JournalRecord } from '../../schemas/journal.ts';
import { RunError, systemErrorCode } from '../../schemas/problems.ts';
import { withPath } from './files.ts';
import { FRAME_HEADER_BYTES, framePayloadAt } from './frames.ts';
import { checkedRecord } from './journal-records.ts';
import { openPlain } from './plain-files.ts';

/** A reader that remembers how far it has read. */
export class JournalTail {
  readonly #path: string;
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The records since the last look; none where there is no journal yet. */
  read(): JournalRecord[] {
    const bytes = this.#newBytes();
    const records: JournalRecord[] = [];
    let at = 0;
    for (let payload = framePayloadAt(bytes, at); payload !== null; payload = framePayloadAt(bytes, at)) {
      records.push(checkedRecord(payload, { path: this.#path, byte: this.#offset + at }));
      at += FRAME_HEADER_BYTES + payload.length;
    }
    this.#offset += at;
    return records;
  }

  #newBytes(): Buffer {
    try {
      return withPath(this.#path, () => {
        const descriptor = openPlain(this.#path, 'read');
        try {
          const length = Math.max(0, fstatSync(descriptor).size - this.#offset);
          const bytes = Buffer.alloc(length);
          const read = readSync(descriptor, bytes, 0, length, this.#offset);
          return bytes.subarray(0, read);
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
