#!/usr/bin/env node
/**
 * The command line: which commands there are, what they take, and how errors become words and exit codes. 0 done, 1 failed,
 * 2 bad usage or sweep, 128 + n stopped by signal n.
 */
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, Option } from 'commander';
import { describeProblem, RunError, UsageError } from '../schemas/problems.ts';
import { EXPORT_FORMATS, TABLES } from '../schemas/trace.ts';
import { CLAIM_NAMES } from './claims/claim.ts';
import type { AnalyseCommandOptions } from './commands/analyse.ts';
import type { ExportOptions } from './commands/export.ts';
import { stopWithNpx } from './commands/npx.ts';
import { printLine, tellUser } from './commands/output.ts';
import { needsRelaunch, obeyLauncher, relaunch } from './commands/relaunch.ts';
import type { ReplayOptions } from './commands/replay.ts';
import type { ReproduceOptions } from './commands/reproduce.ts';
import type { RunOptions } from './commands/run.ts';
import type { ShowOptions } from './commands/show.ts';
import type { VerifyOptions } from './commands/verify.ts';
import type { WatchOptions } from './commands/watch.ts';
import { printableLines } from './display/printable.ts';
import { defaultThreads } from './run/machine.ts';
import { GYRE_VERSION } from './run/package.ts';
import { COMMIT_SCHEDULES } from './run/session.ts';
import { limitError } from './storage/process-limits.ts';

