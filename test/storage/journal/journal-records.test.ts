/**
 * Records that a journal may hold: what Gyre writes passes as it is, and with any one member of another kind it is
 * refused, naming file, byte and member.
 */

import { expect, test } from 'vitest';
import type { JournalRecord } from '../../../schemas/journal.ts';
import { RunError } from '../../../schemas/problems.ts';
import { RESULT_COLUMNS, resultArrays } from '../../../schemas/result-columns.ts';
import { FRAME_HEADER_BYTES, packFrame } from '../../../src/storage/frames.ts';
import { checkedRecord } from '../../../src/storage/journal/journal-records.ts';
import { SOME_LABELS } from '../../support/label-counts.ts';

const network = Uint32Array.of(0, 1);
const place = { network, epoch: 20, checkpoint: '0001-00000-20.msgpack' };
const segment = {
  table: 'epochs',
  file: '0001-00001.arrow',
  endBytes: 300,
  blocks: [
    { offset: 100, metadataBytes: 20, bodyBytes: 80, rows: 2, crc32: 1 },
    { offset: 200, metadataBytes: 20, bodyBytes: 80, rows: 2, crc32: 2 },
  ],
  headCrc32: 3,
} as const;

/** One record of every kind, with every member that it may have. */
const RECORDS: { readonly [Kind in JournalRecord['kind']]: Extract<JournalRecord, { kind: Kind }> } = {
  header: {
    kind: 'header',
    formatVersion: 4,
    runKey: '0123abcd',
    session: 2,
    epochs: 100,
    sweepHash: '0'.repeat(64),
    after: { session: 1, bytes: 99 },
  },
  session: { kind: 'session', startedAt: '2026-01-01', gyre: '0.1.0', node: 'v20', engine: 'native', threads: 2 },
  commit: {
    kind: 'commit',
    elapsedMs: 1.5,
    epochs: 100,
    results: {
      network,
      outcome: ['learned', 'non-finite'],
      motion: ['spiking', null],
      ...resultArrays(2, (name, row) => (RESULT_COLUMNS[name].kind === 'flag' ? row : [-0, Number.NaN][row])),
      digest: new Uint8Array(64),
    },
    unfinished: place,
    kept: [place],
    segments: [segment],
    events: { counts: { spike: 1 }, notable: [{ network: 0, kind: 'spike', epoch: 3, height: null }] },
  },
  extended: {
    kind: 'extended',
    epochs: 100,
    network,
    restarts: [place],
    removed: [{ table: 'events', file: '0001-00002.arrow' }],
    segments: [segment],
  },
  failed: { kind: 'failed', network, reason: 'lost' },
  snapshot: { kind: 'snapshot', elapsedMs: 1.5, epochsTrained: 3, networksDone: 1, labels: SOME_LABELS },
  end: { kind: 'end', reason: 'done', elapsedMs: 2 },
};

const MEMBERS = Object.values(RECORDS).flatMap((record) => pathsOf(record).map((path) => [record, path] as const));

const read = (record: unknown, byte = 10) =>
  checkedRecord(packFrame(record as object).subarray(FRAME_HEADER_BYTES), {
    path: 'journal.msgpack',
    byte,
    session: 2,
  });

/** What is no right value of any member. */
const WRONG: readonly unknown[] = [true, -1, 1.25, 'no such word', [[true]], new Float32Array(2), Number.NaN];
/** Members that are any text or any number, or may be of another kind. */
const FREE: Readonly<Record<string, readonly unknown[]>> = {
  startedAt: ['no such word'],
  gyre: ['no such word'],
  node: ['no such word'],
  reason: ['no such word'],
  elapsedMs: [1.25],
  epochsTrained: [1.25],
  height: [-1, 1.25, Number.NaN],
};

test('every kind of record passes as it is', () => {
  for (const record of Object.values(RECORDS)) expect(read(record, record.kind === 'header' ? 0 : 10)).toEqual(record);
});

