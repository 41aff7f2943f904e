/**
 * The lock of a run's folder: a file that says which process is its one writer. A lock whose process is gone counts for nothing; that
 * its number was given to another process since shows by when that one began.
 *
 *     lock.PID  a claim: whole before it has its name, there for as long as its process tries
 *        │ link, which the system lets one process make, however many try
 *        ▼
 *     lock      removed by its holder; where that one is gone, by the only living claimant and nobody else
 *
 * Who sees an older lock and a rival never removes it: of two claimants at least the second one sees the other, since each makes
 * its claim before it looks. The one with the larger number withdraws until the other is through.
 */
import { closeSync, linkSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { RunError, systemErrorCode } from '../../schemas/problems.ts';
import { withPath } from '../storage/files.ts';
import { openAside, readPlain } from '../storage/plain-files.ts';

/** A takeover takes a millisecond; a rival that takes longer is stopped or hangs. */
const TAKEOVER_MS_MAX = 1000;
/** A number and a line. */
const LOCK_BYTES_MAX = 4096;
/** What `link` says where a file system has no hard links. */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

/** The locks that this process has taken, by absolute path. */
const held = new Set<string>();

/**
 * Takes the lock, or says who holds it.
 *
 * @returns what releases it.
 */
export function acquireLock(path: string): () => void {
  const claim = `${path}.${process.pid}`;
  try {
    withPath(path, () => contend(path, claim));
  } finally {
    removeIfThere(claim);
  }
  held.add(resolve(path));
  removeDeadClaims(path);
  return () => release(path);
}

function contend(path: string, claim: string): void {
  const deadline = performance.now() + TAKEOVER_MS_MAX;
  for (;;) {
    writeClaim(claim);
    if (takeLock(path, claim)) return;
    const holder = lockHolder(path);
    if (holder !== null) throw taken(path, holder);
    // What stands there is stale, or gone by now.
    const rival = smallestRival(path);
    if (rival === null) {
      removeIfThere(path);
      continue;
    }
    if (performance.now() > deadline) throw taken(path, rival);
    if (rival < process.pid) removeIfThere(claim);
    pause();
  }
}

function taken(path: string, holder: number): RunError {
  return new RunError({
    where: path,
    got: `a run that process ${holder} works on`,
    expected: 'one process a run',
    remedy: 'wait for it, or stop it; choose another folder with --out for a second run',
  });
}

/** Writes who claims the lock, whole before it has its name: half a claim would look like that of nobody. */
function writeClaim(claim: string): void {
  const aside = `${claim}.new`;
  const descriptor = openAside(aside);
  try {
    writeFileSync(descriptor, `${process.pid}\n${beginningOf(process.pid) ?? ''}\n`);
  } finally {
    closeSync(descriptor);
  }
  renameSync(aside, claim);
}

/** Makes the claim the lock, unless there is one. */
function takeLock(path: string, claim: string): boolean {
  try {
    linkSync(claim, path);
    return true;
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.includes(code)) throw error;
  }
  try {
    writeFileSync(path, readFileSync(claim), { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The claims and what is left of them, with the numbers in their names. */
function claimsOn(path: string): { readonly file: string; readonly pid: number; readonly isWhole: boolean }[] {
  const prefix = `${basename(path)}.`;
  return readdirSync(dirname(path)).flatMap((name) => {
    const match = name.startsWith(prefix) ? /^(\d+)(\.new)?$/.exec(name.slice(prefix.length)) : null;
    return match === null
      ? []
      : [{ file: join(dirname(path), name), pid: Number(match[1]), isWhole: match[2] === undefined }];
  });
}

/** The smallest number of another living process that claims the lock, or null. */
function smallestRival(path: string): number | null {
  const pids = claimsOn(path)
    .filter(({ pid, file, isWhole }) => isWhole && pid !== process.pid && lockHolder(file) === pid)
    .map(({ pid }) => pid);
  return pids.length === 0 ? null : Math.min(...pids);
}

function removeDeadClaims(path: string): void {
  for (const { file, pid } of claimsOn(path)) if (!isAlive(pid)) removeIfThere(file);
}

/** Lets a rival go on. Nothing else of this process is under way by then, so that nothing is kept waiting. */
function pause(): void {
  const end = performance.now() + 1;
  while (performance.now() < end);
}

function release(path: string): void {
  held.delete(resolve(path));
  removeIfThere(path);
}

/** Removes a file. Gone with its folder is gone too: that has been told already, and this must not be told in its place. */
function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}

/** The living process that a lock or a claim is of, or null. */
export function lockHolder(path: string): number | null {
  const [pidText = '', began = ''] = textOf(path).split('\n');
  const pid = Number.parseInt(pidText, 10);
  if (!(pid > 0) || !isAlive(pid)) return null;
  const now = beginningOf(pid);
  if (began !== '' && now !== null) return began === now ? pid : null;
  // Where the system does not tell: in a container every start may have the same number, that of the process that was killed.
  return pid === process.pid && !held.has(resolve(path)) ? null : pid;
}

function textOf(path: string): string {
  try {
    return readPlain(path, LOCK_BYTES_MAX).toString('utf8');
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process lives and belongs to somebody else.
    return systemErrorCode(error) === 'EPERM';
  }
}

/**
 * When a process began, by the clock of this boot and its name: no two processes of one number have it in common. Null where the
 * system does not tell; of one that is dead and not yet buried a word that no other has.
 */
function beginningOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Behind the name, which may hold anything: the state is field 3, the start in ticks field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return 'dead';
    return `${fields[19]} ${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}`;
  } catch {
    return null;
  }
}
