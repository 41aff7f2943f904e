#!/usr/bin/env node
/**
 * The process: parses its arguments, starts the command that they call, and turns errors into words and exit codes.
 * 0 done, 1 failed, 2 bad usage or sweep, 128 + n stopped by signal n.
 */
import { fileURLToPath } from 'node:url';
import { commanderExitCode, gyreProgram } from './command-line.ts';
import { stopWithNpx } from './commands/npx.ts';
import { needsRelaunch, obeyLauncher, relaunch } from './commands/relaunch.ts';
import { reportError } from './commands/report-error.ts';
import { endWithTerminal, surviveLostReaders } from './commands/streams.ts';
import { defaultThreads } from './pool/thread-count.ts';

surviveLostReaders();
endWithTerminal();
obeyLauncher();
stopWithNpx();
const program = gyreProgram({
  mainPath: fileURLToPath(import.meta.url),
  start: async (record, line) => {
    // First of all: to parse may mean to read a run, for which there may be no room in this process.
    const isTooNarrow = needsRelaunch(record.threadsIn(line) ?? defaultThreads());
    const run = isTooNarrow ? relaunch : await record.prepare(line);
    process.exitCode = await run();
  },
});
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = commanderExitCode(error) ?? reportError(error);
}
