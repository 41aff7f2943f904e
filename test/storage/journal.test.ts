/**
 * The journal gives back what was appended, bit for bit; loses nothing but a last frame that a crash cut short; and refuses
 * a damaged or a foreign file with words instead of dropping what stands behind the damage.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import type { CommitRecord, JournalRecord } from '../../schemas/journal.ts';
import { RunError } from '../../schemas/problems.ts';
import { Journal, type JournalContent, readJournal } from '../../src/storage/journal.ts';
import { onFullDisk } from '../support/full-disk.ts';
import { scratchFolder } from '../support/runs.ts';

const commit: CommitRecord = {
  kind: 'commit',
  results: {
    network: Uint32Array.of(0, 999_999),
    label: ['non-finite', 'descending'],
    degraded: Uint8Array.of(1, 0),
    onsetEpoch: Uint32Array.of(3, 0),
    divergedEpoch: Uint32Array.of(7, 0),
    nonFiniteEpoch: Uint32Array.of(8, 0),
    lossMinEpoch: Uint32Array.of(6, 50),
    lossFirst: Float64Array.of(-0, 5e-324),
    lossMin: Float64Array.of(Number.NaN, -Infinity),
    lossLast: Float64Array.of(Infinity, 1 / 3),
    spikeCount: Uint32Array.of(2, 40),
    spikeInterval: Float64Array.of(Number.NaN, 239.5),
    spikeHeight: Float64Array.of(Number.NaN, 2.6),
    flipFraction: Float64Array.of(0, 0.25),
    digest: Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 255),
  },
  unfinished: { network: Uint32Array.of(2, 3), epoch: 49, checkpoint: '00002-49.msgpack' },
  segments: [
    {
      table: 'epochs',
      file: '00001.arrow',
      endBytes: 5_000_000_000,
      blocks: [{ offset: 1288, metadataBytes: 720, bodyBytes: 1_966_080, rows: 32_768 }],
    },
    { table: 'blocks', file: '00002.arrow', endBytes: 1000, blocks: [] },
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
  { kind: 'snapshot', elapsedMs: 1000.5, epochsTrained: 2 ** 40, networksDone: 3, labels: { spiking: 3, diverged: 0 } },
  commit,
  { kind: 'failed', network: Uint32Array.of(5, 6), reason: 'worker exited with code: 3' },
  { kind: 'end', reason: 'stopped', elapsedMs: 1234.5 },
];

/** A journal with the given records; returns its path and the offsets at which its frames end, the header's first. */
function writeJournal(list: readonly JournalRecord[] = records): { path: string; ends: number[] } {
  const path = join(scratchFolder(), 'journal.msgpack');
  const journal = Journal.create(path, '0123abcd');
  const ends = [readFileSync(path).length];
  for (const record of list) {
    journal.append(record);
    ends.push(readFileSync(path).length);
  }
  journal.close();
  return { path, ends };
}

/** Why a journal is not read; empty where it is. */
function refusalOf(path: string): string {
  try {
    readJournal(path);
    return '';
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return error.message;
  }
}

const contentOf = (path: string): JournalContent => readJournal(path) as JournalContent;
const end: JournalRecord = { kind: 'end', reason: 'done', elapsedMs: 1 };

