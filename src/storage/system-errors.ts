/**
 * System errors in words: which file, what happened, what to do. Every operation on a file of a run goes through here.
 */
import { RunError, systemErrorCode } from '../../schemas/problems.ts';
import { limitProblem } from './process-limits.ts';

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
  ELOOP: { got: 'a symbolic link', remedy: 'Gyre follows no links inside a run: put a copy in its place' },
  ENXIO: { got: 'a pipe or device', remedy: 'remove it, or restore the run from a copy' },
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
