/**
 * `gyre completion`: a script that completes Gyre's command lines in a shell. It comes from the records of all
 * commands.
 */
import { bashScript } from './completion/bash.ts';
import { fishScript } from './completion/fish.ts';
import { zshScript } from './completion/zsh.ts';
import { printText } from './output.ts';
import { COMMANDS } from './registry/all-commands.ts';
import type { CommandRecord } from './registry/command-record.ts';
import type { Shell } from './registry/upkeep-commands.ts';

const SCRIPTS: Readonly<Record<Shell, (commands: readonly CommandRecord[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Prints the script of a shell. Returns the exit code. */
export function completionCommand(shell: Shell): number {
  printText(SCRIPTS[shell](COMMANDS));
  return 0;
}
