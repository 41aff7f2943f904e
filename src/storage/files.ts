/**
 * Files that are either whole or not there, and errors that name the file: small steps that every writer of a run's folder
 * goes through.
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

/** Makes a folder and those above it. Where Node says that something is gone, as it does of a disk that may not be written, making the first one says more. */
export function makeFolder(path: string): void {
  withPath(path, () => {
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') mkdirSync(firstMissing(resolve(path)));
      throw error;
    }
  });
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

/** Copies a file, which a file system that can do so shares until one of the two is changed; durable on return but for its name. */
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

/** Removes a file; what stands in the way of that is not worth a word beside the error that led here. */
function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
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