test('any member of any record that is of another kind is refused, naming file, byte and record', () => {
  let refused = 0;
  for (const [record, path] of MEMBERS) {
    const name = String(path.at(-1));
    const free = record.kind === 'end' && name === 'reason' ? [] : (FREE[name] ?? []);
    for (const value of WRONG.filter((one) => !free.includes(one))) {
      const what = `${record.kind} ${path.join('.')} = ${String(value)}`;
      expect([what, refusalOf(replaced(record, path, value))]).toEqual([
        what,
        expect.stringContaining('journal.msgpack'),
      ]);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(400);
});

test('a member that must be there is missed', () => {
  const optional = ['headCrc32', 'spike', 'spiking'];
  for (const [record, path] of MEMBERS) {
    if (optional.includes(String(path.at(-1))) || typeof path.at(-1) === 'number') continue;
    expect([path.join('.'), refusalOf(replaced(record, path, undefined))]).toEqual([
      path.join('.'),
      expect.stringContaining('journal.msgpack'),
    ]);
  }
});

test('arrays of another length, networks beyond any plan and names of no file of a run are refused', () => {
  const { commit } = RECORDS;
  const changes: readonly [(string | number)[], unknown, string][] = [
    [['results', 'lossMin'], Float64Array.of(1), 'results.lossMin is 1 values, expected 2'],
    [['results', 'outcome'], ['learned'], 'results.outcome is 1 values, expected 2'],
    [['results', 'motion'], ['spiking'], 'results.motion is 1 values, expected 2'],
    [['results', 'digest'], new Uint8Array(63), 'results.digest is 63 values, expected 64'],
    [['results', 'network'], Uint32Array.of(0, 4e9), 'results.network[1] is 4000000000, expected at most 999999'],
    [['results', 'subnormal'], Uint8Array.of(0, 2), 'results.subnormal[1] is 2, expected at most 1'],
    [['segments', 0, 'file'], '../00001.arrow', 'segments[0].file is "../00001.arrow", expected the name of a segment'],
    [['kept', 0, 'checkpoint'], '/00000-20.msgpack', 'kept[0].checkpoint is "/00000-20.msgpack", expected the name'],
  ];
  for (const [path, value, words] of changes)
    expect(refusalOf(replaced(commit, path, value))).toContain(
      `journal.msgpack, byte 10: got a record "commit" whose ${words}`,
    );
});

test('names of files of a later session than that of the journal are refused', () => {
  const { commit, extended } = RECORDS;
  const late = '0003-00001.arrow';
  const [checkpoint, kept] = ['0003-00000-20.msgpack', '0003-kept-00000-20-60.msgpack'];
  for (const record of [
    replaced(commit, ['segments', 0, 'file'], late),
    replaced(commit, ['kept', 0, 'checkpoint'], kept),
    replaced(commit, ['unfinished', 'checkpoint'], checkpoint),
    replaced(extended, ['removed', 0, 'file'], late),
    replaced(extended, ['segments', 0, 'file'], late),
    replaced(extended, ['restarts', 0, 'checkpoint'], checkpoint),
  ])
    expect(refusalOf(record)).toMatch(/byte 10: got the name 0003-\S+ in the journal of session 2, expected names of/);
});

test('what is no record, and a first record that is no header of this version, are refused', () => {
  const payload = (bytes: number[]) => () => checkedRecord(Buffer.from(bytes), { path: 'j', byte: 10, session: 2 });
  expect(payload([0xc1])).toThrow(/^j, byte 10: got a record of kind nothing/); // no msgpack
  // a list of 2³² − 1
  expect(payload([0xdd, 0xff, 0xff, 0xff, 0xff])).toThrow(/^j, byte 10: got a frame that is not readable/);
  expect(payload([0xc7, 0xff, 0x74, 0x02])).toThrow(RunError); // a typed array that is cut
  expect(payload(Array(50_000).fill(0x91))).toThrow(RunError); // lists within lists
  expect(refusalOf({ kind: 'other' })).toContain('got a record of kind "other", expected one of header, session');
  expect(refusalOf({ kind: 'constructor' })).toContain('got a record of kind "constructor"');
  expect(() => read({ kind: 'header', formatVersion: 5, runKey: '0123abcd' }, 0)).toThrow('got format version 5');
  expect(() => read(RECORDS.end, 0)).toThrow('got a first record "end"');
});

function refusalOf(record: unknown): string {
  try {
    read(record);
  } catch (error) {
    if (error instanceof RunError) return error.message;
    throw error;
  }
  return 'nothing was refused';
}

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [path];
  const within = Object.entries(value).flatMap(([key, one]) =>
    pathsOf(one, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length === 0 ? within : [path, ...within];
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  const member = replaced(copy[key], rest, by);
  if (member === undefined) delete copy[key];
  else copy[key] = member;
  return copy;
}
