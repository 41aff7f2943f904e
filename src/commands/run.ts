/**
 * `gyre run`: reads a sweep, opens its folder, picks a display, executes, prints the summary. Signals become a request
 * to stop; a second one leaves at once.
 */

import type { Ending } from '../../schemas/journal.ts';
import type { EngineName } from '../../schemas/manifest.ts';
import { UsageError } from '../../schemas/problems.ts';
import { type Shard, shardText } from '../../schemas/shard.ts';
import { count } from '../display/format.ts';
import type { WishHandler } from '../display/ink/mount.tsx';
import { summaryLines } from '../display/run-summary.ts';
import { Control } from '../group/control.ts';
import { findToolchain, type Toolchain } from '../kernel/native/toolchain.ts';
import { Plan } from '../plan/plan.ts';
import { readSweep } from '../plan/read.ts';
import { defaultRunFolder, readRun } from '../run/folder.ts';
import { type OpenRun, openRunWhenFree } from '../run/open-run.ts';
import { type Owner, ownerText } from '../run/owner.ts';
import { WORKER_URLS } from '../run/package.ts';
import { executeRun } from '../session/execute.ts';
import type { CommitSchedule, ExecuteOptions } from '../session/session-options.ts';
import { prepareCompression } from '../storage/tables/compression.ts';
import { type Display, isInteractive, jsonLines, openDashboard, plainLines, RunSource } from './displays.ts';
import { printLine, tellUser } from './output.ts';
import { summaryInput } from './show.ts';
import { leaveOnSignals, noteStop, STOP_EXIT_CODES, STOP_SIGNALS, type StopSignal } from './stop-signals.ts';

export interface RunOptions {
  readonly out: string | undefined;
  readonly threads: number;
  readonly epochs: number | undefined;
  readonly shard: Shard | undefined;
  readonly lease: number;
  readonly commits: CommitSchedule;
  readonly kernel: keyof typeof ENGINES;
  readonly plain: boolean;
  readonly json: boolean;
  readonly failFast: boolean;
  readonly analyse: boolean;
  readonly exit: boolean;
}

/** What `--kernel` chooses. Auto is the same on every machine. */
const ENGINES = { auto: 'kernel', native: 'native', reference: 'reference' } as const satisfies Record<
  string,
  EngineName
>;

/** Runs a sweep. Returns the exit code. */
export async function runCommand(sweepFile: string, options: RunOptions): Promise<number> {
  const { threads, json } = options;
  const { run, plan, toolchain } = await openSweep(sweepFile, options);
  const stop = new StopRequest();
  const control = new Control();
  const display = await openDisplay(options, run, (wish) => {
    if (wish !== 'pause') stop.take('SIGINT');
    else if (control.isPaused) control.resume();
    else control.pause();
  });
  // Without its screen nobody watches the run: it stops, and the error of the screen is reported below.
  display.left.catch(() => stop.abort());
  let ending: Ending;
  try {
    ending = await trainAndClose(run, {
      threads,
      workerUrl: WORKER_URLS.train,
      ...(toolchain !== null && { toolchain }),
      failFast: options.failFast,
      commits: options.commits,
      notify: display.notify,
      stop: stop.asked,
      control,
    });
    // The run is over and its folder free. On the dashboard its user may look around until a key or a signal ends that.
    if (options.exit) display.close();
    await Promise.race([display.left, whenAborted(stop.asked)]);
    display.close();
    if (!json) for (const line of summaryLines(summaryInput(readRun(run.folder, plan), ending))) printLine(line);
  } finally {
    display.close();
    stop.close();
  }
  if (ending !== 'done') return stop.signal === null ? 1 : STOP_EXIT_CODES[stop.signal];
  // A signal ends the analysis at once, as it ends gyre analyse: its tables are whole or not there.
  if (options.analyse) {
    // Loaded when it is wanted: the mathematics of an analysis takes time that every other run would wait for.
    const { analyseRun } = await import('./analyse.ts');
    await analyseRun(readRun(run.folder, plan), { threads, json });
  }
  return 0;
}

