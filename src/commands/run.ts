/**
 * `gyre run`: reads a sweep, opens its folder, picks a display, executes, prints the summary. Signals become a request to
 * stop; a second one leaves at once.
 */
import type { EngineName } from '../../schemas/manifest.ts';
import { type Problem, UsageError } from '../../schemas/problems.ts';
import { SWEEP_LIMITS } from '../../schemas/sweep.ts';
import { count } from '../display/format.ts';
import type { WishHandler } from '../display/ink/mount.tsx';
import { summaryLines } from '../display/summary.ts';
import { Control } from '../group/control.ts';
import { findToolchain, type Toolchain } from '../kernel/toolchain.ts';
import { expandSweep } from '../plan/expand.ts';
import { readSweep } from '../plan/read.ts';
import { executeRun } from '../run/execute.ts';
import { defaultRunFolder, readRun } from '../run/folder.ts';
import { type OpenRun, openRunWhenFree } from '../run/open-run.ts';
import { type Owner, ownerText } from '../run/owner.ts';
import { WORKER_URLS } from '../run/package.ts';
import type { CommitSchedule, Ending, ExecuteOptions } from '../run/session.ts';
import { prepareCompression } from '../storage/compression.ts';
import { analyseRun } from './analyse.ts';
import { type Display, isInteractive, jsonLines, openDashboard, plainLines, RunSource } from './displays.ts';
import { leaseOption, shardOption, threadsOption, wholeNumberOption } from './options.ts';
import { printLine, tellUser } from './output.ts';
import { summaryInput } from './show.ts';
import { leaveOnSignals, noteStop, STOP_EXIT_CODES, STOP_SIGNALS, type StopSignal } from './stop-signals.ts';

export interface RunOptions {
  readonly out?: string;
  readonly threads?: string;
  readonly epochs?: string;
  readonly shard?: string;
  readonly lease?: string;
  readonly commits?: CommitSchedule;
  readonly kernel?: string;
  readonly plain?: boolean;
  readonly json?: boolean;
  readonly failFast?: boolean;
  readonly analyse?: boolean;
  readonly exit?: boolean;
}

/** What `--kernel` chooses. Auto is the same on every machine. */
const ENGINES: Readonly<Record<string, EngineName>> = { auto: 'kernel', native: 'native', reference: 'reference' };

/** Runs a sweep. Returns the exit code. */
export async function runCommand(sweepFile: string, options: RunOptions): Promise<number> {
  const problems: Problem[] = [];
  const threads = threadsOption(options.threads, problems);
  const epochs = wholeNumberOption('--epochs', options.epochs, { min: 1, max: SWEEP_LIMITS.epochCountMax }, problems);
  const shard = shardOption(options.shard, problems);
  const leaseSeconds = leaseOption(options.lease, problems);
  if (options.out === '') problems.push({ where: '--out', got: '""', expected: 'a folder' });
  if (problems.length > 0) throw new UsageError(problems);
  const sweepAsWritten = readSweep(sweepFile);
  const sweep = epochs === null ? sweepAsWritten : { ...sweepAsWritten, epochs };
  const engine = ENGINES[options.kernel ?? 'auto'];
  const toolchain = engine === 'native' ? { toolchain: await findToolchainOrLeave() } : {};
  const folder = options.out ?? defaultRunFolder(sweep, shard);
  const networks = expandSweep(sweep);
  if (shard !== null && shard.count > networks.length) {
    const expected = `at most ${networks.length} shards: the sweep has no more networks`;
    throw new UsageError({ where: '--shard', got: JSON.stringify(options.shard), expected });
  }
  await prepareCompression(sweep.trace.compression); // of a run that is raised rows are read
  const run = await openRunWhenFree(
    { sweep, networks, folder, engine, shard },
    { seconds: leaseSeconds, onWait: (owner) => tellUser(waitingText(folder, owner, leaseSeconds)) },
  );
  if (run.raisedFrom !== null)
    tellUser(
      `raised from ${count(run.raisedFrom)} to ${count(sweep.epochs)} epochs: what looks at the end is seen anew`,
    );

  const stop = new AbortController();
  let signal: StopSignal | null = null;
  const onSignal = (name: NodeJS.Signals) => {
    if (signal === null) {
      signal = name as StopSignal;
      noteStop();
      stop.abort();
    } else if (name !== 'SIGHUP') {
      // One terminal that hangs up sends its signal twice, to the session's leader and to its group: that is no impatience.
      process.exit(STOP_EXIT_CODES[name as StopSignal]);
    }
  };
  for (const name of STOP_SIGNALS) process.on(name, onSignal);
  // A reader of --json that goes away is the end of a session, like a terminal that hangs up.
  process.stdout.once('error', () => {
    if (signal === null) onSignal('SIGHUP');
  });

  const control = new Control();
  const display = await openDisplay(options, run, (wish) => {
    if (wish !== 'pause') onSignal('SIGINT');
    else if (control.isPaused) control.resume();
    else control.pause();
  });
  // Without its screen nobody watches the run: it is stopped, and what is wrong with the screen is told below.
  display.left.catch(() => stop.abort());
  let ending: Ending;
  try {
    ending = await trainAndClose(run, {
      threads,
      workerUrl: WORKER_URLS.train,
      ...toolchain,
      failFast: options.failFast === true,
      commits: options.commits ?? 'clock',
      notify: display.notify,
      stop: stop.signal,
      control,
    });
    // The run is over and its folder free. On the dashboard its user may look around until a key or a signal ends that.
    if (options.exit === true) display.close();
    await Promise.race([display.left, whenAborted(stop.signal)]);
    display.close();
    if (options.json !== true)
      for (const line of summaryLines(summaryInput(readRun(run.folder, networks), ending))) printLine(line);
  } finally {
    display.close();
    for (const name of STOP_SIGNALS) process.off(name, onSignal);
  }
  if (ending !== 'done') return signal === null ? 1 : STOP_EXIT_CODES[signal];
  // A signal ends it at once, as it ends gyre analyse: its tables are whole or not there.
  if (options.analyse === true)
    await analyseRun(readRun(run.folder, networks), { threads, json: options.json === true });
  return 0;
}

function waitingText(folder: string, owner: Owner | null, seconds: number): string {
  return `${folder}: ${ownerText(owner)} shows no sign of life; the run is taken over if there is none for ${seconds} s (gyre unlock takes its lease away at once)`;
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
  if (json === true) return jsonLines();
  if (plain === true || !isInteractive()) return plainLines();
  const { folder, state } = run;
  return await openDashboard(new RunSource({ folder, state, isOwn: true }), onWish);
}
