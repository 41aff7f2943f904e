/**
 * The journal gives back what was appended, bit for bit; loses nothing but a last frame that a crash cut short; and
 * refuses a damaged or a foreign file with words instead of dropping what stands behind the damage.
 */

import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import type { CommitRecord, JournalPosition, JournalRecord } from '../../../schemas/journal.ts';
import { RunError } from '../../../schemas/problems.ts';
import { RESULT_COLUMNS, resultArrays } from '../../../schemas/result-columns.ts';
import {
  type Journal,
  type JournalContent,
  journalFile,
  NewJournal,
  readJournal,
} from '../../../src/storage/journal/journal.ts';
import { onFullDisk } from '../../support/full-disk.ts';
import { NO_LABELS, SOME_LABELS } from '../../support/label-counts.ts';
import { scratchFolder } from '../../support/runs.ts';

const commit: CommitRecord = {
  kind: 'commit',
  elapsedMs: 900.25,
  epochs: 50,
  results: {
    network: Uint32Array.of(0, 999_999),
    outcome: ['non-finite', 'learned'],
    motion: [null, 'descending'],
    ...resultArrays(2, (name, row) => {
      if (RESULT_COLUMNS[name].kind === 'flag') return row;
      return RESULT_COLUMNS[name].column.type === 'u32'
        ? 7 * row
        : [name === 'lossFirst' ? -0 : Number.NaN, 5e-324][row];
    }),
    digest: Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 255),
  },
  unfinished: { network: Uint32Array.of(2, 3), epoch: 49, checkpoint: '0001-00002-49.msgpack' },
  kept: [],
  segments: [
    {
      table: 'epochs',
      file: '0001-00001.arrow',
      endBytes: 5_000_000_000,
      blocks: [{ offset: 1288, metadataBytes: 720, bodyBytes: 1_966_080, rows: 32_768, crc32: 7 }],
    },
    { table: 'blocks', file: '0001-00002.arrow', endBytes: 1000, blocks: [] },
  ],
  events: { counts: { spike: 7 }, notable: [{ network: 0, kind: 'spike', epoch: 5, height: 1.5 }] },
};

/** One record of every kind but the header, which `create` writes. */
const records: readonly JournalRecord[] = [
  {
    kind: 'session',
    startedAt: '2025-01-02T03:04:05.678Z',
    gyre: '0.1.0',
    node: 'v20.15.0',
    engine: 'kernel',
    threads: 16,
  },
  { kind: 'snapshot', elapsedMs: 1000.5, epochsTrained: 2 ** 40, networksDone: 3, labels: SOME_LABELS },
  commit,
  { kind: 'failed', network: Uint32Array.of(5, 6), reason: 'worker exited with code: 3' },
  { kind: 'end', reason: 'stopped', elapsedMs: 1234.5 },
];

const origin = { runKey: '0123abcd', epochs: 50, sweepHash: '0'.repeat(64) };

const headerOf = (claim: NewJournal, after: JournalPosition | null) => claim.headerOf({ ...origin, after });

/** A new session in a folder, which goes on from what there is. */
function begin(folder: string): Journal {
  const claim = NewJournal.make(folder);
  return claim.begin(headerOf(claim, readJournal(folder, claim.session)?.end ?? null));
}

/**
 * A journal of one session with the given records; returns its folder, the session's file and the offsets at which its
 * frames end, the header's first.
 */
function writeJournal(list: readonly JournalRecord[] = records): { folder: string; path: string; ends: number[] } {
  const folder = scratchFolder();
  const path = journalFile(folder, 1);
  const journal = begin(folder);
  const ends = [readFileSync(path).length];
  for (const record of list) {
    journal.append(record);
    ends.push(readFileSync(path).length);
  }
  journal.close();
  return { folder, path, ends };
}

/** Why a journal is not read; empty where it is. */
function refusalOf(folder: string): string {
  try {
    readJournal(folder);
    return '';
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return error.message;
  }
}

const contentOf = (folder: string): JournalContent => readJournal(folder) as JournalContent;
/** Without the headers of sessions. */
const recordsOf = (folder: string) => contentOf(folder).records.filter(({ kind }) => kind !== 'header');
const end: JournalRecord = { kind: 'end', reason: 'done', elapsedMs: 1 };

