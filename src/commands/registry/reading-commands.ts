/** Records of the commands that read runs: list, show, watch, fingerprint, export. */
import { MOTION_NAMES, OUTCOME_NAMES } from '../../../schemas/catalogue.ts';
import { EXPORT_FORMATS, NETWORKS_TABLE, TABLES, type TableName } from '../../../schemas/trace.ts';
import { type CommandRecord, defineCommand } from './command-record.ts';
import { defaulting, flag, optional, required } from './parameters.ts';
import { BAD_USAGE, DONE, FAILED, runArgument } from './usual-parts.ts';
import { folder, word } from './value-kinds.ts';

export const runsRecord: CommandRecord = defineCommand({
  name: 'runs',
  summary: 'List the runs under traces/runs, the latest first',
  arguments: [],
  options: { json: flag('Write one line of JSON per run') },
  examples: [{ line: 'gyre runs', meaning: 'List all runs' }],
  exitCodes: [DONE, FAILED, BAD_USAGE],
  load: async () => (await import('../runs.ts')).runsCommand,
});

export const showRecord: CommandRecord = defineCommand({
  name: 'show',
  summary: 'Show the summary of a run and its networks',
  arguments: [runArgument],
  options: {
    outcome: optional(word(['diverged', ...OUTCOME_NAMES]), {
      placeholder: 'outcome',
      meaning: 'Show only networks with this outcome; diverged: non-finite, exploded and collapsed',
    }),
    motion: optional(word(MOTION_NAMES), { placeholder: 'motion', meaning: 'Show only networks with this motion' }),
    sort: defaulting(word(NETWORKS_TABLE.columns.map(({ name }) => name)), {
      placeholder: 'column',
      meaning: 'Sort by a column of networks.arrow',
      absent: 'network',
    }),
    json: flag('Write one line of JSON per network: every column, and its configuration'),
  },
  examples: [
    {
      line: 'gyre show latest --outcome diverged --sort diverged_epoch',
      meaning: 'Show the networks that diverged, the earliest first',
    },
  ],
  exitCodes: [DONE, FAILED, BAD_USAGE],
  load: async () => (await import('../show.ts')).showCommand,
});

export const watchRecord: CommandRecord = defineCommand({
  name: 'watch',
  summary: 'Open the live screen on a run of another process, or of the past',
  arguments: [runArgument],
  options: {
    plain: flag('Write lines of text to stderr until the run is over, instead of the live screen'),
    json: flag('Write notices as lines of JSON to stdout until the run is over'),
  },
  examples: [{ line: 'gyre watch latest', meaning: 'Watch the run that was trained last' }],
  exitCodes: [{ codes: [0], meaning: 'The run is over, or you have left' }, FAILED, BAD_USAGE],
  load: async () => (await import('../watch.ts')).watchCommand,
});

export const fingerprintRecord: CommandRecord = defineCommand({
  name: 'fingerprint',
  summary: "Print a run's fingerprint, which is equal where every bit of every network is equal",
  arguments: [runArgument],
  options: { json: flag('Write one line of JSON') },
  examples: [{ line: 'gyre fingerprint latest', meaning: 'Print one line to compare with another machine' }],
  exitCodes: [DONE, { codes: [1], meaning: 'The run is incomplete, or cannot be read' }, BAD_USAGE],
  load: async () => (await import('../fingerprint.ts')).fingerprintCommand,
});

export const exportRecord: CommandRecord = defineCommand({
  name: 'export',
  summary: 'Write the tables of a run for tools without Arrow',
  arguments: [runArgument],
  options: {
    format: required(word(EXPORT_FORMATS), { placeholder: 'format', meaning: 'Format of the files' }),
    table: optional(word(Object.keys(TABLES) as TableName[]), {
      placeholder: 'name',
      meaning: 'Write only this table',
    }),
    out: optional(folder, {
      placeholder: 'dir',
      meaning: 'Folder to write to',
      absentText: "FORMAT in the run's folder",
    }),
    json: flag('Write one line of JSON per table'),
  },
  examples: [
    { line: 'gyre export latest --format parquet', meaning: 'Write every table as Parquet' },
    { line: 'gyre export latest --format csv --table networks', meaning: 'Write one table as CSV' },
  ],
  exitCodes: [DONE, FAILED, BAD_USAGE],
  load: async () => (await import('../export.ts')).exportCommand,
});
