/**
 * `gyre run`: reads a sweep, opens its folder, picks a display, executes, prints the summary. Signals become a request to
 * stop; a second one leaves at once.
 */
import { availableParallelism } from 'node:os';
import type { EngineName } from '../../schemas/manifest.ts';
import type { Notice } from '../../schemas/notices.ts';
import { type Problem, UsageError } from '../../schemas/problems.ts';
import { SWEEP_LIMITS } from '../../schemas/sweep.ts';
import { jsonDisplay } from '../display/json.ts';
import { plainDisplay } from '../display/plain.ts';
import { summaryLines } from '../display/summary.ts';
import { findToolchain } from '../kernel/toolchain.ts';
import { expandSweep } from '../plan/expand.ts';
import { readSweep } from '../plan/read.ts';
import { executeRun } from '../run/execute.ts';
import { defaultRunFolder, openRun, readRun } from '../run/folder.ts';
import { shardOption, wholeNumberOption } from './options.ts';
import { printLine, tellUser } from './output.ts';
import { summaryInput } from './show.ts';

export interface RunOptions {
  readonly out?: string;
  readonly threads?: string;
  readonly epochs?: string;
  readonly shard?: string;
  readonly kernel?: string;
  readonly plain?: boolean;
  readonly json?: boolean;
  readonly failFast?: boolean;
}

/** Exit codes of a run that a signal stopped: 128 + the signal's number, as shells have it. */
const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof SIGNAL_EXIT_CODES;

/** What `--kernel` chooses. Auto is the same on every machine. */
const ENGINES: Readonly<Record<string, EngineName>> = { auto: 'kernel', native: 'native', reference: 'reference' };

const WORKER_URL = new URL('../../workers/train.js', import.meta.url);

/** Runs a sweep. Returns the exit code. */
export async function runCommand(sweepFile: string, options: RunOptions): Promise<number> {
  const problems: Problem[] = [];
  const threads =
    wholeNumberOption('--threads', options.threads, { min: 1, max: 1024 }, problems) ?? availableParallelism();
  const epochs = wholeNumberOption('--epochs', options.epochs, { min: 1, max: SWEEP_LIMITS.epochCountMax }, problems);
  const shard = shardOption(options.shard, problems);
  if (options.out === '') problems.push({ where: '--out', got: '""', expected: 'a folder' });
  if (problems.length > 0) throw new UsageError(problems);
  const sweepAsWritten = readSweep(sweepFile);
  const sweep = epochs === null ? sweepAsWritten : { ...sweepAsWritten, epochs };
  const engine = ENGINES[options.kernel ?? 'auto'];
  const toolchain = engine === 'native' ? { toolchain: findToolchain() } : {};
  const folder = options.out ?? defaultRunFolder(sweep, shard);
  const networks = expandSweep(sweep);
  if (shard !== null && shard.count > networks.length) {
    const expected = `at most ${networks.length} shards: the sweep has no more networks`;
    throw new UsageError({ where: '--shard', got: JSON.stringify(options.shard), expected });
  }
  const run = openRun({ sweep, networks, folder, engine, shard });

  const stop = new AbortController();
  let signal: StopSignal | null = null;
  const onSignal = (name: NodeJS.Signals) => {
    const exitCode = SIGNAL_EXIT_CODES[name as StopSignal];
    if (signal !== null) process.exit(exitCode);
    signal = name as StopSignal;
    stop.abort();
  };
  const signals = Object.keys(SIGNAL_EXIT_CODES) as StopSignal[];
  for (const name of signals) process.on(name, onSignal);
  // A reader of --json that goes away is the end of a session, like a terminal that hangs up.
  process.stdout.once('error', () => onSignal('SIGHUP'));

  const display = await openDisplay(options);
  try {
    const ending = await executeRun(run, {
      threads,
      workerUrl: WORKER_URL,
      ...toolchain,
      failFast: options.failFast === true,
      notify: display.notify,
      stop: stop.signal,
    });
    display.close();
    if (options.json !== true)
      for (const line of summaryLines(summaryInput(readRun(run.folder, networks), ending))) printLine(line);
    if (ending === 'done') return 0;
    return signal === null ? 1 : SIGNAL_EXIT_CODES[signal];
  } finally {
    display.close();
    for (const name of signals) process.off(name, onSignal);
    run.close();
  }
}

interface Display {
  readonly notify: (notice: Notice) => void;
  readonly close: () => void;
}

/** The screen on a terminal, lines elsewhere, JSON where asked for. */
async function openDisplay({ plain, json }: RunOptions): Promise<Display> {
  if (json === true) return { notify: jsonDisplay(printLine), close: () => {} };
  const isInteractive = process.stdout.isTTY && process.env.CI === undefined && process.env.TERM !== 'dumb';
  if (plain === true || !isInteractive) return { notify: plainDisplay(tellUser), close: () => {} };
  process.env.NODE_ENV ??= 'production'; // React's development build costs several times the drawing
  const { inkDisplay } = await import('../display/ink/mount.js');
  return inkDisplay(process.stdout);
}