describe('a journal', () => {
  test('gives back every kind of record as it was appended, −0, NaN and ∞ in arrays included', () => {
    const { path, ends } = writeJournal();
    const { header, records: read, wholeBytes } = contentOf(path);
    expect(header).toEqual({ kind: 'header', formatVersion: 2, runKey: '0123abcd' });
    expect(read).toEqual([header, ...records]);
    expect(wholeBytes).toBe(ends.at(-1));
    const { lossFirst, network } = (read[3] as CommitRecord).results;
    expect(Object.is(lossFirst[0], -0)).toBe(true);
    expect(network).toBeInstanceOf(Uint32Array);
  });

  test('cut at any byte is a prefix of whole records, and goes on behind them', () => {
    const { path, ends } = writeJournal();
    const bytes = readFileSync(path);
    // A snapshot, which is not synced: a sync a byte would take minutes on a slow disk.
    const next: JournalRecord = { kind: 'snapshot', elapsedMs: 2, epochsTrained: 0, networksDone: 0, labels: {} };
    for (let cut = 0; cut <= bytes.length; cut++) {
      rmSync(path); // a new file: some file systems sync one that is emptied and written again
      writeFileSync(path, bytes.subarray(0, cut));
      const content = readJournal(path);
      const whole = ends.filter((offset) => offset <= cut).length;
      expect(content?.records.slice(1) ?? null, `cut at byte ${cut}`).toEqual(
        whole === 0 ? null : records.slice(0, whole - 1),
      );
      if (content === null) continue;
      const journal = Journal.resume(path, content);
      journal.append(next);
      journal.close();
      expect(contentOf(path).records.slice(1), `resumed at byte ${cut}`).toEqual([
        ...records.slice(0, whole - 1),
        next,
      ]);
    }
  });

  test('with any bit flipped before its last frame is refused, naming file and offset of the damage', () => {
    const { path, ends } = writeJournal();
    const bytes = readFileSync(path);
    const file = openSync(path, 'r+');
    for (let at = 0; at < ends[ends.length - 2]; at++) {
      const frame = [0, ...ends].findLast((offset) => offset <= at);
      for (let bit = 0; bit < 8; bit++) {
        writeSync(file, Uint8Array.of(bytes[at] ^ (1 << bit)), 0, 1, at);
        expect(refusalOf(path), `bit ${bit} of byte ${at}`).toContain(`${path}, byte ${frame}: `);
      }
      writeSync(file, bytes, at, 1, at);
    }
    closeSync(file);
    expect(contentOf(path).records.slice(1)).toEqual(records);
  });

  test('whose last frame is damaged loses that frame alone', () => {
    const { path } = writeJournal();
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
    expect(contentOf(path).records.slice(1)).toEqual(records.slice(0, -1));
  });

  test('with zeros at its end, as a dying machine leaves them, is what stands before them', () => {
    const { path } = writeJournal();
    appendFileSync(path, new Uint8Array(300));
    expect(contentOf(path).records.slice(1)).toEqual(records);
  });

  test('with bytes of something else behind its last frame is refused', () => {
    const zerosAndText = Buffer.concat([Buffer.alloc(300), Buffer.from('text')]);
    const shortFrame = Buffer.concat([Buffer.of(5, 0, 0, 0), Buffer.alloc(30, 1)]);
    const longFrame = Buffer.alloc(40, 255);
    for (const bytes of [zerosAndText, shortFrame, longFrame]) {
      const { path, ends } = writeJournal();
      appendFileSync(path, bytes);
      expect(refusalOf(path)).toContain(`${path}, byte ${ends.at(-1)}: got a damaged frame`);
    }
  });

  test('that could not take a record cuts off what it wrote of it, and takes no more until it is resumed', () => {
    const path = join(scratchFolder(), 'journal.msgpack');
    // The first whole KB fits, the commit of 2 KB does not; the last record would fit into what is left of a larger limit.
    const script = `
      import { execFileSync } from 'node:child_process';
      import { Journal } from ${JSON.stringify(new URL('../../src/storage/journal.ts', import.meta.url).href)};
      const limit = (bytes) => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=' + bytes + ':unlimited']);
      const attempt = (record) => { try { journal.append(record); return 'appended'; } catch (error) { return error.message; } };
      limit(1024);
      const journal = Journal.create(${JSON.stringify(path)}, '0123abcd');
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

    const content = contentOf(path);
    expect(content.records.slice(1)).toEqual([end]);
    expect(content.wholeBytes).toBe(readFileSync(path).length);
    const journal = Journal.resume(path, content);
    journal.append(end);
    journal.close();
    expect(contentOf(path).records.slice(1)).toEqual([end, end]);
  });

  test('on a full disk names the file and says what to do', () => {
    const path = join(scratchFolder(), 'journal.msgpack');
    const create = () => onFullDisk(() => Journal.create(path, '0123abcd'));
    expect(create).toThrow(`${path}: no space left on the device (free some space`);
  });
});

describe('reading a journal', () => {
  test('finds none where there is no file, or one that a crash left before its first record', () => {
    const path = join(scratchFolder(), 'journal.msgpack');
    expect(readJournal(path)).toBe(null);
    writeFileSync(path, '');
    expect(readJournal(path)).toBe(null);
    expect(existsSync(path)).toBe(true);
  });

  test('refuses a foreign file, whatever its first bytes happen to mean as a length', () => {
    const path = join(scratchFolder(), 'journal.msgpack');
    const text = `name: quickstart\n${'# a sweep file is no journal\n'.repeat(10)}`;
    for (const length of [0, 5, text.length - 8, text.length, 2 ** 20, 2 ** 31]) {
      const bytes = Buffer.from(text);
      bytes.writeUInt32LE(length, 0);
      writeFileSync(path, bytes);
      expect(() => readJournal(path), `length ${length}`).toThrow(
        `${path}, byte 0: got something else, or a damaged first frame, expected the journal of a Gyre run`,
      );
    }
  });

  test('refuses another format version, and a first record that is no header', () => {
    const path = join(scratchFolder(), 'journal.msgpack');
    writeFileSync(path, frame({ kind: 'header', formatVersion: 3, runKey: '0123abcd' }));
    expect(() => readJournal(path)).toThrow(
      `${path}: got format version 3, expected a journal of format version 2 (read it with the version of Gyre that wrote it)`,
    );
    writeFileSync(path, frame(end));
    expect(() => readJournal(path)).toThrow(`${path}: got a first record "end"`);
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
