/**
 * Files that are either whole or not there, and errors that name the file: small steps that every writer of a run's
 * folder goes through.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
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
 * Makes a folder and those above it, durable on return. Where Node says that something is gone, as it does of a disk
 * that may not be written, making the first one says more.
 */
export function makeFolder(path: string): void {
  withPath(path, () => {
    let first: string | undefined;
    try {
      first = mkdirSync(path, { recursive: true });
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') mkdirSync(firstMissing(resolve(path)));
      throw error;
    }
    if (first !== undefined) syncFoldersFrom(resolve(first), resolve(path));
  });
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

function firstMissing(path: string): string {
  return existsSync(dirname(path)) ? path : firstMissing(dirname(path));
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
