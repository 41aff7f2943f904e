/**
 * The book of segments: who writes where, which names are taken, and when a segment is finished.
 */
import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SegmentCommit } from '../../schemas/journal.ts';
import { CommittedSegments } from '../../src/run/committed-segments.ts';
import { SegmentBook } from '../../src/run/segment-book.ts';
import { segmentSchema } from '../../src/storage/tables/arrow.ts';
import { fileHead } from '../../src/storage/tables/ipc/head-and-footer.ts';
import { scratchFolder, segmentNames } from '../support/runs.ts';

/** The book of a session, in a folder with a place for each table, and what is committed. */
class Session {
  readonly committed = new CommittedSegments();
  readonly book: SegmentBook;

  constructor(folder: string, session = 1) {
    this.book = new SegmentBook({ folder, runKey: '0123abcd', committed: this.committed, session });
    this.book.makeFolders();
  }

  /** Commits one more batch, up to a byte. */
  commit(file: string, endBytes: number, table: SegmentCommit['table'] = 'epochs'): SegmentCommit[] {
    const isNew = !this.committed.has({ table, file });
    const head = fileHead(segmentSchema(table, '0123abcd')).bytes.length;
    const offset = isNew ? head : this.committed.stateOf({ table, file }).committedBytes;
    const block = { offset, metadataBytes: 0, bodyBytes: endBytes - offset, rows: 10, crc32: 0 };
    const commits = [{ table, file, endBytes, blocks: [block], ...(isNew && { headCrc32: 0 }) }];
    this.committed.check({ segments: commits }, Number.parseInt(file, 10));
    this.committed.take({ segments: commits });
    return commits;
  }
}

/** Makes a segment of a table stand open on disk with as many bytes. */
function makePart(folder: string, file: string, bytes: number): void {
  const path = join(folder, 'epochs', `${file}.part`);
  writeFileSync(path, '');
  truncateSync(path, bytes);
}

test('the committed state of a segment never changes, whatever is committed after it', () => {
  const session = new Session(scratchFolder());
  const segment = { table: 'epochs', file: '0001-00001.arrow' } as const;
  const states = [1000, 2000, 3000].map((endBytes) => {
    session.commit(segment.file, endBytes);
    return session.committed.stateOf(segment);
  });
  expect(states.map(({ committedBytes, blocks }) => [committedBytes, blocks.length])).toEqual([
    [1000, 1],
    [2000, 2],
    [3000, 3],
  ]);
  const [first, , last] = states.map(({ blocks }) => blocks);
  expect(last.map(({ offset }) => offset)).toEqual([first[0].offset, 1000, 2000]);
  expect(first).toHaveLength(1);
  expect(states.map(({ headCrc32 }) => headCrc32)).toEqual([0, 0, 0]);
});

