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
import { RunError, systemErrorCode } from '../../schemas/problems.ts';
import { limitProblem } from './process-limits.ts';

/** What to do about a file of a run that is damaged or of another run. */
export const RESTORE_REMEDY = 'restore it from a copy, or start the run anew in another folder with --out';

/** What the usual system errors mean to a user, and what to do. */
const SYSTEM_ERRORS: Readonly<Record<string, { got: string; remedy: string }>> = {
  ENOSPC: {
    got: 'no space left on the device',
    remedy: 'free some space and run the same command again; committed networks are kept',
  },
  EDQUOT: {
    got: 'the disk quota is used up',
    remedy: 'free some space and run the same command again; committed networks are kept',
  },
  EFBIG: {
    got: 'a file larger than the system allows',
    remedy: 'raise the limit (ulimit -f) and run the same command again; committed networks are kept',
  },
  EACCES: { got: 'no permission', remedy: 'choose a folder you may write with --out' },
  EPERM: { got: 'no permission', remedy: 'choose a folder you may write with --out' },
  EROFS: { got: 'a read-only file system', remedy: 'choose a folder you may write with --out' },
  ENOENT: { got: 'a file or folder that is gone', remedy: 'nothing may remove files of a run that goes on' },
  ENOTDIR: { got: 'a file where a folder is expected', remedy: 'choose another folder with --out' },
  EIO: { got: 'an input/output error of the device', remedy: 'check the disk, then run the same command again' },
};

/** Runs a file operation; a system error comes out as a RunError that names the file and says what to do. */
export function withPath<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof RunError) throw error;
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    const unknown = { got: (error as Error).message, remedy: 'see the system error' };
    const { got, remedy } = SYSTEM_ERRORS[code] ?? limitProblem(error) ?? unknown;
    throw new RunError({ where: path, got, remedy }, { cause: error });
  }
}

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
      writeFileSync(aside, content, { flush: true });
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
  withPath(from, () => closeSync(openSync(from, 'r')));
  withPath(to, () => {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    const descriptor = openSync(to, 'r');
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