describe('a journal', () => {
  test('gives back every kind of record as it was appended, −0, NaN and ∞ in arrays included', () => {
    const { folder, ends } = writeJournal();
    const { runKey, records: read, end } = contentOf(folder);
    expect(runKey).toBe('0123abcd');
    expect(read[0]).toEqual({ kind: 'header', formatVersion: 4, session: 1, ...origin, after: null });
    expect(read.slice(1)).toEqual(records);
    expect(end).toEqual({ session: 1, bytes: ends.at(-1) });
    const { lossFirst, network } = (read[3] as CommitRecord).results;
    expect(Object.is(lossFirst[0], -0)).toBe(true);
    expect(network).toBeInstanceOf(Uint32Array);
  });

  test('cut at any byte is a prefix of whole records, and goes on behind them', () => {
    const { folder, path, ends } = writeJournal();
    const bytes = readFileSync(path);
    // A snapshot, which is not synced: a sync a byte would take minutes on a slow disk.
    const counts = { epochsTrained: 0, networksDone: 0, labels: NO_LABELS };
    const next: JournalRecord = { kind: 'snapshot', elapsedMs: 2, ...counts };
    for (let cut = 0; cut <= bytes.length; cut++) {
      rmSync(path); // a new file: some file systems sync one that is emptied and written again
      writeFileSync(path, bytes.subarray(0, cut));
      rmSync(journalFile(folder, 2), { force: true });
      const content = readJournal(folder);
      const whole = ends.filter((offset) => offset <= cut).length;
      expect(content?.records.slice(1) ?? null, `cut at byte ${cut}`).toEqual(
        whole === 0 ? null : records.slice(0, whole - 1),
      );
      if (cut % 7 > 0) continue;
      const journal = begin(folder);
      journal.append(next);
      journal.close();
      expect(recordsOf(folder), `continued at byte ${cut}`).toEqual([
        ...records.slice(0, Math.max(0, whole - 1)),
        next,
      ]);
      expect(readFileSync(path).length, 'nobody writes to the file of an earlier session').toBe(cut);
    }
  });

  test('with any bit flipped before its last frame is refused, naming file and offset of the damage', () => {
    const { folder, path, ends } = writeJournal();
    const bytes = readFileSync(path);
    const file = openSync(path, 'r+');
    for (let at = 0; at < ends[ends.length - 2]; at++) {
      const frame = [0, ...ends].findLast((offset) => offset <= at);
      for (let bit = 0; bit < 8; bit++) {
        writeSync(file, Uint8Array.of(bytes[at] ^ (1 << bit)), 0, 1, at);
        expect(refusalOf(folder), `bit ${bit} of byte ${at}`).toContain(`${path}, byte ${frame}: `);
      }
      writeSync(file, bytes, at, 1, at);
    }
    closeSync(file);
    expect(recordsOf(folder)).toEqual(records);
  });

  test('whose last frame is damaged loses that frame alone', () => {
    const { folder, path } = writeJournal();
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
    expect(recordsOf(folder)).toEqual(records.slice(0, -1));
  });

  test('with zeros at its end, as a dying machine leaves them, is what stands before them', () => {
    const { folder, path } = writeJournal();
    appendFileSync(path, new Uint8Array(300));
    expect(recordsOf(folder)).toEqual(records);
  });

  test('with bytes of something else behind its last frame is refused', () => {
    const zerosAndText = Buffer.concat([Buffer.alloc(300), Buffer.from('text')]);
    const shortFrame = Buffer.concat([Buffer.of(5, 0, 0, 0), Buffer.alloc(30, 1)]);
    const longFrame = Buffer.alloc(40, 255);
    for (const bytes of [zerosAndText, shortFrame, longFrame]) {
      const { folder, path, ends } = writeJournal();
      appendFileSync(path, bytes);
      expect(refusalOf(folder)).toContain(`${path}, byte ${ends.at(-1)}: got a damaged frame`);
    }
  });

  test('that could not take a record cuts off what it wrote of it, and takes no more', () => {
    const folder = scratchFolder();
    const path = journalFile(folder, 1);
    // The first whole KB fits, the commit of 2 KB does not; the last record would fit into what is left of a larger
    // limit.
    const module = new URL('../../../src/storage/journal/journal.ts', import.meta.url).href;
    const script = `
      import { execFileSync } from 'node:child_process';
      import { NewJournal } from ${JSON.stringify(module)};
      const limit = (bytes) => execFileSync('prlimit', ['--pid', process.pid, '--fsize=' + bytes + ':unlimited']);
      const attempt = (record) => {
        try { journal.append(record); return 'appended'; } catch (error) { return error.message; } };
      limit(1024);
      const claim = NewJournal.make(${JSON.stringify(folder)});
      const journal = claim.begin(claim.headerOf({ ...${JSON.stringify(origin)}, after: null }));
      const end = { kind: 'end', reason: 'done', elapsedMs: 1 };
      const outcomes = [end, { kind: 'failed', network: new Uint32Array(600), reason: '' }].map(attempt);
      limit('unlimited');
      console.log(JSON.stringify([...outcomes, attempt(end)]));`;
    const program = ['--import', 'tsx', '--input-type=module', '-e', script];
    const output = execFileSync(process.execPath, program, { encoding: 'utf8' });
    const [first, second, third] = JSON.parse(output) as string[];
    expect(first).toBe('appended');
    expect(second).toContain(`${path}: a file larger than`);
    expect(third).toBe(second);

    expect(recordsOf(folder)).toEqual([end]);
    expect(contentOf(folder).end.bytes).toBe(readFileSync(path).length);
    const journal = begin(folder);
    journal.append(end);
    journal.close();
    expect(recordsOf(folder)).toEqual([end, end]);
  });

  test('of which a session has been continued is whole up to there, or refused', () => {
    const { folder, path, ends } = writeJournal();
    const bytes = readFileSync(path);
    begin(folder).close();
    for (let cut = 0; cut < bytes.length; cut += 13) {
      writeFileSync(path, bytes.subarray(0, cut));
      expect(refusalOf(folder), `cut at byte ${cut}`).toContain(path);
    }
    rmSync(path);
    expect(refusalOf(folder)).toContain(`${path}: got nothing, expected ${ends.at(-1)} whole bytes`);
  });
});