function program(): Command {
  const gyre = new Command('gyre')
    .description('A laboratory for the long-run numerical behaviour of adaptive-momentum optimisers on small networks.')
    .version(GYRE_VERSION)
    .option('--where', 'print the path of the program, for scripts: node "$(npx gyre --where)" run ...')
    .on('option:where', () => {
      printLine(fileURLToPath(import.meta.url));
      throw new CommanderError(0, 'gyre.where', 'told where');
    })
    .hook('preAction', async (_, command) => {
      const threads = Number(command.opts().threads ?? defaultThreads());
      if (needsRelaunch(threads)) throw new CommanderError(await relaunch(), 'gyre.relaunched', 'done by a child');
    })
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => void process.stdout.write(printableLines(text)),
      writeErr: (text) => void process.stderr.write(printableLines(text)),
    })
    .exitOverride()
    .addHelpText(
      'after',
      '\nRUN is a path, a unique prefix of a folder under traces/runs, or "latest" (the default).\n' +
        '\nExample:\n  $ gyre run sweeps/quickstart.yaml\n',
    );
  const command = (usage: string, description: string, example: string) =>
    gyre.command(usage).description(description).addHelpText('after', `\nExample:\n  $ ${example}\n`);

  command(
    'run',
    'run a sweep, or continue it where its folder already holds part of it',
    'gyre run sweeps/quickstart.yaml --threads 2',
  )
    .argument('<sweep>', 'sweep file (YAML)')
    .option('--out <dir>', "the run's folder (default: traces/runs/NAME-KEY, of a shard NAME-KEY-IofN)")
    .option('--threads <n>', 'training threads (default: one per core, fewer under a CPU quota)')
    .option(
      '--epochs <n>',
      "train for this many epochs instead of the sweep file's; more of them raise a run that is there",
    )
    .option('--shard <i/n>', 'train only part I of N of the networks; gyre merge joins the parts')
    .addOption(
      new Option(
        '--kernel <name>',
        'what trains the networks: kernels in WebAssembly (auto), the same in native code with wider vectors (needs a C compiler), or the scalar reference; the bits are the same',
      )
        .choices(['auto', 'native', 'reference'])
        .default('auto'),
    )
    .option(
      '--lease <seconds>',
      'take over from a process elsewhere whose heartbeat has stood still for so long (default: 60)',
    )
    .addOption(
      new Option(
        '--commits <when>',
        'commit at least every two seconds (clock), or after declared counts of operations (declared: the same files on every machine)',
      )
        .choices(COMMIT_SCHEDULES)
        .default('clock'),
    )
    .option('--plain', 'lines of text on stderr instead of the live screen')
    .option('--json', 'every notice as one line of JSON on stdout, and no summary')
    .option('--fail-fast', 'stop at the first task that is given up')
    .option('--exit', 'leave the live screen when the run is over, instead of staying to look around')
    .option('--analyse', 'then analyse it, as gyre analyse does')
    .action(async (sweep: string, options: RunOptions) => {
      const { runCommand } = await import('./commands/run.ts');
      process.exitCode = await runCommand(sweep, options);
    });
  command(
    'plan',
    'networks, groups, estimated time and disk of a sweep; writes nothing',
    'gyre plan sweeps/default.yaml',
  )
    .argument('<sweep>', 'sweep file (YAML)')
    .option('--json', 'one line of JSON a shape, then one for the plan')
    .action(async (sweep: string, options: { json?: boolean }) => {
      const { planCommand } = await import('./commands/plan.ts');
      process.exitCode = planCommand(sweep, options);
    });
  command('runs', 'list the runs under traces/runs, the latest first', 'gyre runs')
    .option('--json', 'one line of JSON a run')
    .action(async (options: { json?: boolean }) => {
      const { runsCommand } = await import('./commands/runs.ts');
      process.exitCode = runsCommand(options);
    });
  command('show', 'the summary of a run and its networks', 'gyre show latest --label diverged --sort diverged_epoch')
    .argument('[run]', 'which run', 'latest')
    .option('--label <label>', 'only networks with this label')
    .option('--sort <column>', 'sort by a column of networks.arrow (default: network)')
    .option('--json', 'one line of JSON a network: every column, and its configuration')
    .action(async (run: string, options: ShowOptions) => {
      const { showCommand } = await import('./commands/show.ts');
      process.exitCode = showCommand(run, options);
    });
  command('watch', 'the live screen on a run of another process, or of the past', 'gyre watch latest')
    .argument('[run]', 'which run', 'latest')
    .option('--plain', 'lines of text on stderr until the run is over, instead of the live screen')
    .option('--json', 'notices as lines of JSON on stdout until the run is over')
    .action(async (run: string, options: WatchOptions) => {
      const { watchCommand } = await import('./commands/watch.ts');
      process.exitCode = await watchCommand(run, options);
    });
  command(
    'replay',
    'windows of networks at every epoch with their whole state, bit-equal to what the run saw',
    'gyre replay latest --network 3,17-20 --epochs 0..500',
  )
    .argument('[run]', 'which run', 'latest')
    .option(
      '--network <ids>',
      'networks by their numbers: 3 or 3,17-20 (default with --around-events: all that have events)',
    )
    .option(
      '--epochs <ranges>',
      'epochs, both ends included: 0..500 or 0..100,5000..5100; 0 is the state before epoch 1',
    )
    .option(
      '--around-events <n>',
      'and n epochs on either side of each event, from its first epoch to its end (without an end, to its peak; of a stagnation, both ends alone)',
    )
    .option('--out <dir>', "folder of the windows (default: windows in the run's folder)")
    .option('--threads <n>', 'replaying threads (default: one per core, fewer under a CPU quota)')
    .option('--json', 'one line of JSON a file')
    .action(async (run: string, options: ReplayOptions) => {
      const { replayCommand } = await import('./commands/replay.ts');
      process.exitCode = await replayCommand(run, options);
    });
  command(
    'verify',
    'recompute networks from their configurations alone and compare their digests with the run',
    'gyre verify latest --all',
  )
    .argument('[run]', 'which run', 'latest')
    .option('--all', 'every network')
    .option('--sample <n>', 'so many networks, those with the smallest keys (default: 32)')
    .option('--threads <n>', 'replaying threads (default: one per core, fewer under a CPU quota)')
    .option('--json', 'one line of JSON a network, then one for all')
    .action(async (run: string, options: VerifyOptions) => {
      const { verifyCommand } = await import('./commands/verify.ts');
      process.exitCode = await verifyCommand(run, options);
    });
  command(
    'analyse',
    'what the spikes of a run are like: spirals, relaxation, curvature; and its twins: floating point or dynamics',
    'gyre analyse latest --spikes 200',
  )
    .argument('[run]', 'which run', 'latest')
    .option('--spikes <n>', 'look at no more than so many spikes, evenly spread (default: 256)')
    .option('--threads <n>', 'analysing threads (default: one per core, fewer under a CPU quota)')
    .option('--json', 'one line of JSON a setting and question, then one a table, then one for the run')
    .action(async (run: string, options: AnalyseCommandOptions) => {
      const { analyseCommand } = await import('./commands/analyse.ts');
      process.exitCode = await analyseCommand(run, options);
    });
  command(
    'reproduce',
    'check claims about these optimisers: expected beside measured, exit code 1 where one fails',
    'gyre reproduce two-cycle',
  )
    .argument('[claim]', `which claim: ${CLAIM_NAMES.join(', ')} (default: all)`)
    .option('--threads <n>', 'threads (default: one per core, fewer under a CPU quota)')
    .option('--json', 'one line of JSON a setting')
    .action(async (claim: string | undefined, options: ReproduceOptions) => {
      const { reproduceCommand } = await import('./commands/reproduce.ts');
      process.exitCode = await reproduceCommand(claim, options);
    });
  command(
    'fingerprint',
    "a run's fingerprint: equal where every bit of every network is equal",
    'gyre fingerprint latest',
  )
    .argument('[run]', 'which run', 'latest')
    .option('--json', 'as one line of JSON')
    .action(async (run: string, options: { json?: boolean }) => {
      const { fingerprintCommand } = await import('./commands/fingerprint.ts');
      process.exitCode = fingerprintCommand(run, options);
    });
  command(
    'merge',
    'join the shards of a sweep into one run, the same as if it had never been shared out',
    'gyre merge quickstart-0ac3f1b2-1of2 quickstart-0ac3f1b2-2of2 --out traces/runs/quickstart',
  )
    .argument('<run...>', 'the shards, in any order')
    .requiredOption('--out <dir>', 'the new folder of the merged run')
    .option('--json', 'one line of JSON: folder, networks, fingerprint')
    .action(async (runs: string[], options: { out: string; json?: boolean }) => {
      const { mergeCommand } = await import('./commands/merge.ts');
      process.exitCode = await mergeCommand(runs, options);
    });
  command(
    'check',
    'whether the folder of a run is whole: names, lengths, checksums; trains nothing',
    'gyre check latest',
  )
    .argument('[run]', 'which run', 'latest')
    .option('--json', 'one line of JSON a problem, then one for the run')
    .action(async (run: string, options: { json?: boolean }) => {
      const { checkCommand } = await import('./commands/check.ts');
      process.exitCode = await checkCommand(run, options);
    });
  command(
    'unlock',
    'remove the lease of a run whose process is gone, for those who know that it is',
    'gyre unlock latest',
  )
    .argument('[run]', 'which run', 'latest')
    .option('--force', 'also that of a process that is alive here')
    .option('--json', 'one line of JSON')
    .action(async (run: string, options: { json?: boolean; force?: boolean }) => {
      const { unlockCommand } = await import('./commands/unlock.ts');
      process.exitCode = unlockCommand(run, options);
    });
  command('export', 'the tables of a run for tools without Arrow', 'gyre export latest --format parquet')
    .argument('[run]', 'which run', 'latest')
    .addOption(new Option('--format <name>', 'what to write').choices(EXPORT_FORMATS).makeOptionMandatory())
    .option('--table <name>', `only this table: ${Object.keys(TABLES).join(', ')}`)
    .option('--out <dir>', "the folder to write to (default: FORMAT in the run's folder)")
    .option('--json', 'one line of JSON a table')
    .action(async (run: string, options: ExportOptions) => {
      const { exportCommand } = await import('./commands/export.ts');
      process.exitCode = await exportCommand(run, options);
    });
  return gyre;
}

