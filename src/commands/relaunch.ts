/**
 * Starts gyre again, as a process below this one, where a limit on the address space (`ulimit -v`) leaves no room for
 * what Node.js reserves around WebAssembly memories; why, and how much, is in src/pool/address-space.ts. The child has
 * the same streams and terminal. Signals of a terminal reach it by themselves. Others are passed on over a channel
 * rather than as signals: those that are sent to all processes of a job would arrive twice, and the second one means
 * "at once".
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isTooNarrowForGuards, NO_GUARDS_FLAG } from '../pool/address-space.ts';
import { addressSpaceText, processLimits } from '../storage/process-limits.ts';
import { tellUser } from './output.ts';
import { STOP_SIGNALS, type StopSignal, stopOnce } from './stop-signals.ts';

/** By then the child has a signal that was sent to it as well. */
const OWN_SIGNAL_MS = 200;

/** Whether this process should start itself again to do its work in `threads` threads. */
export function needsRelaunch(threads: number): boolean {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
  if (flags.includes(NO_GUARDS_FLAG) || !process.allowedNodeEnvironmentFlags.has(NO_GUARDS_FLAG)) return false;
  const { addressSpaceBytes } = processLimits();
  return Number.isFinite(addressSpaceBytes) && isTooNarrowForGuards(addressSpaceBytes, threads);
}

/** Runs this command line again without guards. Returns its exit code. */
export async function relaunch(): Promise<number> {
  const [, main, ...args] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, NO_GUARDS_FLAG, main, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    // A thread of glibc reserves 64 MB for memory of its own, which Gyre's threads have little use for.
    env: { MALLOC_ARENA_MAX: '1', ...process.env },
  });
  for (const name of STOP_SIGNALS)
    process.on(name, () => setTimeout(() => child.connected && child.send(name), OWN_SIGNAL_MS));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : codeAfter(signal)));
  });
}

/** The exit code after a child that a signal has ended; an abort of the engine is told. */
function codeAfter(signal: NodeJS.Signals): number {
  if (STOP_SIGNALS.includes(signal as StopSignal)) return 128 + constants.signals[signal];
  const { addressSpaceBytes } = processLimits();
  tellUser(
    `gyre: Node.js: ended by ${signal}, most likely for want of memory${addressSpaceText(addressSpaceBytes)} ` +
      '(raise the limit, or use fewer threads with --threads; the same command again continues a run)',
  );
  return 1;
}

/**
 * In a process that {@link relaunch} has started: takes the signals that its parent passes on, and its parent's end as
 * SIGTERM.
 */
export function obeyLauncher(): void {
  if (process.channel === undefined || !process.execArgv.includes(NO_GUARDS_FLAG)) return;
  // The parent may be gone by now. Then the channel is null, whatever its type says, and disconnecting was long ago.
  if (!process.connected) stopOnce('SIGTERM');
  else process.channel.unref();
  process.on('message', (signal: StopSignal) => stopOnce(signal));
  process.once('disconnect', () => stopOnce('SIGTERM'));
}
