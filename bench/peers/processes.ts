/**
 * Runs of the built command line, timed from outside, and the kernels alone beside them.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Notice } from '../../schemas/notices.ts';
import type { ShapeTime } from './kernel-only.ts';

const root = new URL('../..', import.meta.url).pathname;
const MAIN = `${root}dist/src/main.js`;
const KERNEL_ONLY = new URL('kernel-only.ts', import.meta.url).pathname;
const MEMORY_POLL_MS = 50;

/** What a process did. */
export interface Ran {
  readonly seconds: number;
  readonly output: string;
  /** Highest resident memory as the kernel of the system keeps it; null where it does not. */
  readonly peakMB: number | null;
}

const now = (): number => performance.now() / 1000;

/** Runs a program to its end. */
async function run(program: string, argument: readonly string[]): Promise<Ran> {
  const begin = now();
  const child = spawn(program, argument, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const peak = watchMemory(child);
  let output = '';
  let errors = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const seconds = now() - begin;
  if (exitCode !== 0)
    throw new Error(`${program} ${argument.join(' ')}: exit code ${exitCode}\n${errors.slice(-1000)}`);
  return { seconds, output, peakMB: peak() };
}

/** Polls VmHWM, which only rises; the returned function ends that and gives the last value. */
function watchMemory({ pid }: ChildProcess): () => number | null {
  let peakMB: number | null = null;
  const timer = setInterval(() => {
    try {
      const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      if (kilobytes !== undefined) peakMB = Math.max(peakMB ?? 0, (Number(kilobytes) * 1024) / 1e6);
    } catch {
      // The process is over, or there is no /proc.
    }
  }, MEMORY_POLL_MS);
  return () => {
    clearInterval(timer);
    return peakMB;
  };
}

/** `gyre …` with these arguments. */
export const gyre = (...argument: string[]): Promise<Ran> => run(process.execPath, [MAIN, ...argument]);

/** Whether this machine has the program that makes terminals for others. */
export function hasTerminals(): boolean {
  try {
    execFileSync('script', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The same on a pseudo-terminal of its own; `output` is what was drawn on it. */
export async function gyreOnTerminal(size: { columns: number; rows: number }, ...argument: string[]): Promise<Ran> {
  const command = [process.execPath, MAIN, ...argument].map((word) => `'${word}'`).join(' ');
  const sized = `stty cols ${size.columns} rows ${size.rows}; exec env -u CI TERM=xterm-256color ${command}`;
  return await run('script', ['-qec', sized, '/dev/null']);
}

/** The kernels of a sweep alone, in as many processes at once as there are cores to load; the times of all parts. */
export async function kernelsAlone(
  sweep: string,
  options: { parts: number; epochs: number; networks: number },
): Promise<ShapeTime[][]> {
  const argument = (part: number) => [sweep, part, options.parts, options.epochs, options.networks].map(String);
  const parts = Array.from({ length: options.parts }, (_, part) =>
    run(process.execPath, ['--import', import.meta.resolve('tsx'), KERNEL_ONLY, ...argument(part)]),
  );
  return (await Promise.all(parts)).map(({ output }) => JSON.parse(output) as ShapeTime[]);
}

/** Seconds from the start of `gyre run` to the first notice with a trained epoch; the run is stopped then. */
export async function secondsToFirstEpoch(sweep: string, out: string): Promise<number> {
  const begin = now();
  const child = spawn(process.execPath, [MAIN, 'run', sweep, '--out', out, '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  let seconds: number | null = null;
  for await (const line of createInterface(child.stdout)) {
    const notice = JSON.parse(line) as Notice;
    if (seconds !== null || notice.kind !== 'progress' || notice.epochsTrained === 0) continue;
    seconds = now() - begin;
    child.kill('SIGTERM');
  }
  await closed;
  if (seconds === null) throw new Error('the run ended without a word of an epoch');
  return seconds;
}
