/** Records of the commands that train networks again: replay, verify, analyse, and the claims of reproduce. */
import { AXIS_COLUMNS } from '../../../schemas/axis-columns.ts';
import type { Problem } from '../../../schemas/problems.ts';
import { CLAIM_NAMES } from '../../claims/claim.ts';
import { type CommandRecord, defineCommand } from './command-record.ts';
import { defaulting, flag, optional, optionalArgument, threadsOption } from './parameters.ts';
import { BAD_USAGE, DONE, FAILED, runArgument, STOPPED } from './usual-parts.ts';
import { ANY_RUN, folder, ranges, wholeNumber, word } from './value-kinds.ts';

/** Spikes to analyse: takes seconds, and tells a share to within a few hundredths. */
export const SPIKES_DEFAULT = 256;
/** Margin of twins in percent. Smaller differences rarely matter, and tens of pairs can exclude larger ones. */
export const MARGIN_DEFAULT = 10;
/** Networks to verify: seconds, for most runs. */
const SAMPLE_DEFAULT = 32;

/** A count of networks or spikes. */
const count = wholeNumber({ min: 1, max: ANY_RUN.networkMax + 1 });

export const replayRecord: CommandRecord = defineCommand({
  name: 'replay',
  summary: 'Write windows of networks at every epoch with their whole state, bit-equal to the run',
  arguments: [runArgument],
  options: {
    network: optional(ranges({ max: 'networkMax', separator: '-' }), {
      placeholder: 'ids',
      meaning: 'Networks by their numbers: 3 or 3,17-20',
      absentText: 'with --around-events: all networks that have events',
    }),
    epochs: optional(ranges({ max: 'epochMax', separator: '..' }), {
      placeholder: 'ranges',
      meaning: 'Epochs, both ends included: 0..500 or 0..100,5000..5100; 0 is the state before epoch 1',
    }),
    aroundEvents: optional(wholeNumber({ min: 0, max: 'epochMax' }), {
      placeholder: 'n',
      meaning:
        'Add n epochs on either side of each event, from its first epoch to its end (to its peak where it has no ' +
        'end; for a freeze, around each of its two ends)',
    }),
    out: optional(folder, {
      placeholder: 'dir',
      meaning: 'Folder of the windows',
      absentText: "windows in the run's folder",
    }),
    threads: threadsOption('Replaying threads'),
    json: flag('Write one line of JSON per file'),
  },
  examples: [
    {
      line: 'gyre replay latest --network 3,17-20 --epochs 0..500',
      meaning: 'Write the first 500 epochs of five networks',
    },
    { line: 'gyre replay latest --around-events 200', meaning: 'Write 200 epochs on either side of each event' },
  ],
  exitCodes: [
    DONE,
    { codes: [1], meaning: 'A network differs from the run, or the command failed; no window is written' },
    BAD_USAGE,
    { ...STOPPED, meaning: `${STOPPED.meaning}; no window is written` },
  ],
  rules: (isGiven) => {
    if (isGiven('aroundEvents')) return [];
    const got = 'nothing';
    const remedy = 'or --around-events 200 for what happened to networks';
    const networks = { where: '--network', got, expected: 'networks by their numbers, as 3,17-20', remedy };
    const epochs = { where: '--epochs', got, expected: 'epochs, as 0..500', remedy };
    return [...(isGiven('network') ? [] : [networks]), ...(isGiven('epochs') ? [] : [epochs])];
  },
  open: async (name) => (await import('../replay.ts')).openToReplay(name),
  load: async () => (await import('../replay.ts')).replayCommand,
});

export const verifyRecord: CommandRecord = defineCommand({
  name: 'verify',
  summary: 'Train networks again from their configurations and compare their digests with the run',
  arguments: [runArgument],
  options: {
    all: flag('Verify every network'),
    sample: defaulting(count, {
      placeholder: 'n',
      meaning: 'Verify this many networks, those with the smallest keys',
      absent: SAMPLE_DEFAULT,
    }),
    threads: threadsOption('Replaying threads'),
    json: flag('Write one line of JSON per network, then one for all'),
  },
  examples: [{ line: 'gyre verify latest --all', meaning: 'Verify every network of the latest run' }],
  exitCodes: [
    { codes: [0], meaning: 'Every compared network is equal, bit for bit' },
    { codes: [1], meaning: 'A network differs from the run, or the command failed' },
    BAD_USAGE,
    STOPPED,
  ],
  rules: (isGiven): Problem[] =>
    isGiven('all') && isGiven('sample') ? [{ where: '--all, --sample', got: 'both', expected: 'one of them' }] : [],
  load: async () => (await import('../verify.ts')).verifyCommand,
});

export const analyseRecord: CommandRecord = defineCommand({
  name: 'analyse',
  summary: 'Analyse the spikes, twins and survival of a run, to tell floating point from dynamics',
  arguments: [runArgument],
  options: {
    spikes: defaulting(count, {
      placeholder: 'n',
      meaning: 'Analyse at most this many spikes, evenly spread',
      absent: SPIKES_DEFAULT,
    }),
    margin: defaulting(wholeNumber({ min: 1, max: 99 }), {
      placeholder: 'percent',
      meaning: 'Difference between twins up to which they count as alike, in percent',
      absent: MARGIN_DEFAULT,
    }),
    by: optional(word(AXIS_COLUMNS.map(({ column }) => column.name)), {
      placeholder: 'axis',
      meaning: 'Show survival by this axis alone, a column of networks.arrow',
      absentText: 'every axis of at most 12 values',
    }),
    threads: threadsOption('Analysing threads'),
    json: flag('Write one line of JSON per setting and question, one per table, then one for the run'),
  },
  examples: [
    { line: 'gyre analyse latest --spikes 200', meaning: 'Analyse at most 200 spikes' },
    { line: 'gyre analyse latest --by beta1', meaning: 'Show how long networks survive for each value of beta1' },
  ],
  exitCodes: [DONE, FAILED, BAD_USAGE, STOPPED],
  load: async () => (await import('../analyse.ts')).analyseCommand,
});

export const reproduceRecord: CommandRecord = defineCommand({
  name: 'reproduce',
  summary: 'Check claims about optimisers, and the engines: expected beside measured, in a minute',
  arguments: [
    optionalArgument(word(CLAIM_NAMES), {
      name: 'claim',
      meaning: 'Claim to check',
      absent: undefined,
      absentText: 'all',
    }),
  ],
  options: {
    threads: threadsOption('Threads'),
    json: flag('Write one line of JSON per setting'),
  },
  examples: [
    { line: 'gyre reproduce two-cycle', meaning: 'Check one claim' },
    { line: 'gyre reproduce --json', meaning: 'Check all claims, for a program to read' },
  ],
  exitCodes: [
    { codes: [0], meaning: 'Every setting passes' },
    { codes: [1], meaning: 'A setting fails, or the command failed' },
    BAD_USAGE,
    STOPPED,
  ],
  load: async () => (await import('../reproduce.ts')).reproduceCommand,
});
