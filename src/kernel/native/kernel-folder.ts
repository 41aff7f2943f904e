/**
 * The folder of one session's kernels, in the folder for temporary files. It has a file that says which process owns
 * it, so that a later session can remove the folders of processes that were killed.
 *
 *     gyre-kernels-XXXXXX/
 *     ├ owner.json        host, boot, name space of process numbers, number and start of the process
 *     ├ kernel-0.c        source, and what the compiler makes of it
 *     └ kernel-0.node
 *
 * A folder is removed only where its owner is gone for certain: the same boot of the same host counted its processes in
 * the same name space, and no process there has that number and that start. All others stay, for example those of
 * another container that shares the folder.
 */
import {
  closeSync,
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemErrorCode } from '../../../schemas/problems.ts';

const PREFIX = 'gyre-kernels-';
const OWNER_FILE = 'owner.json';
const OWNER_BYTES_MAX = 4096;

/** A process, told from all others that have been or will be on this boot of this host. */
interface Owner {
  readonly host: string;
  readonly boot: string;
  readonly processes: string;
  readonly pid: number;
  /** When it began, in ticks of the system since the boot. */
  readonly start: string;
}

/** The folder that kernels' folders are made in. */
export const kernelsParent = (): string => resolve(tmpdir());

/** Makes a folder for one session. Throws what the system says where that cannot be done. */
export function makeKernelFolder(parent = kernelsParent()): string {
  const folder = mkdtempSync(join(parent, PREFIX));
  const owner = ownerNow(process.pid);
  // Without it the folder is never taken for a forgotten one.
  if (owner !== null) writeFileSync(join(folder, OWNER_FILE), `${JSON.stringify(owner)}\n`);
  return folder;
}

/** Removes the folders of sessions whose process is gone for certain. Never throws: another session may try again. */
export function removeForgottenFolders(parent = kernelsParent()): void {
  try {
    const names = readdirSync(parent).filter((name) => name.startsWith(PREFIX));
    for (const folder of names.map((name) => join(parent, name))) {
      try {
        if (isForgotten(folder)) rmSync(folder, { recursive: true, force: true });
      } catch {
        // It is somebody else's, or going away.
      }
    }
  } catch {
    // There is no such folder, which the making of a new one will tell.
  }
}

function isForgotten(folder: string): boolean {
  const entry = lstatSync(folder);
  if (!entry.isDirectory() || entry.uid !== process.getuid?.()) return false;
  const owner = readOwner(join(folder, OWNER_FILE));
  const self = ownerNow(process.pid);
  if (owner === null || self === null) return false;
  for (const name of ['host', 'boot', 'processes'] as const) if (owner[name] !== self[name]) return false;
  const start = processStart(owner.pid);
  return start === null || start !== owner.start;
}

/** The owner that a file names, or null where it names none. Links are not followed. */
function readOwner(path: string): Owner | null {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const text = readFileSync(descriptor, 'utf8');
    if (text.length > OWNER_BYTES_MAX) return null;
    const { host, boot, processes, pid, start } = JSON.parse(text) as Partial<Record<keyof Owner, unknown>>;
    if (![host, boot, processes, start].every((value) => typeof value === 'string' && value !== '')) return null;
    if (!Number.isInteger(pid) || Number(pid) <= 0) return null;
    return { host, boot, processes, pid, start } as Owner;
  } finally {
    closeSync(descriptor);
  }
}

/** A living process; null where the system does not tell. */
function ownerNow(pid: number): Owner | null {
  try {
    const start = processStart(pid);
    if (start === null) return null;
    return {
      host: hostname(),
      boot: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
      processes: readlinkSync('/proc/self/ns/pid'),
      pid,
      start,
    };
  } catch {
    return null;
  }
}

/**
 * When a process began; null where there is none of the number, or where it is dead and not yet buried.
 *
 * @throws what the system says where it does not tell.
 */
function processStart(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (isGone(error) && !isAlive(pid)) return null;
    throw error;
  }
  // Behind the name, which may hold anything: the state is field 3, the start field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : fields[19];
}

const isGone = (error: unknown): boolean => ['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '');

/** Where processes of others are hidden, a number without an entry may be one of them. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) !== 'ESRCH';
  }
}
