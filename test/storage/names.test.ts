/**
 * Names that come out of a file: those that Gyre gives are known by their kind, with their session in front, and
 * nothing else is.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { segmentName } from '../../src/run/segment-book.ts';
import { keptName, writeCheckpoint } from '../../src/storage/checkpoints/checkpoints.ts';
import {
  isName,
  isOwnCheckpoint,
  isOwnSegment,
  NAME_KINDS,
  type NameKind,
  RUN_FOLDER,
} from '../../src/storage/names.ts';
import { scratchFolder } from '../support/runs.ts';

const NAMES: Readonly<Record<NameKind, readonly string[]>> = {
  segment: [segmentName(1, 1), segmentName(123_456, 123_456), '0001-00001.arrow'],
  checkpoint: [
    keptName({ session: 1, network: 0, epoch: 0, epochs: 60 }),
    keptName({ session: 12, network: 999_999, epoch: 5, epochs: 2_147_483_647 }),
    '0001-00005-1200.msgpack',
    '0001-kept-00005-0-1200.msgpack',
  ],
  journal: ['0001.msgpack', '123456.msgpack'],
  dataCopy: ['0123456789abcdef.arrow'],
  windowFolder: ['1-8-1-float32', 'power-float64'],
  windowFile: ['networks-3+17-20-epochs-0-500.arrow', 'networks-0-events-200.arrow'],
  runKey: ['0123abcd'],
  membersHash: ['0123456789abcdef'],
  contentHash: ['0123456789abcdef'.repeat(4)],
};

test.each(Object.entries(NAMES))('%s: names that Gyre gives', (kind, names) => {
  for (const name of names) expect([name, isName(kind as NameKind, name)]).toEqual([name, true]);
});

test('the checkpoint of a network is written under a name of its kind', () => {
  const folder = join(scratchFolder(), 'checkpoints');
  mkdirSync(folder);
  const networks = [{ network: 12 }] as never;
  const file = writeCheckpoint(folder, 3, {
    kind: 'checkpoint',
    formatVersion: 4,
    runKey: '0123abcd',
    epoch: 7,
    networks,
  });
  expect([file, isName('checkpoint', file)]).toEqual(['0003-00012-7.msgpack', true]);
});

describe.each(Object.keys(NAME_KINDS) as NameKind[])('%s is not', (kind) => {
  const [name] = NAMES[kind];
  test.each([
    ['a place elsewhere', `../${name}`],
    ['a place within', `a/${name}`],
    ['an absolute place', `/${name}`],
    ['the name with a line end', `${name}\n`],
    ['the name with a zero', `${name}\0`],
    ['the name behind a line', `x\n${name}`],
    ['the name with a space', `${name} `],
    ['the folder itself', '.'],
    ['the folder above', '..'],
    ['nothing', ''],
    ['a long text', '1'.repeat(5000)],
    ['a list with the name', [name]],
    ['a number', 5],
  ])('%s', (_, value) => {
    expect(isName(kind, value)).toBe(false);
  });
});

test('files that Gyre may remove are those that it names, and what it leaves of writing them', () => {
  expect(
    ['0001-00005-1200.msgpack', '0001-00005-1200.msgpack.new', '0001-kept-00000-0-60.msgpack'].map(isOwnCheckpoint),
  ).toEqual(Array(3).fill(true));
  expect(
    ['notes.txt', 'mine.msgpack', 'thesis.msgpack.new', '0001-00005-1200.msgpack.bak'].map(isOwnCheckpoint),
  ).toEqual(Array(4).fill(false));
  expect(['0001-00001.arrow', '0001-00001.arrow.part', '0001-00001.arrow.new'].map(isOwnSegment)).toEqual([
    true,
    true,
    true,
  ]);
  expect(['notes.arrow', 'notes.arrow.part', '0001-00001.csv'].map(isOwnSegment)).toEqual([false, false, false]);
});

test('what stands at the top of a run is known by its name, claims on the lease included', () => {
  const kinds = ['run.json', 'run.json.new', 'lock', `lock.${'0'.repeat(32)}.old`, 'journal', 'epochs'];
  expect(kinds.map((name) => RUN_FOLDER.kindOf(name))).toEqual([...Array(4).fill('file'), 'folder', 'folder']);
  expect(['notes', 'README.md', 'csv', 'constructor'].map((name) => RUN_FOLDER.kindOf(name))).toEqual(
    Array(4).fill(null),
  );
});
