/**
 * The door to a run's files: links are not followed, pipes are not waited for, folders are no files, and what Gyre did
 * not name is left alone.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { RunError } from '../../schemas/problems.ts';
import { copyFileDurably, writeFileAtomically } from '../../src/storage/files.ts';
import {
  checkRunFolder,
  hasPlainFile,
  openAside,
  openPlain,
  readPlain,
  refuseLinksBelow,
} from '../../src/storage/plain-files.ts';
import { scratchFolder } from '../support/runs.ts';

let scratch: string;
let folder: string;
let canary: string;
beforeEach(() => {
  scratch = scratchFolder();
  folder = join(scratch, 'run');
  canary = join(scratch, 'canary');
  mkdirSync(folder);
  writeFileSync(canary, 'canary');
});

/** What may stand in a file's place, and the words for it. */
const KINDS: readonly [string, string, (path: string) => void][] = [
  ['a link to a file', 'a symbolic link', (path) => symlinkSync(canary, path)],
  ['a link that leads nowhere', 'a symbolic link', (path) => symlinkSync(join(scratch, 'new'), path)],
  ['a pipe', 'a pipe', (path) => execFileSync('mkfifo', [path])],
  ['a folder', 'a folder', (path) => mkdirSync(path)],
];

const OPERATIONS: readonly [string, (path: string) => unknown][] = [
  ['read', readPlain],
  ['looked for', hasPlainFile],
  ['opened to read', (path) => openPlain(path, 'read')],
  ['opened to change', (path) => openPlain(path, 'change')],
  ['opened to append', (path) => openPlain(path, 'append')],
  ['created', (path) => openPlain(path, 'create')],
  ['created aside', openAside],
  ['copied', (path) => copyFileDurably(path, `${path}.copy`)],
];

describe.each(KINDS)('%s', (_, words, make) => {
  test.each(OPERATIONS)('is not %s', (__, operation) => {
    const path = join(folder, 'run.json');
    make(path);
    expect(() => operation(path)).toThrow(RunError);
    expect(() => operation(path)).toThrow(`${path}: got ${words}, expected a plain file`);
    expect(existsSync(join(scratch, 'new'))).toBe(false);
    expect(readFileSync(canary, 'utf8')).toBe('canary');
  });

  test('is not written through where it stands aside', () => {
    const path = join(folder, 'run.json');
    make(`${path}.new`);
    expect(() => writeFileAtomically(path, 'mine')).toThrow(`got ${words}, expected a plain file`);
    expect(existsSync(join(scratch, 'new'))).toBe(false);
    expect(readFileSync(canary, 'utf8')).toBe('canary');
  });
});

test('a file longer than may be read is refused before it is read', () => {
  const path = join(folder, 'run.json');
  writeFileSync(path, '');
  truncateSync(path, 3_000_000_000);
  expect(() => readPlain(path, 1000)).toThrow(`${path}: got 3,000,000,000 bytes, expected at most 1,000`);
  expect(() => readPlain(path)).toThrow(`${path}: got 3,000,000,000 bytes, expected at most`);
});

test('what a crash left aside is replaced, never written into', () => {
  const path = join(folder, 'lock.5.new');
  writeFileSync(path, 'left');
  closeSync(openAside(path));
  expect(readFileSync(path, 'utf8')).toBe('');
});

describe('the folder of a run', () => {
  test.each([
    ['run.json', 'plain file'],
    ['lock', 'plain file'],
    ['lock.12.new', 'plain file'],
    ['journal', 'plain folder'],
    [join('journal', '0001.msgpack'), 'plain file'],
    ['twins.arrow', 'plain file'],
    ['epochs', 'plain folder'],
    ['checkpoints', 'plain folder'],
    ['windows', 'plain folder'],
    [join('windows', '1-8-1-float32'), 'plain folder'],
    [join('epochs', '0001-00001.arrow.part'), 'plain file'],
    [join('checkpoints', '0001-kept-00000-0-60.msgpack'), 'plain file'],
    [join('data', '0123456789abcdef.arrow'), 'plain file'],
  ])('with a link at %s is refused', (entry, expected) => {
    const path = join(folder, entry);
    mkdirSync(join(path, '..'), { recursive: true });
    checkRunFolder(folder);
    symlinkSync(scratch, path);
    expect(() => checkRunFolder(folder)).toThrow(
      `${path}: got a symbolic link, expected a ${expected} (Gyre follows no`,
    );
  });

  test('may hold links under names that Gyre does not give, and be reached through one itself', () => {
    for (const name of ['notes', 'figures']) symlinkSync(scratch, join(folder, name));
    symlinkSync(folder, join(scratch, 'link'));
    checkRunFolder(join(scratch, 'link'));
  });
});

test('a place within a folder is refused where a link leads to it, one outside is not looked at', () => {
  symlinkSync(scratch, join(folder, 'csv'));
  expect(() => refuseLinksBelow(folder, join(folder, 'csv', 'epochs'))).toThrow(
    `${join(folder, 'csv')}: got a symbolic`,
  );
  refuseLinksBelow(folder, join(folder, 'parquet', 'epochs'));
  refuseLinksBelow(folder, join(scratch, 'elsewhere'));
});