/** The exit code of an error, once it is told. */
function reportError(error: unknown): number {
  if (error instanceof CommanderError) {
    const isCommanders = error.code.startsWith('commander.') && error.exitCode !== 0;
    return isCommanders ? 2 : error.exitCode; // Commander has said what is wrong.
  }
  if (error instanceof UsageError) {
    for (const problem of error.problems) tellUser(`gyre: ${describeProblem(problem)}`);
    return 2;
  }
  if (error instanceof RunError) {
    tellUser(`gyre: ${error.message}`);
    return 1;
  }
  const limit = limitError('system', error);
  if (limit !== null) {
    tellUser(`gyre: ${limit.message}`);
    return 1;
  }
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  for (const line of `gyre: this is a defect of Gyre, please report it: ${what}`.split('\n')) tellUser(line);
  return 1;
}

/**
 * A reader that goes away (`gyre show | head`), or a terminal that does, ends the output and not the program. What else can go
 * wrong with stdout, such as a full disk behind it, is told once; what goes wrong with stderr can be told to nobody.
 */
let isOutputLost = false;
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE' || code === 'EIO' || isOutputLost) return;
  isOutputLost = true;
  process.once('exit', () => {
    process.exitCode = 1;
  });
  tellUser(`gyre: stdout: ${message}`);
});
process.stderr.on('error', () => {});

/**
 * A terminal that has hung up cannot be given its mode back, and Node 20 aborts where it tries at its end. What there was to do is done by
 * then; the signal that hanging up sends ends the process without that.
 */
const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
process.on('exit', () => {
  if (terminals.every((descriptor) => isatty(descriptor))) return;
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
});

obeyLauncher();
stopWithNpx();
try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = reportError(error);
}
