/**
 * The door to the files of a run: whatever is opened in its folder is a plain file or a plain folder. A symbolic link
 * would lead a reader or a writer out of the folder, a pipe would make it wait for ever, and a folder may come from
 * somebody else. The run's folder itself may be reached through a link.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { RunError, systemErrorCode } from '../../schemas/problems.ts';
import { type EntryKind, type FolderSpec, RUN_FOLDER } from './names.ts';
import { withPath } from './system-errors.ts';

/** Node reads no more at once. */
const FILE_BYTES_MAX = 2 ** 31 - 1;

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** How a file is opened; `create` replaces what is there, `append` and `change` need it to be there. */
const MODES = {
  read: O_RDONLY,
  change: O_RDWR,
  append: O_WRONLY | O_APPEND,
  create: O_RDWR | O_CREAT | O_TRUNC,
} as const;
export type OpenMode = keyof typeof MODES;

/**
 * Opens a plain file of a run and returns its descriptor. System errors come out as they are: callers wrap them with
 * `withPath`.
 *
 * @throws RunError where something else stands there: a link is not followed, and a pipe is not waited for.
 */
export function openPlain(path: string, mode: OpenMode): number {
  refuseUnless(path, entryAt(path), 'file');
  const descriptor = openSync(path, MODES[mode] | O_NOFOLLOW | O_NONBLOCK);
  try {
    refuseUnless(path, fstatSync(descriptor), 'file');
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Opens a new file under a name that only Gyre gives, in the place of what a crash may have left there. */
export function openAside(path: string): number {
  const left = entryAt(path);
  refuseUnless(path, left, 'file');
  if (left !== null) unlinkSync(path);
  return openNew(path);
}

/**
 * Creates a file and opens it. System errors come out as they are; EEXIST where anything, even a link, stands there.
 */
export function openNew(path: string): number {
  return openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
}

/**
 * The bytes of a plain file.
 *
 * @throws RunError where something else stands there, or more than `bytesMax`.
 */
export function readPlain(path: string, bytesMax: number = FILE_BYTES_MAX): Buffer {
  return withPath(path, () => {
    const descriptor = openPlain(path, 'read');
    try {
      const { size } = fstatSync(descriptor);
      if (size > bytesMax) throw tooLarge(path, size, bytesMax);
      const bytes = Buffer.allocUnsafe(size);
      let length = 0;
      for (let read = -1; read !== 0 && length < size; length += read)
        read = readSync(descriptor, bytes, length, size - length, length);
      return bytes.subarray(0, length);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Whether a plain file stands there; a link, even one that leads nowhere, is refused. */
export function hasPlainFile(path: string): boolean {
  return withPath(path, () => {
    const entry = entryAt(path);
    refuseUnless(path, entry, 'file');
    return entry !== null;
  });
}

/** What stands at a path, a link being itself; null for nothing. */
function entryAt(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Refuses a run's folder in which something else than a plain file or folder stands under one of Gyre's names. Names
 * that are not Gyre's are left alone.
 *
 * @throws RunError naming the first.
 */
export function checkRunFolder(folder: string): void {
  checkFolder(folder, RUN_FOLDER);
}

function checkFolder(folder: string, spec: FolderSpec): void {
  if (!existsSync(folder)) return;
  for (const entry of withPath(folder, () => readdirSync(folder, { withFileTypes: true }))) {
    const kind = spec.kindOf(entry.name);
    if (kind === null) continue;
    const path = join(folder, entry.name);
    refuseUnless(path, entry, kind);
    const within = kind === 'folder' ? spec.folderOf?.(entry.name) : null;
    if (within) checkFolder(path, within);
  }
}

/** The names in a run's folder, and in those below, that are not Gyre's. */
export function foreignNames(folder: string): string[] {
  return namesOutside(folder, RUN_FOLDER);
}

function namesOutside(folder: string, spec: FolderSpec): string[] {
  return withPath(folder, () => readdirSync(folder, { withFileTypes: true })).flatMap((entry) => {
    if (spec.kindOf(entry.name) === null) return [entry.name];
    const within = spec.folderOf?.(entry.name) ?? null;
    if (within === null || !entry.isDirectory()) return [];
    return namesOutside(join(folder, entry.name), within).map((name) => join(entry.name, name));
  });
}

/**
 * Refuses a path within a folder that leads over a link. A path that a user gives outside of the folder is the user's
 * own.
 *
 * @throws RunError naming the link.
 */
export function refuseLinksBelow(folder: string, path: string): void {
  const steps = relative(resolve(folder), resolve(path)).split(sep);
  if (steps[0] === '..' || steps[0] === '') return;
  let at = folder;
  for (const step of steps) {
    at = join(at, step);
    const entry = withPath(at, () => entryAt(at));
    if (entry === null) return;
    if (entry.isSymbolicLink()) throw notPlain(at, entry, 'folder');
  }
}

type Entry = Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink' | 'isFIFO' | 'isSocket'>;

function refuseUnless(path: string, entry: Entry | null, kind: EntryKind): void {
  if (entry === null || (kind === 'file' ? entry.isFile() : entry.isDirectory())) return;
  throw notPlain(path, entry, kind);
}

function notPlain(path: string, entry: Entry, kind: EntryKind): RunError {
  const isLink = entry.isSymbolicLink();
  return new RunError({
    where: path,
    got: kindText(entry),
    expected: kind === 'file' ? 'a plain file' : 'a plain folder',
    remedy: isLink
      ? 'Gyre follows no links inside a run: put a copy in its place'
      : 'remove it, or restore the run from a copy',
  });
}

function kindText(entry: Entry): string {
  if (entry.isSymbolicLink()) return 'a symbolic link';
  if (entry.isDirectory()) return 'a folder';
  if (entry.isFIFO()) return 'a pipe';
  if (entry.isSocket()) return 'a socket';
  return entry.isFile() ? 'a file' : 'a device';
}

function tooLarge(path: string, size: number, bytesMax: number): RunError {
  return new RunError({
    where: path,
    got: `${size.toLocaleString('en')} bytes`,
    expected: `at most ${bytesMax.toLocaleString('en')}`,
    remedy: 'restore the run from a copy',
  });
}
