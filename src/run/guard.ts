/**
 * What must hold for this process to change a run's folder: that it has the lease, and that run.json is the file that
 * it left. Asked before each record of the journal, so that what somebody removes or replaces while the run continues
 * is noticed within a second.
 */
import { statSync } from 'node:fs';
import { RunError } from '../../schemas/problems.ts';
import { RESTORE_REMEDY, withPath } from '../storage/files.ts';
import type { Lease } from './lease.ts';

export class FolderGuard {
  readonly #lease: Lease;
  readonly #manifestPath: string;
  #manifestIdentity: string | null;

  /** Guards a folder whose manifest is written and whose lease is held. */
  constructor(lease: Lease, manifestPath: string) {
    this.#lease = lease;
    this.#manifestPath = manifestPath;
    this.#manifestIdentity = identityOf(manifestPath);
  }

  /** @throws RunError where this process may not change the folder any more. */
  check(): void {
    this.#lease.hold();
    const found = identityOf(this.#manifestPath);
    if (found === this.#manifestIdentity) return;
    throw new RunError({
      where: this.#manifestPath,
      got:
        found === null ? 'nothing: it was removed while the run was being trained' : 'another file, or a changed one',
      expected: 'the file as this process left it',
      remedy: `nothing may change files of a run that is being trained; ${RESTORE_REMEDY}`,
    });
  }

  /** Lets run.json be written anew by this process. */
  replaceManifest(write: () => void): void {
    this.check();
    write();
    this.#manifestIdentity = identityOf(this.#manifestPath);
  }
}

/** Which file it is, how long and when it was written; null where there is none. */
function identityOf(path: string): string | null {
  const status = withPath(path, () => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return status === undefined ? null : `${status.dev}:${status.ino} ${status.size} ${status.mtimeNs}`;
}