describe('the book of segments', () => {
  test('grants each thread files of its own, the same ones until they are sealed', () => {
    const folder = scratchFolder();
    const session = new Session(folder);
    const { book } = session;
    const [first, second] = [book.grant(0), book.grant(1)];
    expect([first.epochs.file, first.blocks.file]).toEqual(['0001-00001.arrow', '0001-00001.arrow']);
    expect(first.epochs.path).toBe(join(folder, 'epochs', '0001-00001.arrow'));
    expect(second.epochs.file).toBe('0001-00002.arrow');
    expect(book.grant(0)).toEqual(first);
  });

  test('grants a file with the bytes that are committed of it, and sums them over all', () => {
    const session = new Session(scratchFolder());
    const { book, committed } = session;
    book.grant(0);
    session.commit('0001-00001.arrow', 20_000);
    session.commit('0001-00001.arrow', 10_000, 'blocks');
    session.commit('0001-00001.arrow', 40_000);
    expect(book.grant(0).epochs.committedBytes).toBe(40_000);
    expect(book.grant(0).blocks.committedBytes).toBe(10_000);
    expect(committed.committedBytes).toBe(50_000);
  });

  test('seals a segment of tens of megabytes and grants the next number, but keeps a shorter one open', () => {
    const folder = scratchFolder();
    const session = new Session(folder);
    const { book } = session;
    book.grant(0);
    book.grant(1);
    const long = 48 * 1024 * 1024;
    makePart(folder, '0001-00001.arrow', long); // sparse: it takes no room
    session.commit('0001-00001.arrow', long - 1);
    book.sealLong(0);
    expect(book.grant(0).epochs.file).toBe('0001-00001.arrow');
    session.commit('0001-00001.arrow', long);
    book.sealLong(1);
    expect(segmentNames(folder, 'epochs')).toEqual(['0001-00001.arrow.part']);
    book.sealLong(0);
    expect(segmentNames(folder, 'epochs')).toEqual(['0001-00001.arrow']);
    expect(book.grant(0).epochs.file).toBe('0001-00003.arrow');
    expect(book.grant(0).blocks.file).toBe('0001-00001.arrow');
    expect(book.grant(0).epochs.committedBytes).toBe(0);
  });

  test('gives names of its session, which no other session has, whatever stands on disk', () => {
    const folder = scratchFolder();
    const { book } = new Session(folder, 12);
    makePart(folder, '0011-00001.arrow', 10);
    expect(book.grant(0).epochs.file).toBe('0012-00001.arrow');
    expect(book.newSegment('epochs').file).toBe('0012-00002.arrow');
    expect(book.grant(1).epochs.file).toBe('0012-00003.arrow');
  });

  test.each([
    ['gone', (path: string) => rmSync(path), 'nothing'],
    ['shorter', (path: string) => truncateSync(path, 19_999), 'another file, or a shorter one'],
    [
      'another one',
      (path: string) => {
        renameSync(path, `${path}.aside`);
        cpSync(`${path}.aside`, path);
      },
      'another file, or a shorter one',
    ],
  ])('grants no open segment again that is %s since the last commit', (_, touch, words) => {
    const folder = scratchFolder();
    const session = new Session(folder);
    const { book } = session;
    const { file } = book.grant(0).epochs;
    makePart(folder, file, 21_000);
    book.leave(session.commit(file, 20_000));
    expect(book.grant(0).epochs.committedBytes).toBe(20_000);
    touch(join(folder, 'epochs', `${file}.part`));
    expect(() => book.grant(0)).toThrow(`${file}.part: got ${words}, expected the segment as this process left it`);
  });

  test('finishes an open segment of another session as a copy, which that session cannot write', () => {
    const folder = scratchFolder();
    const stale = new Session(folder, 1);
    const { file, path } = stale.book.grant(0).epochs;
    makePart(folder, file, 25_000);
    const held = openSync(`${path}.part`, 'r+');
    const next = new Session(folder, 2);
    next.commit(file, 20_000);
    next.book.sealAll();
    const sealed = readFileSync(path);
    writeSync(held, Buffer.alloc(30_000, 1), 0, 30_000, 0);
    closeSync(held);
    stale.commit(file, 24_000);
    stale.book.sealAll();
    expect(readFileSync(path)).toEqual(sealed);
    expect(segmentNames(folder, 'epochs')).toEqual([file]);
  });

  test('seals at the end what has rows and removes what has none, those that it never granted included', () => {
    const folder = scratchFolder();
    const session = new Session(folder);
    const { book } = session;
    makePart(folder, '0001-00001.arrow', 25_000);
    makePart(folder, '0001-00007.arrow', 25_000);
    session.commit('0001-00001.arrow', 20_000);
    book.sealAll();
    expect(segmentNames(folder, 'epochs')).toEqual(['0001-00001.arrow']);
    book.sealAll();
    expect(segmentNames(folder, 'epochs')).toEqual(['0001-00001.arrow']);
    expect(existsSync(join(folder, 'blocks'))).toBe(true);
  });

  test('names a table that is a file where a folder is expected', () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, 'epochs'), '');
    expect(() => new Session(folder)).toThrow(new RegExp(`^${join(folder, 'epochs')}: `));
  });
});
