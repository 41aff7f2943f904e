/**
 * Parts that the records of several commands share: the RUN argument and the exit codes that mean the same everywhere.
 */
import type { ExitCodes } from './command-record.ts';
import { type ArgumentRecord, optionalArgument } from './parameters.ts';
import { runName } from './value-kinds.ts';

/** `[RUN]`, the latest run where it is not given. */
export const runArgument: ArgumentRecord<string> = optionalArgument(runName, {
  name: 'run',
  meaning: 'Run to use',
  absent: 'latest',
  absentText: 'latest',
});

export const DONE: ExitCodes = { codes: [0], meaning: 'Done' };
export const FAILED: ExitCodes = { codes: [1], meaning: 'Failed; stderr says why' };
export const BAD_USAGE: ExitCodes = { codes: [2], meaning: 'Mistakes in the command line; stderr lists all of them' };
export const BAD_SWEEP: ExitCodes = {
  codes: [2],
  meaning: 'Mistakes in the command line or the sweep; stderr lists all of them',
};
/** 128 + the number of the signal, as shells expect. */
export const STOPPED: ExitCodes = { codes: [129, 130, 143], meaning: 'Stopped by SIGHUP, SIGINT or SIGTERM' };
