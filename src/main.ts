#!/usr/bin/env node
/**
 * The command line: which commands there are, what they take, and how errors become words and exit codes. 0 done, 1 failed,
 * 2 bad usage or sweep, 128 + n stopped by signal n.
 */
import { Command, CommanderError, Option } from 'commander';
import { describeProblem, RunError, UsageError } from '../schemas/problems.ts';
import { type ExportOptions, exportCommand } from './commands/export.ts';
import { fingerprintCommand } from './commands/fingerprint.ts';
import { mergeCommand } from './commands/merge.ts';
import { tellUser } from './commands/output.ts';
import { planCommand } from './commands/plan.ts';
import { type ReplayOptions, replayCommand } from './commands/replay.ts';
import { type RunOptions, runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { type ShowOptions, showCommand } from './commands/show.ts';
import { type VerifyOptions, verifyCommand } from './commands/verify.ts';
import { EXPORT_FORMATS } from './run/export.ts';
import { GYRE_VERSION } from './run/version.ts';

function program(): Command {
  const gyre = new Command('gyre')
    .description('A laboratory for the long-run numerical behaviour of adaptive-momentum optimisers on small networks.')
    .version(GYRE_VERSION)
    .showSuggestionAfterError()
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
    .option('--threads <n>', 'training threads (default: one a core)')
    .option('--epochs <n>', "train for this many epochs instead of the sweep file's")
    .option('--shard <i/n>', 'train only part I of N of the networks; gyre merge joins the parts')
    .addOption(
      new Option(
        '--kernel <name>',
        'what trains the networks: kernels in WebAssembly (auto), the same in native code with wider vectors (needs a C compiler), or the scalar reference; the bits are the same',
      )
        .choices(['auto', 'native', 'reference'])
        .default('auto'),
    )
    .option('--plain', 'lines of text on stderr instead of the live screen')
    .option('--json', 'every notice as one line of JSON on stdout, and no summary')
    .option('--fail-fast', 'stop at the first task that is given up')
    .action(async (sweep: string, options: RunOptions) => {
      process.exitCode = await runCommand(sweep, options);
    });
  command(
    'plan',
    'networks, groups, estimated time and disk of a sweep; writes nothing',
    'gyre plan sweeps/default.yaml',
  )
    .argument('<sweep>', 'sweep file (YAML)')
    .option('--json', 'one line of JSON a shape, then one for the plan')
    .action((sweep: string, options: { json?: boolean }) => {
      process.exitCode = planCommand(sweep, options);
    });
  command('runs', 'list the runs under traces/runs, the latest first', 'gyre runs')
    .option('--json', 'one line of JSON a run')
    .action((options: { json?: boolean }) => {
      process.exitCode = runsCommand(options);
    });
  command('show', 'the summary of a run and its networks', 'gyre show latest --label diverged --sort diverged_epoch')
    .argument('[run]', 'which run', 'latest')
    .option('--label <label>', 'only networks with this label')
    .option('--sort <column>', 'sort by a column of networks.arrow (default: network)')
    .option('--json', 'one line of JSON a network: every column, and its configuration')
    .action((run: string, options: ShowOptions) => {
      process.exitCode = showCommand(run, options);
    });
  command(
    'replay',
    'windows of networks at every epoch with their whole state, bit-equal to what the run saw',
    'gyre replay latest --network 3,17-20 --epochs 0..500',
  )
    .argument('[run]', 'which run', 'latest')
    .requiredOption('--network <ids>', 'networks by their numbers: 3 or 3,17-20')
    .requiredOption(
      '--epochs <ranges>',
      'epochs, both ends included: 0..500 or 0..100,5000..5100; 0 is the state before epoch 1',
    )
    .option('--out <dir>', "folder of the windows (default: windows in the run's folder)")
    .option('--threads <n>', 'replaying threads (default: one a core)')
    .option('--json', 'one line of JSON a file')
    .action(async (run: string, options: ReplayOptions) => {
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
    .option('--threads <n>', 'replaying threads (default: one a core)')
    .option('--json', 'one line of JSON a network, then one for all')
    .action(async (run: string, options: VerifyOptions) => {
      process.exitCode = await verifyCommand(run, options);
    });
  command(
    'fingerprint',
    "a run's fingerprint: equal where every bit of every network is equal",
    'gyre fingerprint latest',
  )
    .argument('[run]', 'which run', 'latest')
    .option('--json', 'as one line of JSON')
    .action((run: string, options: { json?: boolean }) => {
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
      process.exitCode = await mergeCommand(runs, options);
    });
  command('export', 'the tables of a run for tools without Arrow', 'gyre export latest --format parquet')
    .argument('[run]', 'which run', 'latest')
    .addOption(new Option('--format <name>', 'what to write').choices(EXPORT_FORMATS).makeOptionMandatory())
    .option('--table <name>', 'only this table')
    .option('--out <dir>', "the folder to write to (default: FORMAT in the run's folder)")
    .option('--json', 'one line of JSON a table')
    .action(async (run: string, options: ExportOptions) => {
      process.exitCode = await exportCommand(run, options);
    });
  return gyre;
}

/** The exit code of an error, once it is told. */
function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // Commander has said what is wrong.
  if (error instanceof UsageError) {
    for (const problem of error.problems) tellUser(`gyre: ${describeProblem(problem)}`);
    return 2;
  }
  if (error instanceof RunError) {
    tellUser(`gyre: ${error.message}`);
    return 1;
  }
  tellUser(`gyre: this is a defect of Gyre, please report it: ${error instanceof Error ? error.stack : String(error)}`);
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

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = reportError(error);
}
