#!/usr/bin/env node
/**
 * The command line: makes commander's commands from the records in src/commands/registry, and starts the one that is
 * called. It knows no command itself, and loads none before it is called.
 */
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { stopWithNpx } from './commands/npx.ts';
import { printLine, printText, tellText } from './commands/output.ts';
import { COMMANDS, PROGRAM_OPTIONS } from './commands/registry/all-commands.ts';
import type { CommandRecord } from './commands/registry/command-record.ts';
import { argumentTerm, helpTail, meaningText, optionTerm } from './commands/registry/command-texts.ts';
import { needsRelaunch, obeyLauncher, relaunch } from './commands/relaunch.ts';
import { reportError } from './commands/report-error.ts';
import { endWithTerminal, surviveLostReaders } from './commands/streams.ts';
import { defaultThreads } from './run/machine.ts';
import { GYRE_VERSION } from './run/package.ts';

function program(): Command {
  const { version, where, help } = PROGRAM_OPTIONS;
  const gyre = new Command('gyre')
    .description('A laboratory for the long-run numerical behaviour of adaptive-momentum optimisers on small networks.')
    .version(GYRE_VERSION, `-V, ${version.name}`, version.meaning)
    .option(where.name, where.meaning)
    .on('option:where', () => {
      printLine(fileURLToPath(import.meta.url));
      throw new CommanderError(0, 'gyre.where', 'printed');
    })
    .helpOption(`-h, ${help.name}`, help.meaning)
    .helpCommand('help [command]', 'Show help for a command')
    .showSuggestionAfterError()
    .configureOutput({ writeOut: printText, writeErr: tellText })
    .exitOverride()
    .addHelpText(
      'after',
      '\nRUN is a path, a unique prefix of a folder under traces/runs, or "latest" (the default).\n' +
        '\nExample:\n  $ gyre run sweeps/quickstart.yaml\n',
    );
  for (const record of COMMANDS) addCommand(gyre, record);
  return gyre;
}

function addCommand(gyre: Command, record: CommandRecord): void {
  const command = gyre.command(record.name).description(record.summary).addHelpText('after', helpTail(record));
  for (const argument of record.arguments) command.argument(argumentTerm(argument), meaningText(argument));
  for (const option of record.options) command.option(optionTerm(option), meaningText(option));
  command.action(async () => {
    const { threads, run } = await record.prepare({ texts: command.args, given: command.opts() });
    process.exitCode = needsRelaunch(threads ?? defaultThreads()) ? await relaunch() : await run();
  });
}

/** The exit code of an error that commander has already reported, or of the end of --version, --where and --help. */
function commanderExitCode({ code, exitCode }: CommanderError): number {
  return code.startsWith('commander.') && exitCode !== 0 ? 2 : exitCode;
}

surviveLostReaders();
endWithTerminal();
obeyLauncher();
stopWithNpx();
try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = error instanceof CommanderError ? commanderExitCode(error) : reportError(error);
}
