/** Records of the commands that begin with a sweep: run it, plan it, join its shards. */

import { LEASE_SECONDS_DEFAULT, LEASE_SECONDS_MIN } from '../../run/heartbeat.ts';
import { COMMIT_SCHEDULES } from '../../session/session-options.ts';
import { type CommandRecord, defineCommand } from './command-record.ts';
import {
  defaulting,
  flag,
  optional,
  repeatedArgument,
  required,
  requiredArgument,
  threadsOption,
} from './parameters.ts';
import { BAD_SWEEP, BAD_USAGE, DONE, FAILED, STOPPED } from './usual-parts.ts';
import { ANY_RUN, folder, runName, shard, sweepFile, wholeNumber, word } from './value-kinds.ts';

const LEASE_SECONDS_MAX = 86_400;

const sweepArgument = requiredArgument(sweepFile, { name: 'sweep', meaning: 'Path of the sweep file (YAML)' });

export const runRecord: CommandRecord = defineCommand({
  name: 'run',
  summary: 'Run a sweep, or continue the run that its folder already holds',
  arguments: [sweepArgument],
  options: {
    out: optional(folder, {
      placeholder: 'dir',
      meaning: 'Folder of the run',
      absentText: 'traces/runs/NAME-KEY, for a shard NAME-KEY-IofN',
    }),
    threads: threadsOption('Training threads'),
    epochs: optional(wholeNumber({ min: 1, max: ANY_RUN.epochMax }), {
      placeholder: 'n',
      meaning:
        "Train for this many epochs instead of the sweep file's; a larger number extends the existing run from its " +
        'saved checkpoints',
    }),
    shard: optional(shard, {
      placeholder: 'i/n',
      meaning: 'Train only part I of N of the networks; gyre merge joins the parts',
    }),
    kernel: defaulting(word(['auto', 'native', 'reference']), {
      placeholder: 'name',
      meaning:
        'How to train: kernels in WebAssembly (auto), wider vectors in native code (native, needs a C compiler), ' +
        'or the slow scalar definition (reference); the bits are the same',
      absent: 'auto',
    }),
    lease: defaulting(wholeNumber({ min: LEASE_SECONDS_MIN, max: LEASE_SECONDS_MAX }), {
      placeholder: 'seconds',
      meaning: 'Take over from a process on another machine once its heartbeat has stood still for this long',
      absent: LEASE_SECONDS_DEFAULT,
    }),
    commits: defaulting(word(COMMIT_SCHEDULES), {
      placeholder: 'when',
      meaning:
        'Commit at least every two seconds (clock), or after declared counts of operations (declared), which gives ' +
        'the same files on every machine',
      absent: 'clock',
    }),
    plain: flag('Write lines of text to stderr instead of the live screen'),
    json: flag('Write each notice as one line of JSON to stdout, and no summary'),
    failFast: flag('Stop at the first task that is given up'),
    exit: flag('Leave the live screen when the run is over, instead of staying to look around'),
    analyse: flag('Analyse the run when it is over, as gyre analyse does'),
  },
  examples: [
    { line: 'gyre run sweeps/quickstart.yaml --threads 2', meaning: 'Train on two threads' },
    { line: 'gyre run sweeps/quickstart.yaml --epochs 100000', meaning: 'Extend the run to 100,000 epochs' },
    { line: 'gyre run sweeps/default.yaml --shard 1/2', meaning: 'Train the first half of the networks' },
  ],
  exitCodes: [
    { codes: [0], meaning: 'All networks are trained; divergence is a finding, not an error' },
    FAILED,
    BAD_SWEEP,
    { ...STOPPED, meaning: `${STOPPED.meaning}; the same command continues the run` },
  ],
  load: async () => (await import('../run.ts')).runCommand,
});

export const planRecord: CommandRecord = defineCommand({
  name: 'plan',
  summary: 'Show the networks, groups, estimated time and disk of a sweep, and write nothing',
  arguments: [sweepArgument],
  options: { json: flag('Write one line of JSON per shape, then one for the plan') },
  examples: [{ line: 'gyre plan sweeps/default.yaml', meaning: 'Estimate a sweep before it runs' }],
  exitCodes: [DONE, FAILED, BAD_SWEEP],
  load: async () => (await import('../plan.ts')).planCommand,
});

export const mergeRecord: CommandRecord = defineCommand({
  name: 'merge',
  summary: 'Join the shards of a sweep into one run, equal to a run that was never split',
  arguments: [repeatedArgument(runName, { name: 'run', meaning: 'The shards, in any order' })],
  options: {
    out: required(folder, { placeholder: 'dir', meaning: 'New folder of the merged run' }),
    json: flag('Write one line of JSON: folder, networks, fingerprint'),
  },
  examples: [
    {
      line: 'gyre merge quickstart-0ac3f1b2-1of2 quickstart-0ac3f1b2-2of2 --out traces/runs/quickstart',
      meaning: 'Join two shards',
    },
  ],
  exitCodes: [DONE, FAILED, BAD_USAGE],
  load: async () => (await import('../merge.ts')).mergeCommand,
});