test('a journal on a full disk names the file and says what to do', () => {
  const folder = scratchFolder();
  const claim = NewJournal.make(folder);
  const begin = () => onFullDisk(() => claim.begin(headerOf(claim, null)));
  expect(begin).toThrow(`${journalFile(folder, 1)}: no space left on the device (free some space`);
});

describe('a session that another one has taken over from', () => {
  const late: JournalRecord = { kind: 'failed', network: Uint32Array.of(9), reason: 'too late' };

  test('appends nothing more from the moment on that the other one has its file', () => {
    const folder = scratchFolder();
    const first = begin(folder);
    first.append(end);
    const claim = NewJournal.make(folder);
    expect(() => first.append(late)).toThrow(
      `${journalFile(folder, 1)}: got session 2 of the run, begun by another process, expected session 1`,
    );
    expect(() => first.append(end)).toThrow('begun by another process');
    claim.begin(headerOf(claim, contentOf(folder).end)).close();
    expect(recordsOf(folder)).toEqual([end]);
  });

  test('has what it wrote too late left out, and what it cuts off does no harm', () => {
    const { folder, path } = writeJournal();
    const whole = readFileSync(path);
    const second = begin(folder);
    second.append(end);
    appendFileSync(path, frame(late));
    expect(recordsOf(folder)).toEqual([...records, end]);
    appendFileSync(path, Buffer.alloc(5, 1));
    second.append(end);
    second.close();
    expect(recordsOf(folder)).toEqual([...records, end, end]);
    writeFileSync(path, whole);
    expect(recordsOf(folder)).toEqual([...records, end, end]);
  });

  test('and was itself only begun counts for nothing', () => {
    const { folder } = writeJournal();
    NewJournal.make(folder); // killed before its header
    const third = begin(folder);
    expect(third.session).toBe(3);
    third.append(end);
    third.close();
    expect(recordsOf(folder)).toEqual([...records, end]);
    expect(contentOf(folder).parts.map(({ session }) => session)).toEqual([1, 3]);
  });

  test('is asked before each record whether it still may write, and says no more once it may not', () => {
    const folder = scratchFolder();
    let mayWrite = true;
    const guard = () => {
      if (!mayWrite) throw new RunError({ where: 'here', got: 'another owner' });
    };
    const claim = NewJournal.make(folder);
    const journal = claim.begin(headerOf(claim, null), guard);
    mayWrite = false;
    expect(() => journal.append(end)).toThrow('another owner');
    mayWrite = true;
    expect(() => journal.append(end)).toThrow('another owner');
    expect(recordsOf(folder)).toEqual([]);
  });
});