/** An open run with its plan, and the compiler where kernels are native. */
interface OpenSweep {
  readonly run: OpenRun;
  readonly plan: Plan;
  readonly toolchain: Toolchain | null;
}

/** Reads a sweep and opens its run, which may wait for another process. */
async function openSweep(sweepFile: string, { epochs, shard, kernel, out, lease }: RunOptions): Promise<OpenSweep> {
  const sweepAsWritten = readSweep(sweepFile);
  const sweep = epochs === undefined ? sweepAsWritten : { ...sweepAsWritten, epochs };
  const engine = ENGINES[kernel];
  const toolchain = engine === 'native' ? await findToolchainOrLeave() : null;
  const plan = new Plan(sweep, shard);
  const folder = out ?? defaultRunFolder(plan);
  if (shard !== undefined && shard.count > plan.all.length) {
    const expected = `at most ${plan.all.length} shards: the sweep has no more networks`;
    throw new UsageError({ where: '--shard', got: JSON.stringify(shardText(shard)), expected });
  }
  await prepareCompression(sweep.trace.compression); // to extend a run, its rows are read
  const run = await openRunWhenFree(
    { plan, folder, engine },
    { seconds: lease, onWait: (owner) => tellUser(waitingText(folder, owner, lease)) },
  );
  if (run.extendedFrom !== null)
    tellUser(
      `extended from ${count(run.extendedFrom)} to ${count(sweep.epochs)} epochs: ` +
        'labels and tail statistics will be recomputed',
    );
  return { run, plan, toolchain };
}

/**
 * The user's request to stop, by a signal or a key. The first one asks the run to stop, a second one leaves at once.
 */
class StopRequest {
  readonly #controller = new AbortController();
  readonly asked: AbortSignal = this.#controller.signal;
  /** The first signal; null while there is none. */
  signal: StopSignal | null = null;

  constructor() {
    for (const name of STOP_SIGNALS) process.on(name, this.#onSignal);
    // A reader of --json that goes away ends the session, like a terminal that hangs up.
    process.stdout.once('error', () => {
      if (this.signal === null) this.take('SIGHUP');
    });
  }

  take(signal: StopSignal): void {
    if (this.signal === null) {
      this.signal = signal;
      noteStop();
      this.abort();
    } else if (signal !== 'SIGHUP') {
      // A terminal that hangs up signals twice, the session's leader and its group: that is no impatience.
      process.exit(STOP_EXIT_CODES[signal]);
    }
  }

  /** Stops without a signal. */
  abort(): void {
    this.#controller.abort();
  }

  close(): void {
    for (const name of STOP_SIGNALS) process.off(name, this.#onSignal);
  }

  readonly #onSignal = (name: NodeJS.Signals): void => this.take(name as StopSignal);
}

function waitingText(folder: string, owner: Owner | null, seconds: number): string {
  return (
    `${folder}: ${ownerText(owner)} shows no sign of life; the run is taken over if there is none for ${seconds} s ` +
    '(gyre unlock takes its lease away at once)'
  );
}

/** Asks the compiler. Nothing has begun by then, so that a signal ends it at once. */
async function findToolchainOrLeave(): Promise<Toolchain> {
  const stay = leaveOnSignals(() => {});
  try {
    return await findToolchain();
  } finally {
    stay();
  }
}

async function trainAndClose(run: OpenRun, options: ExecuteOptions): Promise<Ending> {
  try {
    return await executeRun(run, options);
  } finally {
    run.close();
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** The dashboard on a terminal, lines elsewhere, JSON where asked for. */
async function openDisplay({ plain, json }: RunOptions, run: OpenRun, onWish: WishHandler): Promise<Display> {
  if (json) return jsonLines();
  if (plain || !isInteractive()) return plainLines();
  const { folder, state } = run;
  return await openDashboard(new RunSource({ folder, state, isOwn: true }), onWish);
}
