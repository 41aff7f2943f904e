/**
 * The limits that the system sets this process (`ulimit`), and what its errors mean where one is reached. Batch systems
 * set such limits; an error that names the limit can be acted upon. Linux tells them in /proc/self/limits; elsewhere
 * none is known, and the errors are still put into words.
 */
import { readFileSync } from 'node:fs';
import { type Problem, RunError, systemErrorCode } from '../../schemas/problems.ts';

/** Limits of one process; Infinity where there is none, or none is known. */
export interface ProcessLimits {
  /** Bytes of address space (`ulimit -v`): what is reserved counts, not what is used. */
  readonly addressSpaceBytes: number;
  /** Open files (`ulimit -n`). */
  readonly openFiles: number;
  /** Processes and threads of the same user (`ulimit -u`). */
  readonly threads: number;
}

/** The limits of this process, or those in a text as /proc/self/limits has it. */
export function processLimits(text: string = OWN_LIMITS): ProcessLimits {
  const limit = (name: string): number => {
    const value = new RegExp(`^${name} +(\\d+)`, 'm').exec(text)?.[1];
    return value === undefined ? Number.POSITIVE_INFINITY : Number(value);
  };
  return {
    addressSpaceBytes: limit('Max address space'),
    openFiles: limit('Max open files'),
    threads: limit('Max processes'),
  };
}

/** Read at the start: once no file can be opened any more, the limit on them could not be read either. */
const OWN_LIMITS = limitsText();

function limitsText(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

/** What an error means where a limit has been reached; null for any other error. */
export function limitProblem(error: unknown, limits = processLimits()): Omit<Problem, 'where'> | null {
  const code = systemErrorCode(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'EMFILE' || /\bEMFILE\b/.test(message)) {
    return {
      got: `too many open files${limitText(limits.openFiles, 'ulimit -n')}`,
      remedy: 'raise the limit, for example with ulimit -n 1024, and run the same command again',
    };
  }
  if (code === 'ENFILE') return { got: 'too many open files on the whole machine', remedy: 'end other programs' };
  if (code === 'EAGAIN' || code === 'ERR_WORKER_INIT_FAILED') {
    return {
      got: `no further thread can be started${limitText(limits.threads, 'ulimit -u')}`,
      remedy: 'use fewer threads with --threads, or raise the limit',
    };
  }
  if (code === 'ENOMEM' || MEMORY_MESSAGES.test(message)) {
    const { addressSpaceBytes } = limits;
    return {
      got: `no memory left${addressSpaceText(addressSpaceBytes)}`,
      remedy: `use fewer threads with --threads${Number.isFinite(addressSpaceBytes) ? ', or raise the limit' : ''}`,
    };
  }
  return null;
}

/** What engines say where memory is refused: the system error in words, and the allocations of V8. */
const MEMORY_MESSAGES =
  /cannot allocate memory|could not allocate memory|Array buffer allocation failed|Out of memory/i;

/** As {@link limitProblem}, as an error of a run to be thrown; null for an error that has nothing to do with limits. */
export function limitError(where: string, error: unknown): RunError | null {
  if (error instanceof RunError) return null;
  const problem = limitProblem(error);
  return problem === null ? null : new RunError({ where, ...problem }, { cause: error });
}

/** `; the limit is 24 (ulimit -n)`, or nothing. */
function limitText(limit: number, command: string): string {
  return Number.isFinite(limit) ? `; the limit is ${limit} (${command})` : '';
}

/** `; the address space is limited to 1,954 MiB (ulimit -v 2000000)`, or nothing. */
export function addressSpaceText(bytes: number): string {
  if (!Number.isFinite(bytes)) return '';
  return `; the address space is limited to ${mebibytes(bytes)} (ulimit -v ${Math.floor(bytes / 1024)})`;
}

/** Bytes as people read limits, rounded up. */
export const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;
