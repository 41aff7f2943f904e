/** Records of the commands that look after folders and the shell: check, unlock, completion. */
import { type CommandRecord, defineCommand } from './command-record.ts';
import { flag, requiredArgument } from './parameters.ts';
import { BAD_USAGE, DONE, FAILED, runArgument } from './usual-parts.ts';
import { word } from './value-kinds.ts';

/** Shells that have a completion script. */
const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const checkRecord: CommandRecord = defineCommand({
  name: 'check',
  summary: "Compare a run's files with its journal: names, lengths, checksums; train nothing",
  arguments: [runArgument],
  options: { json: flag('Write one line of JSON per problem, then one for the run') },
  examples: [{ line: 'gyre check latest', meaning: 'Check the latest run' }],
  exitCodes: [
    { codes: [0], meaning: 'The folder is whole' },
    { codes: [1], meaning: 'Something is missing or damaged' },
    BAD_USAGE,
  ],
  load: async () => (await import('../check.ts')).checkCommand,
});

export const unlockRecord: CommandRecord = defineCommand({
  name: 'unlock',
  summary: 'Remove the lease of a run whose process is gone; use it only if you know that it is',
  arguments: [runArgument],
  options: {
    force: flag('Remove it also from a process that is alive on this machine'),
    json: flag('Write one line of JSON'),
  },
  examples: [{ line: 'gyre unlock latest', meaning: 'Free the run for the next process' }],
  exitCodes: [DONE, FAILED, { codes: [2], meaning: 'The process is alive, or the command line has mistakes' }],
  load: async () => (await import('../unlock.ts')).unlockCommand,
});

export const completionRecord: CommandRecord = defineCommand({
  name: 'completion',
  summary: 'Print a script that completes commands, options and names of runs in your shell',
  arguments: [requiredArgument(word(SHELLS), { name: 'shell', meaning: 'Shell of the script' })],
  options: {},
  examples: [
    {
      line: 'eval "$(gyre completion bash)"',
      meaning: 'Complete in this bash; put the line into ~/.bashrc to keep it',
    },
    { line: 'eval "$(gyre completion zsh)"', meaning: 'Complete in this zsh, after compinit; or put it into ~/.zshrc' },
    { line: 'gyre completion fish > ~/.config/fish/completions/gyre.fish', meaning: 'Complete in every fish' },
  ],
  exitCodes: [DONE, FAILED, BAD_USAGE],
  load: async () => (await import('../completion.ts')).completionCommand,
});
