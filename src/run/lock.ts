/**
 * The lock of a run's folder: a file with the process id of its one writer. A lock whose process is gone counts for nothing.
 */
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { RunError, systemErrorCode } from '../../schemas/problems.ts';
import { withPath } from '../storage/files.ts';

/** The locks that this process has taken, by absolute path. */
const held = new Set<string>();

/**
 * Takes the lock, or says who holds it.
 *
 * @returns what releases it.
 */
export function acquireLock(path: string): () => void {
  for (;;) {
    try {
      withPath(path, () => writeFileSync(path, `${process.pid}\n`, { flag: 'wx' }));
      held.add(resolve(path));
      return () => release(path);
    } catch (error) {
      if (systemErrorCode((error as Error).cause) !== 'EEXIST') throw error;
    }
    const holder = lockHolder(path);
    if (holder !== null) {
      throw new RunError({
        where: path,
        got: `a run that process ${holder} works on`,
        expected: 'one process a run',
        remedy: 'wait for it, or stop it; choose another folder with --out for a second run',
      });
    }
    withPath(path, () => unlinkSync(path));
  }
}

function release(path: string): void {
  held.delete(resolve(path));
  try {
    unlinkSync(path);
  } catch {
    // Gone with its folder. That has been told already, and this must not be told in its place.
  }
}

/** The living process that holds the lock, or null. */
export function lockHolder(path: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    if (!(pid > 0)) return null;
    // In a container every start may have the same number: that of the process that was killed is then our own.
    if (pid === process.pid && !held.has(resolve(path))) return null;
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // EPERM: the process lives and belongs to somebody else.
    return systemErrorCode(error) === 'EPERM' ? Number.parseInt(readFileSync(path, 'utf8'), 10) : null;
  }
}
