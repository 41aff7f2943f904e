/** Every command, in the order of help, and the options of the program itself. */
import type { CommandRecord } from './command-record.ts';
import { exportRecord, fingerprintRecord, runsRecord, showRecord, watchRecord } from './reading-commands.ts';
import { analyseRecord, replayRecord, reproduceRecord, verifyRecord } from './replaying-commands.ts';
import { mergeRecord, planRecord, runRecord } from './training-commands.ts';
import { checkRecord, completionRecord, unlockRecord } from './upkeep-commands.ts';

export const COMMANDS: readonly CommandRecord[] = [
  runRecord,
  planRecord,
  watchRecord,
  runsRecord,
  showRecord,
  replayRecord,
  verifyRecord,
  analyseRecord,
  reproduceRecord,
  checkRecord,
  unlockRecord,
  fingerprintRecord,
  exportRecord,
  mergeRecord,
  completionRecord,
];

/** Options that stand before a command, or in its place. */
export const PROGRAM_OPTIONS = {
  version: { name: '--version', meaning: 'Print the version' },
  where: { name: '--where', meaning: 'Print the path of the program, for scripts: node "$(npx gyre --where)" run ...' },
  help: { name: '--help', meaning: 'Show help' },
} as const;
