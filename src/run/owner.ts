/**
 * Who holds the lease of a run: enough of a process to tell it from any other, on this machine or another one, and to
 * know when it is certainly gone. Knows nothing of files.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemErrorCode } from '../../schemas/problems.ts';

/** A process that works on a run. What the system does not tell is null. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Of the boot of its machine. */
  readonly bootId: string | null;
  /** In which its `pid` means anything: containers have one each. */
  readonly pidNamespace: string | null;
  /** When it started, in ticks since the boot: a number of a process is used again. */
  readonly startTicks: string | null;
  /** 32 random hex digits, one lease each. */
  readonly token: string;
  /** What a batch system says of it: job, task of an array and how often it was restarted. */
  readonly scheduler: Scheduler | null;
}

interface Scheduler {
  readonly name: string;
  readonly job: string;
  readonly task: string | null;
  readonly restarts: string | null;
}

/** The variables of batch systems: the first one whose job is set counts. */
const SCHEDULERS = [
  { name: 'Slurm', job: 'SLURM_ARRAY_JOB_ID', task: 'SLURM_ARRAY_TASK_ID', restarts: 'SLURM_RESTART_COUNT' },
  { name: 'Slurm', job: 'SLURM_JOB_ID', task: null, restarts: 'SLURM_RESTART_COUNT' },
  { name: 'AWS Batch', job: 'AWS_BATCH_JOB_ID', task: 'AWS_BATCH_JOB_ARRAY_INDEX', restarts: 'AWS_BATCH_JOB_ATTEMPT' },
  { name: 'PBS', job: 'PBS_JOBID', task: 'PBS_ARRAY_INDEX', restarts: null },
  { name: 'LSF', job: 'LSB_JOBID', task: 'LSB_JOBINDEX', restarts: null },
  { name: 'Grid Engine', job: 'JOB_ID', task: 'SGE_TASK_ID', restarts: 'RESTARTED' },
] as const;

/** This process, as the owner of a new lease. */
export function thisOwner(environment: NodeJS.ProcessEnv = process.env): Owner {
  return {
    pid: process.pid,
    host: hostname(),
    bootId: textIn('/proc/sys/kernel/random/boot_id'),
    pidNamespace: pidNamespace(),
    startTicks: startTicks(process.pid),
    token: randomBytes(16).toString('hex'),
    scheduler: schedulerIn(environment),
  };
}

function schedulerIn(environment: NodeJS.ProcessEnv): Scheduler | null {
  const found = SCHEDULERS.find(({ job }) => (environment[job] ?? '') !== '');
  if (found === undefined) return null;
  const value = (name: string | null) => (name === null ? null : environment[name] || null);
  return {
    name: found.name,
    job: environment[found.job] as string,
    task: value(found.task),
    restarts: value(found.restarts),
  };
}

/** An owner from the text that a lease has of it, which anybody may have written; null where it is none. */
export function parseOwner(text: string): Owner | null {
  const value = parsedObject(text);
  const { pid, host, token, scheduler } = value;
  if (!Number.isSafeInteger(pid) || typeof host !== 'string' || typeof token !== 'string') return null;
  return {
    ...{ pid: pid as number, host, token },
    ...{ bootId: textOrNull(value.bootId), pidNamespace: textOrNull(value.pidNamespace) },
    startTicks: textOrNull(value.startTicks),
    scheduler: parseScheduler(scheduler),
  };
}

function parseScheduler(value: unknown): Scheduler | null {
  const { name, job, task, restarts } = asObject(value);
  if (typeof name !== 'string' || typeof job !== 'string') return null;
  return { name, job, task: textOrNull(task), restarts: textOrNull(restarts) };
}

function parsedObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Whether processes of an owner's number can be looked up here: same host, same boot, same numbering of processes. */
export function isNeighbour(owner: Owner): boolean {
  return (
    owner.host === hostname() &&
    owner.bootId === textIn('/proc/sys/kernel/random/boot_id') &&
    owner.pidNamespace === pidNamespace()
  );
}

/**
 * Whether an owner is certainly gone. False of every owner elsewhere: its host may be cut off, and its process may wake
 * up.
 *
 * @param isHeldHere whether this process holds the lease with a token.
 */
export function isGone(owner: Owner, isHeldHere: (token: string) => boolean): boolean {
  if (!isNeighbour(owner)) return false;
  if (owner.pid === process.pid) return !isHeldHere(owner.token);
  if (!isAlive(owner.pid)) return true;
  const now = startTicks(owner.pid);
  return now === 'dead' || (owner.startTicks !== null && now !== null && now !== owner.startTicks);
}

/** `process 17`, and where it is unless here. */
export function ownerText(owner: Owner | null): string {
  if (owner === null) return 'an unknown process';
  const { pid, host, scheduler } = owner;
  const place = isNeighbour(owner)
    ? ''
    : ` of another ${host === hostname() ? 'container or boot of' : 'machine,'} ${host}`;
  if (scheduler === null) return `process ${pid}${place}`;
  const task = scheduler.task === null ? '' : `, task ${scheduler.task}`;
  const restarts = scheduler.restarts === null ? '' : `, restart ${scheduler.restarts}`;
  return `process ${pid}${place} (${scheduler.name} job ${scheduler.job}${task}${restarts})`;
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

/** Null where the system does not tell; of a process that is dead and not yet buried `dead`. */
function startTicks(pid: number): string | null {
  const stat = textIn(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // Behind the name, which may hold anything: the state is field 3, the start in ticks field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'dead' : fields[19];
}

function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}

function textIn(path: string): string | null {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return null;
  }
}
