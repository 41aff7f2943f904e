/**
 * The command line as commander reads it, made from the records in src/commands/registry. It knows no command, and
 * loads none before it is called.
 */
import { Command, CommanderError } from 'commander';
import { printLine, printText, tellText } from './commands/output.ts';
import { COMMANDS, PROGRAM_OPTIONS } from './commands/registry/all-commands.ts';
import type { CommandLine, CommandRecord } from './commands/registry/command-record.ts';
import { argumentTerm, helpTail, meaningText, optionTerm } from './commands/registry/command-texts.ts';
import { GYRE_VERSION } from './run/package.ts';

/** Starts a command that is called. Commander has found no mistake so far; the record has not parsed the line yet. */
type Start = (record: CommandRecord, line: CommandLine) => Promise<void>;

/** The program, ready to parse. `mainPath` is what `--where` prints. */
export function gyreProgram({ mainPath, start }: { mainPath: string; start: Start }): Command {
  const { version, where, help } = PROGRAM_OPTIONS;
  const gyre = new Command('gyre')
    .description('A laboratory for the long-run numerical behaviour of adaptive-momentum optimisers on small networks.')
    .version(GYRE_VERSION, `-V, ${version.name}`, version.meaning)
    .option(where.name, where.meaning)
    .on('option:where', () => {
      printLine(mainPath);
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
  for (const record of COMMANDS) addCommand(gyre, record, start);
  return gyre;
}

function addCommand(gyre: Command, record: CommandRecord, start: Start): void {
  const command = gyre.command(record.name).description(record.summary).addHelpText('after', helpTail(record));
  for (const argument of record.arguments) command.argument(argumentTerm(argument), meaningText(argument));
  for (const option of record.options) command.option(optionTerm(option), meaningText(option));
  command.action(async () => {
    await start(record, { texts: command.args, given: command.opts() });
  });
}

/**
 * The exit code of what commander threw; null where it threw something else. Commander has reported its errors by then.
 */
export function commanderExitCode(error: unknown): number | null {
  if (!(error instanceof CommanderError)) return null;
  return error.code.startsWith('commander.') && error.exitCode !== 0 ? 2 : error.exitCode;
}
