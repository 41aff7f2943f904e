/**
 * How much address space Gyre needs under a limit of it (`ulimit -v`), which counts what is reserved and not what is
 * used.
 *
 * On 64-bit systems Node.js reserves 10 GiB around each WebAssembly memory, so that kernels need no checks of bounds:
 * every address that 32 bits can name then belongs to the memory or to a guard. Started with
 * --disable-wasm-trap-handler it reserves what a memory may grow to and checks each access, which costs kernels a
 * quarter of their speed. That flag cannot be set from inside, so that commands are started again with it
 * (src/commands/relaunch.ts), where the limit asks for it.
 */
import { readFileSync } from 'node:fs';
import { RunError } from '../../schemas/problems.ts';
import { addressSpaceText, mebibytes, processLimits } from '../storage/process-limits.ts';

/** The flag of Node.js with which WebAssembly memories have no guards. */
export const NO_GUARDS_FLAG = '--disable-wasm-trap-handler';

/** What a WebAssembly memory reserves with its guards. */
const GUARDED_MEMORY_BYTES = 10 * 2 ** 30;
/** What a process needs beside its threads. */
const PROCESS_BYTES = 2 ** 30;
/** What a thread reserves without a guarded memory. Measured: 90 MB, and room for its groups. */
const THREAD_BYTES = 120 * 2 ** 20;

/** Memories of a thread: one for its groups, one of the library that compresses; main has two of the latter kind. */
const MEMORIES_PER_THREAD = 2;

/** Whether this limit leaves no room for the guards of the memories of so many threads. */
export function isTooNarrowForGuards(addressSpaceBytes: number, threads: number): boolean {
  const memories = MEMORIES_PER_THREAD * (threads + 1);
  return addressSpaceBytes < PROCESS_BYTES + threads * THREAD_BYTES + memories * GUARDED_MEMORY_BYTES;
}

/**
 * To be called before threads are started: V8 ends the whole process where it finds no address space for one.
 *
 * @throws RunError where the limit has no room for so many threads.
 */
export function checkAddressSpace(threads: number): void {
  const { addressSpaceBytes } = processLimits();
  if (!Number.isFinite(addressSpaceBytes)) return;
  const reserved = reservedBytes();
  const needed = reserved + threads * THREAD_BYTES;
  if (needed <= addressSpaceBytes) return;
  const fitting = Math.floor((addressSpaceBytes - reserved) / THREAD_BYTES);
  const few = fitting > 0 ? `use --threads ${fitting}, or ` : '';
  throw new RunError({
    where: '--threads',
    got: `${threads} thread${threads === 1 ? '' : 's'}${addressSpaceText(addressSpaceBytes)}`,
    expected: `at least ${mebibytes(needed)} of address space`,
    remedy: `${few}raise the limit (ulimit -v unlimited)`,
  });
}

/** Address space that this process has reserved by now. */
function reservedBytes(): number {
  const kilobytes = /^VmSize:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
