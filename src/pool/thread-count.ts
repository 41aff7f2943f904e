/**
 * What the machine grants this process: how many threads are worth starting. Commands ask here for their default of
 * --threads. Node 20 knows the processors that a process may run on, but not the share of time that a control group
 * (cgroup) leaves it, as containers and batch systems set it.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** Where to look: the root of the file system, and the processors that the system lets this process run on. */
export interface MachineView {
  readonly root: string;
  readonly processors: number;
}

/**
 * The number of threads unless a user gives one: the processors at hand, or the quota of the control groups rounded up
 * where that is less. At least 1.
 */
export function defaultThreads({ root, processors }: MachineView = thisMachine()): number {
  return Math.max(1, Math.min(processors, Math.ceil(cpuQuota(root))));
}

const thisMachine = (): MachineView => ({ root: '/', processors: availableParallelism() });

/** Processors' worth of time per unit of time, by the strictest control group above this process; Infinity if none. */
function cpuQuota(root: string): number {
  const groups = linesOf(join(root, 'proc/self/cgroup')).map((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return { controllers: controllers?.split(',') ?? [], path: path ?? '/' };
  });
  const quotas = cpuMounts(root).flatMap((mount) => {
    // The one hierarchy of version 2 stands in /proc/self/cgroup without controllers.
    const group = groups.find(({ controllers }) => controllers.includes(mount.version === 2 ? '' : 'cpu'));
    if (group === undefined) return [];
    return foldersUp(pathWithin(group.path, mount.groupRoot)).map((folder) =>
      QUOTA_READERS[mount.version](join(root, mount.folder, folder)),
    );
  });
  return Math.min(Number.POSITIVE_INFINITY, ...quotas);
}

interface CgroupMount {
  readonly version: 1 | 2;
  readonly folder: string;
  /** The group that is mounted there: in a container this may be its own one. */
  readonly groupRoot: string;
}

/**
 * Where the hierarchies that limit processor time are mounted: `31 24 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw`.
 */
function cpuMounts(root: string): CgroupMount[] {
  return linesOf(join(root, 'proc/self/mountinfo')).flatMap((line): CgroupMount[] => {
    const [mount, source] = line.split(' - ');
    const [, , , groupRoot, folder] = mount.split(' ');
    const [type, , options] = source?.split(' ') ?? [];
    if (type === 'cgroup2') return [{ version: 2, folder, groupRoot }];
    if (type === 'cgroup' && options?.split(',').includes('cpu')) return [{ version: 1, folder, groupRoot }];
    return [];
  });
}

/** The path of a group below the group that is mounted. */
function pathWithin(path: string, groupRoot: string): string {
  return groupRoot !== '/' && `${path}/`.startsWith(`${groupRoot}/`) ? path.slice(groupRoot.length) : path;
}

/** A path and all above it: `/a/b`, `/a`, ``. */
function foldersUp(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return Array.from({ length: parts.length + 1 }, (_, i) => parts.slice(0, parts.length - i).join('/'));
}

const QUOTA_READERS: Readonly<Record<CgroupMount['version'], (folder: string) => number>> = {
  /** `150000 100000` or `max 100000`: microseconds of processor time per period. */
  2: (folder) => {
    const [quota, period] = (linesOf(join(folder, 'cpu.max'))[0] ?? '').split(' ');
    return shareOf(Number(quota), Number(period));
  },
  /** -1 stands for no quota. */
  1: (folder) => {
    const [[quota], [period]] = ['quota', 'period'].map((name) => linesOf(join(folder, `cpu.cfs_${name}_us`)));
    return shareOf(Number(quota), Number(period));
  },
};

function shareOf(quota: number, period: number): number {
  return quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY;
}

/** The lines of a file of the system; none where it has no such file. */
function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
}
