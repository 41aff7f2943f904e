/**
 * Files that are either whole or not there, and errors that name the file: small steps that every writer of a run's
 * folder goes through.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemErrorCode } from '../../schemas/problems.ts';
import { openAside, openPlain } from './plain-files.ts';
import { withPath } from './system-errors.ts';

export { withPath } from './system-errors.ts';

/** What to do about a file of a run that is damaged or of another run. */
export const RESTORE_REMEDY = 'restore it from a copy, or start the run anew in another folder with --out';

/**
 * Makes a folder and those above it, durable on return. One by one: Node's own way to make several replaces what the
 * system says, such as a failing disk, by "no such file".
 */
export function makeFolder(path: string): void {
  withPath(path, () => {
    const [first, ...others] = missingFolders(resolve(path));
    if (first === undefined) return;
    for (const folder of [first, ...others]) makeUnlessThere(folder);
    syncFoldersFrom(first, resolve(path));
  });
}

/** The folders of a path that are to be made, from the top. What stands there and is none is among them. */
function missingFolders(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
  return [...(dirname(path) === path ? [] : missingFolders(dirname(path))), path];
}

/** Makes a folder, unless another process has been faster. */
function makeUnlessThere(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST' || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** Makes the entries of the folders from `first` down to `last` durable in the folders that hold them. */
function syncFoldersFrom(first: string, last: string): void {
  for (let folder = last; folder.length >= first.length; folder = dirname(folder)) {
    try {
      syncFolderOf(folder);
    } catch (error) {
      // A folder may let its user write and not read. Nobody but its owner can sync it then.
      if (systemErrorCode(error) !== 'EACCES') throw error;
    }
  }
}

/** Writes a whole file or nothing: aside, synced, renamed, and the folder synced. */
export function writeFileAtomically(path: string, content: Uint8Array | string): void {
  const aside = `${path}.new`;
  withPath(path, () => {
    try {
      const descriptor = openAside(aside);
      try {
        writeFileSync(descriptor, content, { flush: true });
      } finally {
        closeSync(descriptor);
      }
      renameSync(aside, path);
    } catch (error) {
      removeIfThere(aside); // on a full disk half a file would take the room that is left
      throw error;
    }
    syncFolderOf(path);
  });
}

/**
 * Copies a file, which a file system that can do so shares until one of the two is changed; durable on return but for
 * its name.
 */
export function copyFileDurably(from: string, to: string): void {
  withPath(from, () => closeSync(openPlain(from, 'read')));
  withPath(to, () => {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    const descriptor = openPlain(to, 'read');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    syncFolderOf(to);
  });
}

/** What `link` says where a file system has no hard links. */
export const NO_LINKS: readonly string[] = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

/**
 * Removes a file. Where that fails, gone with its folder or on a failing disk, it has been told or will be: it is no
 * error of its own.
 */
export function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}

/**
 * Removes a file for good, if it is there. After a power failure it must not be there again, where tools that read
 * whole folders would find it.
 */
export function removeDurably(path: string): void {
  rmSync(path, { force: true });
  syncFolderOf(path);
}

/** Makes the entry of a file in its folder durable. */
export function syncFolderOf(path: string): void {
  const descriptor = openSync(dirname(path), 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