describe('a journal whose file is touched by somebody else', () => {
  test.each([
    ['removed', (path: string) => rmSync(path), 'a journal that was removed'],
    [
      'replaced',
      (path: string) => {
        const bytes = readFileSync(path);
        rmSync(path);
        writeFileSync(`${path}.copy`, '');
        writeFileSync(path, bytes);
      },
      'another file in place of the journal',
    ],
    ['lengthened', (path: string) => appendFileSync(path, 'x'), 'bytes, of which this process has written'],
    ['cut', (path: string) => truncateSync(path, 10), 'bytes, of which this process has written'],
  ])('takes no further record once it is %s', (_, touch, words) => {
    const folder = scratchFolder();
    const journal = begin(folder);
    journal.append(end);
    touch(journalFile(folder, 1));
    expect(() => journal.append(end)).toThrow(words);
    expect(() => journal.append(end)).toThrow(words);
    journal.close();
  });
});

describe('reading a journal', () => {
  test('finds none where there is no file, or one that a crash left before its first record', () => {
    const folder = scratchFolder();
    expect(readJournal(join(folder, 'nothing'))).toBe(null);
    expect(readJournal(folder)).toBe(null);
    const path = journalFile(folder, 1);
    writeFileSync(path, '');
    expect(readJournal(folder)).toBe(null);
    expect(existsSync(path)).toBe(true);
  });

  test('refuses a foreign file, whatever its first bytes happen to mean as a length', () => {
    const folder = scratchFolder();
    const path = journalFile(folder, 1);
    const text = `name: quickstart\n${'# a sweep file is no journal\n'.repeat(10)}`;
    for (const length of [0, 5, text.length - 8, text.length, 2 ** 20, 2 ** 31]) {
      const bytes = Buffer.from(text);
      bytes.writeUInt32LE(length, 0);
      writeFileSync(path, bytes);
      expect(() => readJournal(folder), `length ${length}`).toThrow(
        `${path}, byte 0: got something else, or a damaged first frame, expected the journal of a Gyre run`,
      );
    }
  });

  test('refuses another format version, and a first record that is no header', () => {
    const folder = scratchFolder();
    const path = journalFile(folder, 1);
    writeFileSync(path, frame({ kind: 'header', formatVersion: 5, runKey: '0123abcd' }));
    expect(() => readJournal(folder)).toThrow(
      `${path}: got format version 5, expected a journal of format version 4 ` +
        '(read it with the version of Gyre that wrote it)',
    );
    writeFileSync(path, frame(end));
    expect(() => readJournal(folder)).toThrow(`${path}: got a first record "end"`);
    const header = { kind: 'header', formatVersion: 4, session: 1, ...origin };
    for (const wrong of [
      { ...header, session: 2, after: null },
      { ...header, after: { session: 1, bytes: 8 } },
    ]) {
      writeFileSync(path, frame(wrong));
      expect(() => readJournal(folder)).toThrow(`${path}: got the header of session ${wrong.session} after`);
    }
  });
});

/** A record as a frame, from the format's description. */
function frame(record: object): Buffer {
  const payload = new Packr({ moreTypes: true, useRecords: false }).pack(record);
  const header = Buffer.alloc(8);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([header, payload]);
}
