/**
 * `gyre unlock`: removes the lease of a run whose process is gone, for people who know that it is. Gyre finds out by
 * itself, only later.
 */
import { UsageError } from '../../schemas/problems.ts';
import { runPaths } from '../run/folder.ts';
import { breakLease, leaseHolder, sightLease } from '../run/lease.ts';
import { isNeighbour, ownerText } from '../run/owner.ts';
import { findRun } from './find-run.ts';
import { printJson, printLine } from './output.ts';

/** Removes the lease of a run. Returns the exit code. */
export function unlockCommand(name: string, { json, force }: { json?: boolean; force?: boolean }): number {
  const folder = findRun(name);
  const { lock } = runPaths(folder);
  const owner = leaseHolder(lock);
  if (owner !== null && isNeighbour(owner) && force !== true) {
    throw new UsageError({
      where: lock,
      got: `the lease of ${ownerText(owner)}, which is alive`,
      expected: 'that of a process that is gone',
      remedy:
        `end it with kill ${owner.pid}, or take the lease away from it with --force: ` +
        'it then stops at its next commit',
    });
  }
  const found = sightLease(lock) === null ? null : breakLease(lock);
  if (json === true) printJson({ folder, removed: found?.owner ?? null });
  else if (found === null) printLine(`${folder}: no lease`);
  else printLine(`${folder}: removed the lease of ${ownerText(found.owner)}`);
  return 0;
}
